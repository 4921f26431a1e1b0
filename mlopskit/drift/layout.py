"""`Layout`: what the columns of a frame are for."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import attrs
import numpy as np
import pandas as pd

from mlopskit.drift.multivariate.joint_profile import JointProfile
from mlopskit.drift.periods import Stretch, moments_of, season_of
from mlopskit.drift.profile import Profile, weights_of


@attrs.frozen
class Layout:
    """Which columns are compared, and which tell something about rows.

    Attributes
    ----------
    columns : tuple of str or None
        Those compared, unless they tell something else; None for all.
    time, groups, weights : str or None
        The columns that tell when a row was, which rows are not independent, and how much each counts.
    season : {"hour", "weekday", "month"} or None
        Of which kind of season it is told how many rows are from each.
    joint : JointProfile or None
        How columns are summed together, if they are.

    Examples
    --------
    >>> frame = pd.DataFrame({"day": ["2013-01-01"], "distance": [1400], "origin": ["EWR"]})
    >>> list(Layout(time="day").profile(frame).columns)
    ['distance', 'origin']
    """

    columns: tuple[str, ...] | None = None
    time: str | None = attrs.field(default=None, converter=attrs.converters.optional(str))
    groups: str | None = attrs.field(default=None, converter=attrs.converters.optional(str))
    weights: str | None = attrs.field(default=None, converter=attrs.converters.optional(str))
    season: str | None = None
    joint: JointProfile | None = attrs.field(default=None, eq=False)

    def compared(self, columns: Collection[Any]) -> list[str]:
        """Tell which columns are compared, of those that there are."""
        wanted = map(str, columns) if self.columns is None else self.columns
        return [name for name in wanted if name not in self._about_rows]

    def added(self, columns: Collection[Any]) -> list[str]:
        """Tell which columns are for nothing."""
        known = {*self.compared(columns), *self._about_rows}
        return [name for name in map(str, columns) if name not in known]

    def profile(self, frame: pd.DataFrame, without: Collection[str] = ()) -> Profile:
        """Profile the columns that are compared, but for some."""
        names = [name for name in self.compared(frame.columns) if name not in without]
        return Profile.of(frame, names, self.groups, self.weights)

    def expected(self, reference: Profile) -> Profile:
        """Leave out what is not compared of a profile of the reference."""
        return reference.without(*(reference.columns.keys() - self.compared(reference.columns)))

    def read(self, frame: pd.DataFrame) -> Stretch:
        """Profile rows, tell their seasons and sum them together, as far as that is asked for."""
        joint = None if self.joint is None else self.joint.summarize(frame)
        return Stretch(self.profile(frame), self.seasons(frame), joint)

    def seasons(self, frame: pd.DataFrame) -> dict[int, float]:
        """Tell how many rows are from each season, or what they weigh; those without a time are from none."""
        if not self.time or not self.season:
            return {}
        weights = np.ones(len(frame)) if self.weights is None else weights_of(frame, self.weights)
        by_season = pd.Series(weights).groupby(season_of(moments_of(frame, self.time), self.season)).sum()
        return {int(season): weight for season, weight in by_season.items()}

    def without_roles(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Leave out the columns that tell something about rows."""
        return frame.drop(columns=[name for name in frame.columns if str(name) in self._about_rows])

    @property
    def _about_rows(self) -> tuple[str | None, ...]:
        return self.time, self.groups, self.weights
