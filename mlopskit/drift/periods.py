"""Periods: rows that come as frames or chunks, profiled stretch by stretch of time, or so many rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import tzinfo

import attrs
import pandas as pd

from mlopskit.drift.columns import as_pandas, kind_of
from mlopskit.drift.multivariate.joint_profile import JointSummary
from mlopskit.drift.profile import Profile, columns_of
from mlopskit.errors import ValidationError


@attrs.frozen(eq=False)
class Stretch:
    """Rows that belong together.

    Attributes
    ----------
    profile : Profile
    seasons : mapping of int to float
        How many of them are from which season, or what these weigh, if asked for.
    joint : JointSummary or None
        Their columns summed together, if asked for.
    """

    profile: Profile
    seasons: Mapping[int, float] = attrs.field(factory=dict)
    joint: JointSummary | None = None

    def merge(self, other: Stretch) -> Stretch:
        """Return the stretch of the rows of both."""
        joint = self.joint + other.joint if self.joint and other.joint else self.joint or other.joint
        seasons = dict(self.seasons)
        for season, rows in other.seasons.items():
            seasons[season] = seasons.get(season, 0.0) + rows
        return Stretch(self.profile.merge(other.profile), seasons, joint)


def stretches_by_time(
    frames: Iterable[pd.DataFrame], time: str, freq: str, read: Callable[[pd.DataFrame], Stretch]
) -> dict[pd.Timestamp, Stretch]:
    """Profile each stretch of time, in order; one between others that has no rows is there too.

    Where a stretch begins does not depend on the rows: several days, hours or less are counted from the beginning of
    1970 on. Days and what is longer are those of the wall clock where the rows are.

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

    Raises
    ------
    ValueError
        pandas knows no such length, or it is several weeks, months or years, which begin nowhere by themselves.
    ValidationError
        A frame has no such column, it can not be read as moments, or chunks are in several time zones.
    """
    stretch_of, is_on_wall = period_grouper(freq)
    found: dict[pd.Timestamp, Stretch] = {}
    zones: dict[str, tzinfo | None] = {}
    for frame in frames:
        moments = moments_of(frame, time)
        known = moments.notna()
        if known.any():
            zones[str(moments.tz)] = moments.tz
        if is_on_wall:
            moments = moments.tz_localize(None)
        for label, rows in frame.set_axis(moments, axis="index")[known].groupby(stretch_of):
            if len(rows):
                found[label] = found[label].merge(read(rows)) if label in found else read(rows)
    if len(zones) > 1:
        raise ValidationError(f"column {time!r} is in several time zones: convert it to one with Series.dt.tz_convert")
    if not found:
        return {}
    (zone,) = zones.values() if is_on_wall else (None,)
    none = read(frame.iloc[:0])
    return {
        in_zone(label, zone): found.get(label, none)
        for label in pd.Series(0, index=list(found)).groupby(stretch_of).size().index
    }


def period_grouper(freq: str) -> tuple[pd.Grouper, bool]:
    """Tell how rows are grouped by time, whichever of them come first, and whether by the time on the wall.

    Raises
    ------
    ValueError
        pandas knows no such length, or it is several weeks, months or years, which begin nowhere by themselves.
    """
    offset = pd.tseries.frequencies.to_offset(freq)
    if isinstance(offset, pd.offsets.Tick | pd.offsets.Day):
        return pd.Grouper(freq=offset, origin="epoch"), isinstance(offset, pd.offsets.Day)
    if offset.n != 1:
        raise ValueError(
            f"freq={freq!r} begins nowhere by itself: give days, such as '14D', or one week, month, quarter or year"
        )
    return pd.Grouper(freq=offset), True


def in_zone(wall: pd.Timestamp, zone: tzinfo | None) -> pd.Timestamp:
    """Read the time on the wall in a zone: the first of two alike, and the next one if clocks have left it out."""
    return wall.tz_localize(zone, ambiguous=True, nonexistent="shift_forward") if zone else wall


def stretches_by_size(
    frames: Iterable[pd.DataFrame], size: int, read: Callable[[pd.DataFrame], Stretch]
) -> Iterator[tuple[int, Stretch]]:
    """Profile so many rows at a time, each with the number of its first row; the last ones may be fewer.

    Parameters
    ----------
    frames : iterable of DataFrame
        Rows in order.
    size : int
        Rows of a stretch.
    read : callable
        How rows become a stretch.
    """
    open_stretch: Stretch | None = None
    first = 0
    for frame in frames:
        start = 0
        while start < len(frame):
            room = size - (open_stretch.profile.rows if open_stretch else 0)
            stretch = read(frame.iloc[start : start + room])
            open_stretch = open_stretch.merge(stretch) if open_stretch else stretch
            start += room
            if open_stretch.profile.rows == size:
                yield first, open_stretch
                first, open_stretch = first + size, None
    if open_stretch:
        yield first, open_stretch


def moments_of(frame: pd.DataFrame, time: str) -> pd.DatetimeIndex:
    """Read a column as moments: it holds them already, or text in ISO 8601; in UTC where that has an offset.

    Raises
    ------
    ValidationError
        The frame has no such column, or it can not be read so.
    """
    by_name = columns_of(frame)
    if time not in by_name:
        raise ValidationError(f"the frame has no column {time!r} to tell the time: name another one with time=")
    column = as_pandas(by_name[time])
    if column.dtype.kind == "M":
        return pd.DatetimeIndex(column)
    known = column.dropna().astype(object)
    if len(known) and kind_of(column) == "numeric":
        raise ValidationError(
            f"column {time!r} holds numbers: tell what they count with pandas.to_datetime(..., unit=...)"
        )
    try:
        moments = pd.DatetimeIndex(pd.to_datetime(column.astype(object), format="ISO8601", utc=True))
        return moments if len(known) and pd.Timestamp(known.iloc[0]).tz else moments.tz_localize(None)
    except (ValueError, TypeError):  # whose message shows a value
        raise ValidationError(
            f"column {time!r} can not be read as moments: convert it with pandas.to_datetime"
        ) from None


def season_of(moments: pd.DatetimeIndex, season: str) -> pd.Index[int]:
    """Give the season of each moment: its hour, its day of the week (Monday is 0) or its month."""
    return {"hour": moments.hour, "weekday": moments.day_of_week, "month": moments.month}[season]
