"""Checks of a number that is known only up to chance: its interval comes from drawing groups of rows again."""

from __future__ import annotations

import attrs
import numpy as np

from mlopskit.validation.bootstrap import Array, Score, percentile_interval, resample
from mlopskit.validation.checks.models import ScoreCheck

FEWEST_GROUPS = 10
"""Of fewer, a bootstrap interval is too narrow to be believed."""
_LEAST_DEFINED = 0.9


def few_groups(groups: int) -> str:
    """Tell that there are too few rows, or groups of rows, for an interval; empty if there are enough."""
    return "" if groups >= FEWEST_GROUPS else f"{groups} rows or groups of rows, at least {FEWEST_GROUPS} are needed"


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

    def interval(self, statistic: Score, groups: int, name: str) -> Interval:
        """Return the percentile interval of a statistic of the groups' weights.

        There is none with fewer than 10 groups, or if the statistic is undefined in more than a tenth of the draws.
        """
        if problem := few_groups(groups):
            return Interval(problem=problem)
        draws = resample(statistic, groups, resamples=self.resamples, seed=self.seed)
        return self.interval_of(draws, statistic(np.ones(groups)), name)

    def interval_of(self, draws: Array, whole: float, name: str) -> Interval:
        """Return the percentile interval of draws of a number; `whole` is what it is on the rows as they are."""
        if not np.isfinite(whole):
            return Interval(problem=f"{name} is undefined on these rows, as where all labels are the same")
        defined = draws[np.isfinite(draws)]
        if len(defined) < _LEAST_DEFINED * len(draws):
            return Interval(problem=f"{name} is undefined in {len(draws) - len(defined)} of {len(draws)} draws of rows")
        return Interval(*percentile_interval(defined, self.confidence))

    def within(self, interval: Interval) -> str:
        """Put an interval into words."""
        low, high = interval.ends()
        return f"{100 * self.confidence:g} % interval {low:.3g} to {high:.3g}"
