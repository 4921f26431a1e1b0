"""Whether a model is good enough."""

from __future__ import annotations

import math
from typing import Any

import attrs

from mlopskit.records.report import CheckResult, Status
from mlopskit.records.trial import Trial
from mlopskit.validation.bootstrap import group_codes
from mlopskit.validation.checks.interval import Interval, IntervalCheck
from mlopskit.validation.checks.models import finite_number, known_metric, recorded
from mlopskit.validation.intervals import wilson_interval
from mlopskit.validation.metrics import Metric, metric_named
from mlopskit.validation.predictions import contest
from mlopskit.validation.trial_rows import count_rows, has_rows


@attrs.frozen
class MinScore(IntervalCheck):
    """The model is good enough on rows it has not seen, beyond what chance explains.

    It passes only if all of the score's interval is good enough; an interval on both sides of the minimum is
    "uncertain", which does not pass. Recorded scores have no interval and are compared as they are.

    Parameters
    ----------
    metric : str
        One of accuracy, brier, f1, log_loss, mean_absolute_error, mean_squared_error, r2, rmse and roc_auc.
        Measured on ``trial.X`` and ``trial.y``; without them looked up in ``trial.scores``.
    minimum : float
        The worst score that still passes. Where lower is better, a score above it fails.
    confidence, resamples, seed
        Of the bootstrap interval; see `BetterThanChampion`.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    ValueError
        If the metric is unknown or a number out of its range.

    Notes
    -----
    The interval is a percentile bootstrap that draws whole groups of rows; of accuracy without groups it is Wilson's,
    which holds for few rows and few mistakes. `observed` of the result: verdict ("good enough", "too low", "too high",
    "uncertain", "not enough data"), metric, candidate, low, high, threshold, direction, n.

    References
    ----------
    B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap, Chapman & Hall, 1993, section 13.3.

    Examples
    --------
    >>> check = MinScore("log_loss", 0.4)
    >>> str(check)
    'log_loss is at most 0.4'
    >>> check.check(Trial(model=None, scores={"log_loss": 0.3})).ok
    True
    """

    metric: str = attrs.field(validator=known_metric)
    minimum: float = attrs.field(validator=finite_number)

    def __str__(self) -> str:
        return (
            f"{self.metric} is at {'least' if metric_named(self.metric).higher_is_better else 'most'} {self.minimum:g}"
        )

    def judge(self, trial: Trial) -> CheckResult:
        """Compare the score with the minimum."""
        metric = metric_named(self.metric)
        if not has_rows(trial):
            score = recorded(trial.scores, self.metric, "candidate")
            return self._result(metric, score, Interval(score, score), f"{self.metric} is {score:.4g}, as recorded")
        truth, predicted = metric.pair(contest(trial).candidate)
        codes, groups = group_codes(trial.groups, count_rows(trial.X))
        score = metric.score(truth, predicted)
        if self.metric == "accuracy" and trial.groups is None and truth.ndim == 1:
            interval = Interval(*wilson_interval(int((truth == predicted).sum()), len(truth), self.confidence))
        else:
            interval = self.interval(metric.scorer(truth, predicted, codes, groups), metric, truth, codes)
            interval = interval.clipped(*metric.limits)
        found = f"{self.metric} is {score:.4g} ({self.within(interval)})"
        return self._result(metric, score, interval, found, rows=len(truth))

    def _result(
        self, metric: Metric, score: float, interval: Interval, found: str, rows: int | None = None
    ) -> CheckResult:
        verdict, status = self._verdict(metric, score, interval)
        observed: dict[str, Any] = {
            "verdict": verdict, "metric": self.metric, "candidate": score,
            "low": interval.low if rows else None, "high": interval.high if rows else None,
            "threshold": self.minimum, "direction": metric.direction, "n": rows,
        }  # fmt: skip
        if verdict == "not enough data":
            found = interval.problem or f"{self.metric} is undefined on these rows"
        message = f"{verdict}: {found}" if verdict in ("uncertain", "not enough data") else found
        return self.result(status, message, rows=rows or 0, observed=observed)

    def _verdict(self, metric: Metric, score: float, interval: Interval) -> tuple[str, Status]:
        low, high = interval.ends()
        if math.isnan(score) or math.isnan(low):
            return "not enough data", "failed"
        worst, best = (low, high) if metric.higher_is_better else (high, low)
        if metric.gain(worst, self.minimum) >= 0:
            return "good enough", "passed"
        if metric.gain(best, self.minimum) < 0:
            return ("too low" if metric.higher_is_better else "too high"), "failed"
        return "uncertain", "failed"
