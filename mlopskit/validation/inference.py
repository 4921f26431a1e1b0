"""A first draft of checks, from rows that are known to be good.

What is proposed is to hold for rows of other times too, and to fail when something is wrong with them. So a few rows in
a thousand may lie outside of what was seen, ranges have room on either side, and what does not vary at all, such as the
month, is not taken for a rule.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from mlopskit.validation.checks.check import Check
from mlopskit.validation.checks.columns import Between, NotNull, OneOf
from mlopskit.validation.checks.frames import HasColumns
from mlopskit.validation.checks.keys import NoDuplicateRows
from mlopskit.validation.checks.kinds import InTimeZone, IsKind
from mlopskit.validation.checks.parameters import plain
from mlopskit.validation.checks.statistics import Quantile
from mlopskit.validation.checks.texts import NotBlank
from mlopskit.validation.chunk import Chunk
from mlopskit.validation.column import Column
from mlopskit.validation.label import Label

ROOM = 0.5
"""How far beyond what was seen a range goes on either side, as a share of its width."""

STRAY = 0.002
"""The share of rows that may lie outside of a range, or have a category that was not seen."""

MISSING_FACTOR, MISSING_ROOM = 3.0, 0.02
"""Of how much more may be missing than was."""

MOST_CATEGORIES = 50
FEWEST_ROWS = 100
"""Of fewer rows nothing is said about quantiles and keys."""

_KINDS = ("int", "float", "bool", "text", "datetime", "timedelta")


def infer(frame: pd.DataFrame) -> list[Check]:
    """Propose checks that the frame passes; see `Validator.infer`."""
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"expected a DataFrame to infer checks from, got a {type(frame).__name__}")
    if frame.empty:
        raise ValueError("the frame has no rows or no columns to infer checks from")
    checks: list[Check] = [HasColumns(*frame.columns)]
    chunk = Chunk(frame)
    columns = [chunk.column(name) for name in frame.columns]
    complete = [column.name for column in columns if not column.missing_count]
    if complete:
        checks.append(NotNull(*complete))
    for column in columns:
        checks += _of_column(column)
    return [*checks, *_distinct_rows(chunk)]


def _of_column(column: Column) -> Iterator[Check]:
    name = column.name
    share_missing = column.missing_count / column.rows
    if 0 < share_missing < 1:
        allowed = min(1.0, MISSING_FACTOR * share_missing + MISSING_ROOM)
        if allowed < 1:
            yield NotNull(name, at_least=round(1 - allowed, 3))
    if column.kind in _KINDS:
        yield IsKind(name, column.kind)
    if column.kind in ("int", "float"):
        yield from _of_numbers(name, column)
    elif column.kind == "text":
        yield from _of_texts(name, column)
    elif column.stored_kind == "datetime" and column.dtype != object:
        zone = getattr(column.dtype, "tz", None)
        yield InTimeZone(name, None if zone is None else str(zone))


def _of_numbers(name: Label, column: Column) -> Iterator[Check]:
    numbers = column.numbers
    if numbers is None:
        return
    low, high = plain(column.low), plain(column.high)
    if not (math.isfinite(low) and math.isfinite(high)) or low == high:
        return
    lower, upper = _with_room(low, high, whole=column.kind == "int")
    yield Between(name, lower, upper, at_least=1 - STRAY)
    if column.rows - column.missing_count >= FEWEST_ROWS:
        yield from _middle(name, numbers if column.missing is None else numbers[~column.missing])


def _with_room(low: Any, high: Any, *, whole: bool) -> tuple[Any, Any]:
    room = ROOM * (high - low)
    lower, upper = low - room, high + room
    if low >= 0:
        lower = max(lower, 0)
    if high <= 0:
        upper = min(upper, 0)
    return (math.floor(lower), math.ceil(upper)) if whole else (lower, upper)


def _middle(name: Label, present: Any) -> Iterator[Check]:
    """Bound the median by the quartiles: a change of unit, or a column in the place of another, moves it further."""
    quarter, three_quarters = (float(each) for each in np.quantile(present, [0.25, 0.75]))
    if quarter < three_quarters:
        yield Quantile(name, 0.5, low=quarter, high=three_quarters)


def _of_texts(name: Label, column: Column) -> Iterator[Check]:
    there = [column.levels[int(code)] for code in np.unique(column.codes) if code >= 0]
    if 0 < len(there) <= min(MOST_CATEGORIES, (column.rows - column.missing_count) // 2):
        yield OneOf(name, sorted(there, key=repr), at_least=1 - STRAY)
    elif all(text.strip() for text in there[:MOST_CATEGORIES]):
        yield NotBlank(name, at_least=1 - STRAY)


def _distinct_rows(chunk: Chunk) -> Iterator[Check]:
    """Propose that no row comes twice, if none does."""
    if chunk.row_count < FEWEST_ROWS:
        return
    check = NoDuplicateRows()
    with contextlib.suppress(TypeError):  # values that can not be hashed can not be told apart
        if check.finish(check.update(check.start(), chunk)).failed == 0:
            yield check
