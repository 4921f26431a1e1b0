"""Whether a model is small enough for where it is to go."""

from __future__ import annotations

import attrs
import cloudpickle

from mlopskit.errors import ValidationError
from mlopskit.records.report import CheckResult
from mlopskit.records.trial import Trial
from mlopskit.validation.checks.models import ScoreCheck

_MEGABYTE = 1_000_000


@attrs.frozen
class MaxSize(ScoreCheck):
    """The model, written down, is small enough.

    Parameters
    ----------
    megabytes : float
        How many bytes it may have when pickled, in millions.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    ValueError
        If it is not positive.

    Notes
    -----
    `observed` of the result: verdict ("small enough", "too large"), megabytes, threshold.

    Examples
    --------
    >>> MaxSize(1).check(Trial(model=b"some bytes")).status
    'passed'
    """

    megabytes: float = attrs.field(validator=attrs.validators.gt(0))

    def __str__(self) -> str:
        return f"the model has at most {self.megabytes:g} MB"

    def judge(self, trial: Trial) -> CheckResult:
        """Pickle it and count."""
        try:
            size = len(cloudpickle.dumps(trial.model)) / _MEGABYTE
        except Exception as error:
            raise ValidationError(f"the candidate can not be pickled: {type(error).__name__}") from error
        fits = size <= self.megabytes
        observed = {
            "verdict": "small enough" if fits else "too large", "megabytes": size, "threshold": self.megabytes
        }  # fmt: skip
        return self.result("passed" if fits else "failed", f"it has {size:.3g} MB", observed=observed)
