"""Whether the candidate is better than the champion, beyond chance."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from mlopskit.records.report import CheckResult
from mlopskit.records.trial import Trial
from mlopskit.validation.bootstrap import group_codes
from mlopskit.validation.checks.interval import IntervalCheck
from mlopskit.validation.checks.models import finite_number, known_metric, recorded
from mlopskit.validation.metrics import Metric, metric_named
from mlopskit.validation.predictions import Predictions, contest
from mlopskit.validation.trial_rows import count_rows, has_rows


@attrs.frozen
class GainCheck(IntervalCheck):
    """A check that the candidate is better than another model on the same rows, by more than `min_gain`."""

    def compare(self, metric: Metric, min_gain: float, other: tuple[str, Predictions], trial: Trial) -> CheckResult:
        """Measure both models on each draw of groups; `other` has a name."""
        name, model = other
        count = count_rows(trial.X)
        codes, groups = group_codes(trial.groups, count)
        pair = metric.pair(contest(trial).candidate)
        first, second = (metric.scorer(*each, codes, groups) for each in (pair, metric.pair(model)))
        interval = self.interval(lambda counts: metric.gain(first(counts), second(counts)), metric, pair[0], codes)
        whole = np.ones(groups)
        observed = self.gained(metric, min_gain, first(whole), (name, second(whole)))
        observed |= {"low": interval.low, "high": interval.high, "n": count, "groups": groups}
        if interval.problem:
            observed["verdict"] = "not enough data"
            message = f"not enough data: {interval.problem}"
            return self.result("failed", message, rows=count, observed=observed)
        low, high = interval.ends()
        passed = low > min_gain
        observed["verdict"] = "better" if passed else "worse" if high < min_gain else "uncertain"
        message = (
            f"{'' if passed else 'no evidence of gain: '}{metric.name} is {observed['candidate']:.4g}, that of the "
            f"{name} {observed[name]:.4g}; gain {observed['gain']:.3g} ({self.within(interval)})"
        )
        return self.result("passed" if passed else "failed", message, rows=count, observed=observed)

    def gained(self, metric: Metric, min_gain: float, score: float, other: tuple[str, float]) -> dict[str, Any]:
        """Return what is observed without an interval."""
        gain = metric.gain(score, other[1])
        return {
            "verdict": "better" if gain > min_gain else "no better", "metric": metric.name, "candidate": score,
            other[0]: other[1], "gain": gain, "low": None, "high": None, "n": None, "groups": None,
            "threshold": min_gain, "direction": metric.direction,
        }  # fmt: skip


@attrs.frozen
class BetterThanChampion(GainCheck):
    """Whether the candidate is better than the champion, beyond what chance explains.

    Both are measured on the same held-out rows. The gain gets a percentile interval from a paired bootstrap that draws
    whole groups; the check passes only if all of that interval lies above `min_gain`, so an equally good model does not
    pass. Without a champion it is skipped. Without rows the recorded scores are compared, and there is no interval.

    Parameters
    ----------
    metric : str
        One of accuracy, brier, f1, log_loss, mean_absolute_error, mean_squared_error, r2, rmse and roc_auc. Where
        lower is better, a gain is a lower score.
    min_gain : float
        In units of the metric. A negative one asks only that the candidate is not worse by more.
    confidence : float
        The part of the bootstrap distribution within the interval.
    resamples : int
        How often groups are drawn.
    seed : int
        The same seed gives the same interval.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    ValueError
        If the metric is unknown or a number out of its range.

    Notes
    -----
    `observed` of the result: verdict ("better", "worse", "uncertain", "not enough data"; without an interval "better"
    or "no better"), metric, candidate, champion, gain, low, high, n (rows), groups (rows, if none were given),
    threshold, direction. With fewer than 20 rows or 10 groups (of roc_auc with rows of the rarer class, of f1 with
    rows of the positive one), or if the metric is undefined in more than a tenth of the draws, the check fails for lack
    of data.

    References
    ----------
    B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap, Chapman & Hall, 1993, section 13.3.

    Examples
    --------
    >>> check = BetterThanChampion("roc_auc")
    >>> check.check(Trial(model=None, scores={"roc_auc": 0.73}, champion_scores={"roc_auc": 0.71})).message
    'roc_auc is 0.73, that of the champion 0.71; both as recorded, so there is no interval'
    >>> check.check(Trial(model=None, scores={"roc_auc": 0.73})).status
    'skipped'
    """

    metric: str = attrs.field(validator=known_metric)
    min_gain: float = attrs.field(default=0.0, validator=finite_number)

    def __str__(self) -> str:
        return f"{self.metric} is better than the champion's" + (f" by {self.min_gain:g}" if self.min_gain else "")

    def judge(self, trial: Trial) -> CheckResult:
        """Measure both models, or look their scores up."""
        if trial.champion is None and not trial.champion_scores:
            return self.result("skipped", "no champion yet")
        metric = metric_named(self.metric)
        if not has_rows(trial) or (champion := contest(trial).champion) is None:
            return self._from_records(metric, trial)
        return self.compare(metric, self.min_gain, ("champion", champion), trial)

    def _from_records(self, metric: Metric, trial: Trial) -> CheckResult:
        candidate = recorded(trial.scores, self.metric, "candidate")
        champion = recorded(trial.champion_scores, self.metric, "champion")
        observed = self.gained(metric, self.min_gain, candidate, ("champion", champion))
        better = observed["verdict"] == "better"
        message = (
            f"{'' if better else 'no evidence of gain: '}{self.metric} is {candidate:.4g}, that of the champion "
            f"{champion:.4g}; both as recorded, so there is no interval"
        )
        return self.result("passed" if better else "failed", message, observed=observed)
