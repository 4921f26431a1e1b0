"""Whether the candidate is better than the champion, beyond chance."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlopskit.errors import ValidationError
from mlopskit.records.report import CheckResult
from mlopskit.records.trial import Trial
from mlopskit.validation.bootstrap import Score, percentile_interval, resample_differences
from mlopskit.validation.checks.models import ScoreCheck, finite_number, has_rows, known_metric, recorded
from mlopskit.validation.metrics import Metric, metric_named
from mlopskit.validation.predictions import contest

_FEWEST_GROUPS = 10
_LEAST_DEFINED = 0.9


@attrs.frozen
class BetterThanChampion(ScoreCheck):
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
    `observed` of the result: metric, candidate, champion, gain, low, high, n (rows), groups (rows, if none were given),
    threshold, direction. With fewer than 10 groups, or if the metric is undefined in more than a tenth of the draws,
    the check fails for lack of data.

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
    confidence: float = attrs.field(default=0.95, validator=[attrs.validators.gt(0), attrs.validators.lt(1)])
    resamples: int = attrs.field(default=1000, validator=[attrs.validators.instance_of(int), attrs.validators.ge(100)])
    seed: int = attrs.field(default=0, validator=[attrs.validators.instance_of(int), attrs.validators.ge(0)])

    def __str__(self) -> str:
        return f"{self.metric} is better than the champion's" + (f" by {self.min_gain:g}" if self.min_gain else "")

    def judge(self, trial: Trial) -> CheckResult:
        """Measure both models, or look their scores up."""
        if trial.champion is None and not trial.champion_scores:
            return self.result("skipped", "no champion yet")
        metric = metric_named(self.metric)
        if not has_rows(trial) or (champion := contest(trial).champion) is None:
            return self._from_records(metric, trial)
        codes, groups = _group_codes(trial.groups, len(trial.X))
        scores = [metric.scorer(*metric.pair(model), codes, groups) for model in (contest(trial).candidate, champion)]
        return self._from_rows(metric, *scores, rows=len(trial.X), groups=groups)

    def _from_records(self, metric: Metric, trial: Trial) -> CheckResult:
        candidate = recorded(trial.scores, self.metric, "candidate")
        champion = recorded(trial.champion_scores, self.metric, "champion")
        observed = self._observed(metric, candidate, champion)
        better = observed["gain"] > self.min_gain
        message = (
            f"{'' if better else 'no evidence of gain: '}{self.metric} is {candidate:.4g}, that of the champion "
            f"{champion:.4g}; both as recorded, so there is no interval"
        )
        return self.result("passed" if better else "failed", message, observed=observed)

    def _from_rows(self, metric: Metric, candidate: Score, champion: Score, *, rows: int, groups: int) -> CheckResult:
        once = np.ones(groups)
        observed = self._observed(metric, candidate(once), champion(once)) | {"n": rows, "groups": groups}
        if groups < _FEWEST_GROUPS:
            message = f"not enough data: {groups} groups of rows, at least {_FEWEST_GROUPS} are needed"
            return self.result("failed", message, rows=rows, observed=observed)
        better, worse = (candidate, champion) if metric.higher_is_better else (champion, candidate)
        gains = resample_differences(better, worse, groups, resamples=self.resamples, seed=self.seed)
        defined = gains[np.isfinite(gains)]
        if not np.isfinite(observed["gain"]) or len(defined) < _LEAST_DEFINED * len(gains):
            message = (
                f"not enough data: {self.metric} is undefined in {len(gains) - len(defined)} of {len(gains)} draws"
            )
            return self.result("failed", message, rows=rows, observed=observed)
        low, high = percentile_interval(defined, self.confidence)
        passed = low > self.min_gain
        message = (
            f"{'' if passed else 'no evidence of gain: '}{self.metric} is {observed['candidate']:.4g}, that of the "
            f"champion {observed['champion']:.4g}; gain {observed['gain']:.3g} "
            f"({100 * self.confidence:g} % interval {low:.3g} to {high:.3g})"
        )
        return self.result(
            "passed" if passed else "failed", message, rows=rows, observed=observed | {"low": low, "high": high}
        )

    def _observed(self, metric: Metric, candidate: float, champion: float) -> dict[str, Any]:
        return {
            "metric": self.metric, "candidate": candidate, "champion": champion,
            "gain": metric.gain(candidate, champion), "low": None, "high": None, "n": None, "groups": None,
            "threshold": self.min_gain, "direction": metric.direction,
        }  # fmt: skip


def _group_codes(groups: Any, rows: int) -> tuple[NDArray[np.intp], int]:
    """Number the groups from 0; without any, each row is one."""
    if groups is None:
        return np.arange(rows), rows
    if len(groups) != rows:
        raise ValidationError(f"there are {len(groups)} group labels for {rows} rows")
    codes, labels = pd.factorize(pd.Series(groups))
    if (codes < 0).any():
        raise ValidationError(f"groups has {int((codes < 0).sum())} missing labels of {rows}")
    return codes, len(labels)
