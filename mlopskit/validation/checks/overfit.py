"""Whether the candidate has learned its training rows by heart."""

from __future__ import annotations

import math
from typing import Any

import attrs
import numpy as np

from mlopskit.records.report import CheckResult
from mlopskit.records.trial import Trial
from mlopskit.validation.bootstrap import group_codes, resample
from mlopskit.validation.checks.interval import IntervalCheck, too_few
from mlopskit.validation.checks.models import optional_metric
from mlopskit.validation.metrics import metric_named
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
        codes, groups = group_codes(trial.groups, count)
        unseen_score = metric.scorer(*metric.pair(models.candidate), codes, groups)
        seen_score = metric.scorer(*metric.pair(models.training), np.arange(known), known)
        train, test = seen_score(np.ones(known)), unseen_score(np.ones(groups))
        observed: dict[str, Any] = {
            "verdict": "not enough data", "metric": metric.name, "task": str(task), "train": train, "candidate": test,
            "gap": metric.gain(train, test), "low": None, "high": None, "threshold": self.tolerance, "n": count,
        }  # fmt: skip
        drawn = [
            resample(score, pieces, resamples=self.resamples, seed=seed)
            for score, pieces, seed in ((seen_score, known, self.seed), (unseen_score, groups, self.seed + 1))
        ]
        gaps = drawn[0] - drawn[1] if metric.higher_is_better else drawn[1] - drawn[0]
        interval = self.interval_of(gaps, observed["gap"], metric, min(groups, known))
        if problem := too_few(min(count, known), min(groups, known)) or interval.problem:
            message = f"not enough data: {problem}; {known} training and {count} held-out rows are given"
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
