"""Whether a model answers in time."""

from __future__ import annotations

import time
from typing import Any

import attrs
import numpy as np

from mlopskit.errors import ValidationError
from mlopskit.records.report import CheckResult
from mlopskit.records.trial import Trial
from mlopskit.validation.asking import ask, copied
from mlopskit.validation.checks.models import ScoreCheck
from mlopskit.validation.trial_rows import asked_rows, count_rows, taken

_WARMING = 5


@attrs.frozen
class MaxLatency(ScoreCheck):
    """The model answers in time, on the machine where this is asked.

    ``predict`` is called again and again with held-out rows; nineteen of twenty calls must be quick enough.

    Parameters
    ----------
    milliseconds : float
        How long a call may take.
    rows : int
        How many rows are asked for at once.
    calls : int
        How many calls are timed, after five that are not.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    ValueError
        If a number is not positive, or fewer than 20 calls are to be timed.

    Notes
    -----
    `observed` of the result: verdict ("in time", "too slow"), median and p95 in milliseconds, threshold, n (calls) and
    rows.

    Examples
    --------
    >>> str(MaxLatency(20, rows=100))
    'predict answers 100 rows within 20 ms'
    """

    milliseconds: float = attrs.field(validator=attrs.validators.gt(0))
    rows: int = attrs.field(default=1, validator=attrs.validators.ge(1))
    calls: int = attrs.field(default=100, validator=attrs.validators.ge(20))

    def __str__(self) -> str:
        return f"predict answers {self.rows} row{'s' * (self.rows > 1)} within {self.milliseconds:g} ms"

    def judge(self, trial: Trial) -> CheckResult:
        """Time the calls."""
        rows = asked_rows(trial)
        if (count := count_rows(rows)) < self.rows:
            raise ValidationError(f"X has {count} rows and {self.rows} are to be asked for at once; pass more")
        some = taken(rows, np.arange(self.rows))
        ask(trial.model, "predict", some)  # what can not answer says why
        times = [_milliseconds(trial.model, copied(some)) for _ in range(self.calls + _WARMING)]
        median, p95 = (float(value) for value in np.quantile(times[_WARMING:], [0.5, 0.95]))
        quick = p95 <= self.milliseconds
        observed = {
            "verdict": "in time" if quick else "too slow", "median": median, "p95": p95,
            "threshold": self.milliseconds, "n": self.calls, "rows": self.rows,
        }  # fmt: skip
        message = f"19 of 20 calls take at most {p95:.3g} ms"
        return self.result("passed" if quick else "failed", message, observed=observed)


def _milliseconds(model: Any, rows: Any) -> float:
    start = time.perf_counter()
    model.predict(rows)
    return (time.perf_counter() - start) * 1e3
