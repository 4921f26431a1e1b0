"""`Layout`: what the columns of a frame are for."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import attrs
import pandas as pd

from mlopskit.drift.multivariate.joint_profile import JointProfile
from mlopskit.drift.periods import Stretch
from mlopskit.drift.profile import Profile


@attrs.frozen
class Layout:
    """Which columns are compared, and which tell something about rows.

    Attributes
    ----------
    columns : tuple of str or None
        Those compared; None for all that tell nothing else.
    time, groups, weights : str or None
        The columns that tell when a row was, which rows are not independent, and how much each counts.
    joint : JointProfile or None
        How columns are summed together, if they are.

    Examples
    --------
    >>> frame = pd.DataFrame({"day": ["2013-01-01"], "distance": [1400], "origin": ["EWR"]})
    >>> list(Layout(time="day").profile(frame).columns)
    ['distance', 'origin']
    """

    columns: tuple[str, ...] | None = None
    time: str | None = None
    groups: str | None = None
    weights: str | None = None
    joint: JointProfile | None = attrs.field(default=None, eq=False)

    def compared(self, columns: Collection[Any]) -> list[str]:
        """Tell which columns are compared, of those that there are."""
        if self.columns is not None:
            return list(self.columns)
        return [name for name in map(str, columns) if name not in self._about_rows]

    def added(self, columns: Collection[Any]) -> list[str]:
        """Tell which columns are for nothing."""
        known = {*self.compared(columns), *self._about_rows}
        return [name for name in map(str, columns) if name not in known]

    def profile(self, frame: pd.DataFrame, without: Collection[str] = ()) -> Profile:
        """Profile the columns that are compared, but for some."""
        names = [name for name in self.compared(frame.columns) if name not in without]
        return Profile.of(frame, names, self.groups, self.weights)

    def read(self, frame: pd.DataFrame) -> Stretch:
        """Profile rows, and sum them together with all that is known of them."""
        return Stretch(
            self.profile(frame), joint=None if self.joint is None else self.joint.summarize(self.without_roles(frame))
        )

    def without_roles(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Leave out the columns that tell something about rows."""
        return frame.drop(columns=[name for name in frame.columns if str(name) in self._about_rows])

    @property
    def _about_rows(self) -> tuple[str | None, ...]:
        return self.time, self.groups, self.weights
