"""Whether the candidate has learned its training rows by heart."""

from __future__ import annotations

import math
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from mlopskit.records.report import CheckResult
from mlopskit.records.trial import Trial
from mlopskit.validation.bootstrap import group_codes, resample
from mlopskit.validation.checks.interval import Interval, IntervalCheck, too_few, undefined
from mlopskit.validation.checks.models import optional_metric
from mlopskit.validation.metrics import Metric, Pair, metric_named
from mlopskit.validation.predictions import contest
from mlopskit.validation.task import Task
from mlopskit.validation.trial_rows import count_rows, held_out, training


@attrs.frozen
class MaxOverfit(IntervalCheck):
    """The score on training rows is hardly better than on held-out rows, beyond what chance explains.

    Parameters
    ----------
    tolerance : float
        By how much it may be better, in units of the metric.
    metric : str, optional
        Default as for `BetterThanDummy`.
    confidence, resamples, seed
        Of the bootstrap interval of the difference; both sets of rows are drawn again, independently.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    ValueError
        If the metric is unknown or the tolerance negative.

    Notes
    -----
    It passes only if all of the interval is within the tolerance. `observed` of the result: verdict ("no overfit",
    "overfit", "uncertain", "not enough data"), metric, task, train, candidate (held out), gap, low, high, threshold, n.

    References
    ----------
    B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap, Chapman & Hall, 1993, section 8.3 (two samples).

    Examples
    --------
    >>> str(MaxOverfit(0.05, metric="roc_auc"))
    'roc_auc is at most 0.05 better on training rows'
    """

    tolerance: float = attrs.field(default=0.1, validator=[attrs.validators.ge(0), attrs.validators.lt(math.inf)])
    metric: str | None = attrs.field(default=None, validator=optional_metric)

    def __str__(self) -> str:
        return f"{self.metric or 'the score'} is at most {self.tolerance:g} better on training rows"

    def judge(self, trial: Trial) -> CheckResult:
        """Compare both scores."""
        rows, labels = held_out(trial)
        seen, _ = training(trial.train)
        task = Task.of(trial.model, labels)
        metric, models = metric_named(self.metric or task.metric), contest(trial)
        known, count = count_rows(seen), count_rows(rows)
        before = metric.pair(models.training), np.arange(known)
        after = metric.pair(models.candidate), group_codes(trial.groups, count)[0]
        train, test = (metric.score(*pair) for pair, _ in (before, after))
        observed: dict[str, Any] = {
            "verdict": "not enough data", "metric": metric.name, "task": str(task), "train": train, "candidate": test,
            "gap": metric.gain(train, test), "low": None, "high": None, "threshold": self.tolerance, "n": count,
        }  # fmt: skip
        interval = self._of_gap(metric, before, after)
        if interval.problem:
            message = f"not enough data: {interval.problem}; {known} training and {count} held-out rows are given"
            return self.result("failed", message, rows=count, observed=observed)
        low, high = interval.ends()
        verdict = "no overfit" if high <= self.tolerance else "overfit" if low > self.tolerance else "uncertain"
        message = (
            f"{'uncertain: ' if verdict == 'uncertain' else ''}{metric.name} is {train:.4g} on training rows, "
            f"{test:.4g} on held-out ones; gap {observed['gap']:.3g} "
            f"({100 * self.confidence:g} % interval {low:.3g} to {high:.3g})"
        )
        observed |= {"verdict": verdict, "low": low, "high": high}
        return self.result("passed" if verdict == "no overfit" else "failed", message, rows=count, observed=observed)

    def _of_gap(self, metric: Metric, *sides: tuple[Pair, NDArray[np.intp]]) -> Interval:
        """Return the interval of the gap between training and held-out rows, each drawn by itself."""
        counted = min(metric.counted_groups(pair[0], codes) for pair, codes in sides)
        scores = [metric.score(*pair) for pair, _ in sides]
        fewest = min(len(codes) for _, codes in sides)
        if problem := undefined(metric, *scores) or too_few(fewest, counted):
            return Interval(problem=problem)
        seen, unseen = (
            resample(metric.scorer(*pair, codes, codes.max() + 1), codes.max() + 1, resamples=self.resamples, seed=seed)
            for seed, (pair, codes) in enumerate(sides, self.seed)
        )
        return self.interval_of(seen - unseen if metric.higher_is_better else unseen - seen, metric, counted)
