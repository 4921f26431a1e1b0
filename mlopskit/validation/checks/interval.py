"""Checks of a number that is known only up to chance: its interval comes from drawing groups of rows again."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from mlopskit.validation.bootstrap import Array, Score, percentile_interval, resample
from mlopskit.validation.checks.models import ScoreCheck
from mlopskit.validation.metrics import Metric

FEWEST_GROUPS = 10
"""Of fewer, a bootstrap interval is too narrow to be believed."""
_FEWEST_ROWS = 20
_LEAST_DEFINED = 0.9
_ROUNDING = 1e-12


def undefined(metric: Metric, *scores: float) -> str:
    """Tell that a score is undefined; empty if it is not."""
    known = np.isfinite(scores).all()
    return "" if known else f"{metric.name} is undefined on these rows, as where all labels are the same"


def too_few(rows: int, groups: int) -> str:
    """Tell that there are too few rows, or groups of rows, for an interval; empty if there are enough."""
    if rows < _FEWEST_ROWS:
        return f"{rows} rows, and at least {_FEWEST_ROWS} are needed"
    if groups >= FEWEST_GROUPS:
        return ""
    return f"{groups} rows or groups of rows that the score hangs on, and at least {FEWEST_GROUPS} are needed"


@attrs.frozen
class Interval:
    """Where a number lies, up to chance; or why that can not be said.

    Attributes
    ----------
    low, high : float or None
    problem : str
        Why there is no interval; empty if there is one.
    """

    low: float | None = None
    high: float | None = None
    problem: str = ""

    def ends(self) -> tuple[float, float]:
        """Return both ends; NaN if there is no interval."""
        return (np.nan, np.nan) if self.low is None or self.high is None else (self.low, self.high)

    def clipped(self, least: float, most: float) -> Interval:
        """Leave out what no score can be."""
        if self.low is None or self.high is None:
            return self
        return Interval(max(self.low, least), min(self.high, most))


@attrs.frozen
class IntervalCheck(ScoreCheck):
    """A check of a number with an interval.

    Parameters
    ----------
    confidence : float
        The part of the bootstrap distribution within the interval.
    resamples : int
        How often groups of rows are drawn.
    seed : int
        The same seed gives the same interval.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.
    """

    confidence: float = attrs.field(
        default=0.95, kw_only=True, validator=[attrs.validators.gt(0), attrs.validators.lt(1)]
    )
    resamples: int = attrs.field(
        default=1000, kw_only=True, validator=[attrs.validators.instance_of(int), attrs.validators.ge(100)]
    )
    seed: int = attrs.field(
        default=0, kw_only=True, validator=[attrs.validators.instance_of(int), attrs.validators.ge(0)]
    )

    def interval(self, statistic: Score, metric: Metric, truth: Array, codes: NDArray[np.intp]) -> Interval:
        """Return the percentile interval of a statistic of the groups' weights, in units of a metric.

        There is none of fewer than 20 rows or 10 groups, or if the statistic is undefined in more than a tenth of the
        draws. `truth` and `codes` are the label and the group of each row.
        """
        groups, counted = int(codes.max()) + 1, metric.counted_groups(truth, codes)
        whole = statistic(np.ones(groups))
        if problem := undefined(metric, whole) or too_few(len(truth), counted):
            return Interval(problem=problem)
        draws = resample(statistic, groups, resamples=self.resamples, seed=self.seed)
        return self.interval_of(draws, metric, counted)

    def interval_of(self, draws: Array, metric: Metric, groups: int) -> Interval:
        """Return the percentile interval of draws of groups.

        Where no draw differs, as of a model that is always right, groups that do differ were perhaps only not met:
        up to such a share of all groups that none would be met with a probability of half of what confidence leaves.
        By so much a score of at most 1 may be off.
        """
        defined = draws[np.isfinite(draws)]
        if len(defined) < _LEAST_DEFINED * len(draws):
            missing = len(draws) - len(defined)
            return Interval(problem=f"{metric.name} is undefined in {missing} of {len(draws)} draws of the rows")
        low, high = percentile_interval(defined, self.confidence, groups)
        if metric.limits[1] == 1 and high - low < _ROUNDING:
            unmet = 1 - ((1 - self.confidence) / 2) ** (1 / groups)
            low, high = low - unmet, high + unmet
        return Interval(low, high)

    def within(self, interval: Interval) -> str:
        """Put an interval into words."""
        low, high = interval.ends()
        return f"{100 * self.confidence:g} % interval {low:.3g} to {high:.3g}"
