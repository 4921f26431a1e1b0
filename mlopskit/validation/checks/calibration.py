"""Whether probabilities mean what they say: of the flights called 30 % likely to be late, 30 % are."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from mlopskit.errors import ValidationError
from mlopskit.records.report import CheckResult
from mlopskit.records.trial import Trial
from mlopskit.validation.bootstrap import Array
from mlopskit.validation.checks.models import ScoreCheck
from mlopskit.validation.predictions import contest
from mlopskit.validation.trial_rows import has_rows

_SIMULATIONS = 200
_SEED = 0


@attrs.frozen
class Calibrated(ScoreCheck):
    """The probabilities of a classifier are right on the whole.

    The rows are sorted by probability into bins of equal size. The *expected calibration error* is the mean distance,
    over bins, between the mean probability and the share of the positive class; of more than two classes, between the
    probability of the class that is predicted and how often it is right. Chance alone makes it more than zero: where
    even labels drawn from the probabilities themselves would often exceed the tolerance, it fails for lack of data.

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
    `observed` of the result: verdict ("calibrated", "miscalibrated", "not enough data"), error, expected (the 95th
    percentile of the error that chance alone would make), direction ("too high", "too low", "overconfident",
    "underconfident"; see `direction_of`), threshold, bins, n.

    References
    ----------
    M. P. Naeini, G. F. Cooper and M. Hauskrecht, Obtaining well calibrated probabilities using Bayesian binning, AAAI
    2015 (the error); C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, On calibration of modern neural networks, ICML
    2017 (of many classes); J. Broecker and L. A. Smith, Increasing the reliability of reliability diagrams, Weather and
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
            raise ValidationError("there are no held-out rows to compare probabilities with; pass X and y")
        candidate = contest(trial).candidate
        several = len(candidate.classes) > 2
        truth, probability = candidate.confidence() if several else candidate.positive_probability()
        rows = len(truth)
        observed: dict[str, Any] = {
            "verdict": "not enough data", "error": None, "expected": None, "direction": None,
            "threshold": self.tolerance, "bins": self.bins, "n": rows,
        }  # fmt: skip
        if rows < 10 * self.bins:
            return self.result("failed", f"not enough data: {rows} rows for {self.bins} bins", observed=observed)
        order = np.random.default_rng(_SEED).permutation(rows)  # so that ties fall into bins by chance, not by place
        order = order[np.argsort(probability[order], kind="stable")]
        truth, probability = truth[order], probability[order]
        found, chance = calibration_error(truth, probability, self.bins), expected_error(probability, self.bins)
        direction = direction_of(truth, probability, self.bins)
        message = f"off by {found:.3g}, by chance at most {chance:.3g}; {direction}"
        verdict = "calibrated" if found <= self.tolerance else "miscalibrated"
        if self.tolerance < min(found, chance):
            verdict, message = "not enough data", f"not enough data: {message}, of {rows} rows"
        observed |= {"verdict": verdict, "error": found, "expected": chance, "direction": direction}
        return self.result("passed" if verdict == "calibrated" else "failed", message, rows=rows, observed=observed)


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


def direction_of(truth: Array, probability: Array, bins: int) -> str:
    """Tell in which way the probabilities of sorted rows are wrong, as far as they are.

    *Too high* or *too low* if most of the error has one sign; else *overconfident* if they lie too far from the share
    of the positive class on the whole, *underconfident* if too near.

    Examples
    --------
    >>> direction_of(np.array([0, 1, 0, 1]), np.array([0.01, 0.02, 0.98, 0.99]), bins=2)
    'overconfident'
    """
    pieces = zip(np.array_split(truth.astype(float), bins), np.array_split(probability, bins), strict=True)
    excess = np.array([(said.sum() - some.sum()) / len(truth) for some, said in pieces])
    if abs(excess.sum()) > np.abs(excess).sum() / 2:
        return "too high" if excess.sum() > 0 else "too low"
    above = np.array([said.mean() > truth.mean() for said in np.array_split(probability, bins)])
    return "overconfident" if excess[above].sum() - excess[~above].sum() > 0 else "underconfident"
