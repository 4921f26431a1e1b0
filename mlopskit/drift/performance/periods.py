"""Rows cut into periods, by time or by number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from mlopskit.drift.performance.inputs import check_length
from mlopskit.drift.performance.outcomes import Places
from mlopskit.drift.periods import in_zone, moments_of, period_grouper
from mlopskit.errors import ValidationError


def periods(rows: int, time: Any, freq: str, size: int | None) -> Iterator[tuple[str, Places]]:
    """Yield the label and the places of the rows of each period, in order.

    Parameters
    ----------
    rows : int
        How many there are.
    time : array of moments, or None
        When each row was; rows without a time belong to no period. None is only good with `size`.
    freq : str
        The length of a period as pandas writes it, unless there is a size.
    size : int or None
        Rows per period, in order of time; the last one may have fewer.

    Raises
    ------
    ValueError
        pandas knows no such length, or it begins nowhere by itself.
    ValidationError
        Times are needed, can not be read, or are not one per row.
    """
    if size is not None:
        yield from _by_size(rows, time, size)
        return
    if time is None:
        raise ValidationError("pass time= with freq= to cut by time, or size= to cut by number of rows")
    grouper, is_on_wall = period_grouper(freq)
    moments = _moments(rows, time)
    zone = moments.tz if is_on_wall else None
    known = np.flatnonzero(moments.notna())
    places = pd.Series(known, index=moments[known].tz_localize(None) if zone else moments[known])
    for label, group in places.groupby(grouper):
        yield in_zone(label, zone).isoformat(), np.sort(group.to_numpy())


def _by_size(rows: int, time: Any, size: int) -> Iterator[tuple[str, Places]]:
    if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1:
        raise ValueError(f"size is a number of rows of at least 1, not {size!r}")
    order, moments = np.arange(rows), None
    if time is not None:
        moments = _moments(rows, time)
        order = np.asarray(moments.argsort(kind="stable"))[: int(moments.notna().sum())]
    for start in range(0, len(order), size):
        places = order[start : start + size]
        label = f"rows {start}-{start + len(places) - 1}" if moments is None else moments[places[0]].isoformat()
        yield label, places


def _moments(rows: int, time: Any) -> pd.DatetimeIndex:
    check_length(time, rows, "time")
    return moments_of(pd.DataFrame({"time": time}), "time")
