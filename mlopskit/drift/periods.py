"""Periods: rows that come as frames or chunks, profiled stretch by stretch of time, or so many rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import attrs
import pandas as pd

from mlopskit.drift.multivariate.joint_profile import JointSummary
from mlopskit.drift.profile import Profile
from mlopskit.errors import ValidationError


@attrs.frozen(eq=False)
class Stretch:
    """Rows that belong together.

    Attributes
    ----------
    profile : Profile
    seasons : frozenset of int
        The seasons they are from, if asked for.
    joint : JointSummary or None
        Their columns summed together, if asked for.
    """

    profile: Profile
    seasons: frozenset[int] = frozenset()
    joint: JointSummary | None = None

    def merge(self, other: Stretch) -> Stretch:
        """Return the stretch of the rows of both."""
        joint = self.joint + other.joint if self.joint and other.joint else self.joint or other.joint
        return Stretch(self.profile.merge(other.profile), self.seasons | other.seasons, joint)


def stretches_by_time(
    frames: Iterable[pd.DataFrame], time: str, freq: str, read: Callable[[pd.DataFrame], Stretch],
    season: str | None = None,
) -> dict[pd.Timestamp, Stretch]:  # fmt: skip
    """Profile each stretch of time, in order; one between others that has no rows is there too.

    Parameters
    ----------
    frames : iterable of DataFrame
        Rows in any order, those of one stretch also in several chunks.
    time : str
        The column that says when; rows without a time belong to no stretch.
    freq : str
        The length of a stretch as pandas writes it.
    read : callable
        How rows become a stretch.
    season : {"hour", "weekday", "month"}, optional
        Of which to tell those of each stretch.

    Raises
    ------
    ValidationError
        A frame has no such column, or it can not be read as moments.
    """
    found: dict[pd.Timestamp, Stretch] = {}
    for frame in frames:
        moments = moments_of(frame, time)
        known = moments.notna()
        for label, rows in frame.set_axis(moments, axis="index")[known].groupby(pd.Grouper(freq=freq)):
            stretch = attrs.evolve(read(rows), seasons=seasons_of(pd.DatetimeIndex(rows.index), season))
            found[label] = found[label].merge(stretch) if label in found else stretch
    return dict(sorted(found.items()))


def stretches_by_size(
    frames: Iterable[pd.DataFrame], size: int, read: Callable[[pd.DataFrame], Stretch], time: str | None = None,
    season: str | None = None,
) -> Iterator[tuple[int, Stretch]]:  # fmt: skip
    """Profile so many rows at a time, each with the number of its first row; the last ones may be fewer.

    Parameters
    ----------
    frames : iterable of DataFrame
        Rows in order.
    size : int
        Rows of a stretch.
    read : callable
        How rows become a stretch.
    time, season : str, optional
        Of which seasons to tell those of each stretch, by which column.
    """
    open_stretch: Stretch | None = None
    first = 0
    for frame in frames:
        start = 0
        while start < len(frame):
            room = size - (open_stretch.profile.rows if open_stretch else 0)
            rows = frame.iloc[start : start + room]
            seasons = seasons_of(moments_of(rows, time), season) if time and season else frozenset()
            stretch = attrs.evolve(read(rows), seasons=seasons)
            open_stretch = open_stretch.merge(stretch) if open_stretch else stretch
            start += room
            if open_stretch.profile.rows == size:
                yield first, open_stretch
                first, open_stretch = first + size, None
    if open_stretch:
        yield first, open_stretch


def moments_of(frame: pd.DataFrame, time: str) -> pd.DatetimeIndex:
    """Read a column as moments: it holds them already, or text in ISO 8601.

    Raises
    ------
    ValidationError
        The frame has no such column, or it can not be read so.
    """
    if time not in frame:
        raise ValidationError(f"the frame has no column {time!r} to tell the time: name another one with time=")
    try:
        return pd.DatetimeIndex(pd.to_datetime(frame[time], format="ISO8601"))
    except (ValueError, TypeError):  # whose message shows a value
        raise ValidationError(
            f"column {time!r} can not be read as moments: convert it with pandas.to_datetime"
        ) from None


def season_of(moments: pd.DatetimeIndex, season: str) -> pd.Index[int]:
    """Give the season of each moment: its hour, its day of the week (Monday is 0) or its month."""
    return {"hour": moments.hour, "weekday": moments.day_of_week, "month": moments.month}[season]


def seasons_of(moments: pd.DatetimeIndex, season: str | None) -> frozenset[int]:
    """Tell the seasons that some moments are from; none if no kind of season is asked for."""
    return frozenset(season_of(moments.dropna(), season).tolist()) if season else frozenset()
