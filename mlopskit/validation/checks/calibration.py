"""Whether probabilities mean what they say: of the flights called 30 % likely to be late, 30 % are."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from mlopskit.errors import ValidationError
from mlopskit.records.report import CheckResult
from mlopskit.records.trial import Trial
from mlopskit.validation.bootstrap import Array
from mlopskit.validation.checks.models import ScoreCheck, has_rows
from mlopskit.validation.predictions import contest

_SIMULATIONS = 200
_SEED = 0


@attrs.frozen
class Calibrated(ScoreCheck):
    """The probabilities of a classifier of two classes are right on the whole.

    The rows are sorted by probability into bins of equal size. The *expected calibration error* is the mean distance,
    over bins, between the mean probability and the share of the positive class. Chance alone makes it more than zero:
    where even labels drawn from the probabilities themselves would often exceed the tolerance, it fails for lack of
    data.

    Parameters
    ----------
    tolerance : float
        The largest error that passes, in units of probability.
    bins : int
        How many bins; with fewer rows than ten times that there is not enough data.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    ValueError
        If the tolerance is not between 0 and 1, or there is no bin.

    Notes
    -----
    `observed` of the result: error, expected (the 95th percentile of the error that chance alone would make),
    threshold, bins, n.

    References
    ----------
    M. P. Naeini, G. F. Cooper and M. Hauskrecht, Obtaining well calibrated probabilities using Bayesian binning, AAAI
    2015 (the error); J. Broecker and L. A. Smith, Increasing the reliability of reliability diagrams, Weather and
    Forecasting 22, 2007 (what chance makes of it).

    Examples
    --------
    >>> str(Calibrated(0.05))
    'probabilities are off by at most 0.05'
    """

    tolerance: float = attrs.field(default=0.05, validator=[attrs.validators.gt(0), attrs.validators.lt(1)])
    bins: int = attrs.field(default=10, validator=attrs.validators.ge(1))

    def __str__(self) -> str:
        return f"probabilities are off by at most {self.tolerance:g}"

    def judge(self, trial: Trial) -> CheckResult:
        """Compare probabilities with labels, bin by bin."""
        if not has_rows(trial):
            raise ValidationError("there are no held-out rows to compare probabilities with")
        truth, probability = contest(trial).candidate.positive_probability()
        rows = len(truth)
        observed: dict[str, Any] = {"error": None, "expected": None, "threshold": self.tolerance, "bins": self.bins}
        observed["n"] = rows
        if rows < 10 * self.bins:
            return self.result("failed", f"not enough data: {rows} rows for {self.bins} bins", observed=observed)
        order = np.argsort(probability, kind="stable")
        found = calibration_error(truth[order], probability[order], self.bins)
        chance = expected_error(probability[order], self.bins)
        observed |= {"error": found, "expected": chance}
        message = f"off by {found:.3g}, by chance at most {chance:.3g}"
        if self.tolerance < min(found, chance):
            message = f"not enough data: {message} of {rows} rows"
        return self.result("passed" if found <= self.tolerance else "failed", message, rows=rows, observed=observed)


def calibration_error(truth: Array, probability: Array, bins: int) -> float:
    """Return the expected calibration error of rows that are sorted by probability.

    Examples
    --------
    >>> calibration_error(np.array([0, 1]), np.array([0.25, 0.75]), bins=2)
    0.25
    """
    pieces = zip(np.array_split(truth.astype(float), bins), np.array_split(probability, bins), strict=True)
    return float(sum(abs(some.sum() - said.sum()) for some, said in pieces) / len(truth))


def expected_error(probability: Array, bins: int) -> float:
    """Return the 95th percentile of the error of rows whose labels are drawn from their own probabilities."""
    random = np.random.default_rng(_SEED)
    errors = [
        calibration_error(random.random(len(probability)) < probability, probability, bins) for _ in range(_SIMULATIONS)
    ]
    return float(np.quantile(errors, 0.95))
