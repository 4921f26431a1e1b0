"""Whether the candidate still works when its input is as noisy or as incomplete as it will be one day."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import attrs
import numpy as np
import pandas as pd

from mlopskit.errors import ValidationError
from mlopskit.records.report import CheckResult
from mlopskit.records.trial import Trial
from mlopskit.validation.bootstrap import Array, group_codes
from mlopskit.validation.checks.interval import IntervalCheck
from mlopskit.validation.checks.models import optional_metric
from mlopskit.validation.metrics import metric_named
from mlopskit.validation.predictions import Predictions, contest
from mlopskit.validation.task import Task
from mlopskit.validation.trial_rows import held_out, is_real, kind_of

_STREAM = 20170


@attrs.frozen
class RobustTo(IntervalCheck):
    """The score falls only a little when the held-out rows are spoiled a little.

    Parameters
    ----------
    trouble : {"noise", "missing"}
        *noise*: to each number is added a normal one of `amount` times its column's standard deviation; whole numbers
        stay whole. *missing*: that share of the values of each column, other than booleans, is removed.
    amount : float
        How much of it.
    max_loss : float
        By how much the score may fall, in units of the metric.
    metric : str, optional
        Default as for `BetterThanDummy`.
    confidence, resamples, seed
        Of the bootstrap interval of the loss, in which the score before and after are measured on the same draws. The
        seed also draws what is spoiled.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Notes
    -----
    It passes only if all of the interval is within `max_loss`. A model that raises on the spoiled rows is not robust to
    them, and fails. `observed` of the result: verdict ("robust", "not robust", "raises", "uncertain", "not enough
    data"), metric, task, before, after, loss, low, high, threshold, n.

    Examples
    --------
    >>> str(RobustTo("missing", 0.1, metric="roc_auc"))
    'roc_auc falls by at most 0.05 with 0.1 missing'
    """

    trouble: Literal["noise", "missing"] = attrs.field(validator=attrs.validators.in_(("noise", "missing")))
    amount: float = attrs.field(default=0.1, validator=[attrs.validators.gt(0), attrs.validators.lt(math.inf)])
    max_loss: float = attrs.field(default=0.05, validator=[attrs.validators.ge(0), attrs.validators.lt(math.inf)])
    metric: str | None = attrs.field(default=None, validator=optional_metric)

    @amount.validator
    def _is_a_share(self, _field: Any, amount: float) -> None:
        if self.trouble == "missing" and amount > 1:
            raise ValueError(f"RobustTo: {amount} is no share of values to remove; give at most 1")

    def __str__(self) -> str:
        return f"{self.metric or 'the score'} falls by at most {self.max_loss:g} with {self.amount:g} {self.trouble}"

    def judge(self, trial: Trial) -> CheckResult:
        """Measure before and after."""
        rows, labels = held_out(trial)
        task = Task.of(trial.model, labels)
        metric, candidate = metric_named(self.metric or task.metric), contest(trial).candidate
        pair = metric.pair(candidate)  # before anything is spoiled: a model that raises here is an error
        # Rows made up with the same seed would get themselves as noise; the second number keeps the streams apart.
        random = np.random.default_rng([self.seed, _STREAM])
        if not isinstance(rows, pd.DataFrame):
            raise ValidationError(f"the held-out rows are {kind_of(rows)}; only a pandas DataFrame is spoiled")
        spoiled = _SPOIL[self.trouble](rows, self.amount, random)
        observed: dict[str, Any] = {
            "verdict": "raises", "metric": metric.name, "task": str(task), "before": metric.score(*pair), "after": None,
            "loss": None, "low": None, "high": None, "threshold": self.max_loss, "n": len(rows),
        }  # fmt: skip
        after = Predictions("candidate", trial.model, spoiled, labels, which="spoiled")
        if problem := after.problem(metric.pair):
            return self.result("failed", problem, rows=len(rows), observed=observed)
        count = len(rows)
        codes, groups = group_codes(trial.groups, count)
        good, bad = (metric.scorer(*each, codes, groups) for each in (pair, metric.pair(after)))
        interval = self.interval(lambda counts: metric.gain(good(counts), bad(counts)), metric, pair[0], codes)
        low, high = interval.ends()
        verdict = (
            "not enough data" if interval.problem
            else "robust" if high <= self.max_loss else "not robust" if low > self.max_loss else "uncertain"
        )  # fmt: skip
        before, now = good(np.ones(groups)), bad(np.ones(groups))
        observed |= {"verdict": verdict, "after": now, "loss": metric.gain(before, now)}
        observed |= {"low": interval.low, "high": interval.high}
        words = f"{metric.name} goes from {before:.4g} to {now:.4g} (loss {self.within(interval)})"
        message = words if verdict in ("robust", "not robust") else f"{verdict}: {interval.problem or words}"
        return self.result("passed" if verdict == "robust" else "failed", message, rows=len(rows), observed=observed)


def _with_noise(frame: pd.DataFrame, amount: float, random: np.random.Generator) -> pd.DataFrame:
    spoiled = frame.copy()
    for place in range(frame.shape[1]):
        column = frame.iloc[:, place]
        if is_real(column):
            values = column.to_numpy(dtype=float, na_value=np.nan)
            finite = values[np.isfinite(values)]
            spread = float(finite.std()) if len(finite) else 0.0
            noisy = values + random.normal(size=len(values)) * amount * spread
            spoiled.isetitem(place, _as_stored(noisy, column))
    return spoiled


def _as_stored(noisy: Array, column: pd.Series) -> Any:
    """Give numbers the dtype of a column; whole ones are rounded, and stay within what it can hold."""
    dtype: Any = column.dtype
    if pd.api.types.is_integer_dtype(dtype):
        limits = np.iinfo(np.asarray(column.dropna()).dtype)
        noisy = np.rint(np.clip(noisy, *(np.nextafter(float(end), 0) for end in (limits.min, limits.max))))
    return pd.Series(noisy).mask(column.isna().to_numpy()).astype(dtype).array


def _with_missing(frame: pd.DataFrame, amount: float, random: np.random.Generator) -> pd.DataFrame:
    spoiled = frame.copy()
    for place in range(frame.shape[1]):
        column = frame.iloc[:, place]
        if not pd.api.types.is_bool_dtype(column):
            spoiled.isetitem(place, column.mask(random.random(len(frame)) < amount).array)
    return spoiled


_SPOIL: dict[str, Callable[[pd.DataFrame, float, np.random.Generator], pd.DataFrame]] = {
    "noise": _with_noise,
    "missing": _with_missing,
}
