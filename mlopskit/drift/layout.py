"""`Layout`: what the columns of a frame are for."""

from __future__ import annotations

from collections.abc import Collection

import attrs
import pandas as pd

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

    def compared(self, frame: pd.DataFrame) -> list[str]:
        """Name the columns of a frame that are compared."""
        if self.columns is not None:
            return list(self.columns)
        return [name for name in map(str, frame.columns) if name not in self._about_rows]

    def added(self, frame: pd.DataFrame) -> list[str]:
        """Name the columns of a frame that are for nothing."""
        known = {*self.compared(frame), *self._about_rows}
        return [name for name in map(str, frame.columns) if name not in known]

    def profile(self, frame: pd.DataFrame, without: Collection[str] = ()) -> Profile:
        """Profile the columns that are compared, but for some."""
        names = [name for name in self.compared(frame) if name not in without]
        return Profile.of(frame, names, self.groups, self.weights)

    @property
    def _about_rows(self) -> tuple[str | None, ...]:
        return self.time, self.groups, self.weights
