"""Checks of keys: which rows share one, what it determines, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs
import numpy as np
import pandas as pd

from mlopskit.errors import ValidationError
from mlopskit.records.report import CheckResult, Severity
from mlopskit.validation.checks.check import FrameCheck, RowTally, ValueCheck
from mlopskit.validation.checks.parameters import few, is_among, same_values
from mlopskit.validation.chunk import Chunk
from mlopskit.validation.column import Column, Mask
from mlopskit.validation.label import Label, column_label, column_labels, name_of, plain_label, plain_labels, row_labels

_DENSE = 8
"""So many times the rows there may be different keys for these to be counted one by one."""


@attrs.frozen
class KeysSeen:
    """The key columns of some rows, in pieces, each with what is known of its columns and with its index."""

    rows: int = 0
    pieces: tuple[tuple[Column, ...], ...] = ()
    indexes: tuple[pd.Index, ...] = ()

    @classmethod
    def of(cls, chunk: Chunk, labels: Iterable[Any]) -> KeysSeen:
        """Take these columns of a chunk."""
        return cls(chunk.row_count, (tuple(map(chunk.column, labels)),), (chunk.index,))

    def merge(self, later: KeysSeen) -> KeysSeen:
        """Put the rows of `later` after these."""
        if not self.pieces:
            return later
        first, second = self._alone(), later._alone()
        return KeysSeen(self.rows + later.rows, first.pieces + second.pieces, first.indexes + second.indexes)

    def _alone(self) -> KeysSeen:
        """Copy the arrays of a single chunk, so that they do not keep all of it alive; those of several are copies."""
        if len(self.pieces) > 1:
            return self
        columns = tuple(Column(column.name, column.values.copy()) for column in self.pieces[0])
        return KeysSeen(self.rows, (columns,), (self.indexes[0].copy(deep=True),))

    def tally(self, failing: Mask | None) -> RowTally:
        """Count a mask, one value per row; None if no row fails."""
        return RowTally.of(failing, self.rows, lambda positions: row_labels(positions, *self.indexes))

    def columns(self) -> tuple[Column, ...]:
        """Return the key columns of all rows, in the order of the first piece."""
        if len(self.pieces) == 1:
            return self.pieces[0]
        named = [{column.name: column for column in piece} for piece in self.pieces]
        if strange := sorted({name_of(label) for piece in named for label in piece.keys() ^ named[0].keys()}):
            raise ValidationError(f"the chunks differ in their columns: not all have {few(strange)}")
        return tuple(_joined([piece[name] for piece in named]) for name in named[0])


def _joined(parts: list[Column]) -> Column:
    series = pd.concat([pd.Series(part.values) for part in parts], ignore_index=True)
    return Column(parts[0].name, series.to_numpy() if isinstance(series.dtype, np.dtype) else series.array)


def _combined(columns: tuple[Column, ...]) -> tuple[np.ndarray[Any, Any], Mask]:
    """Number the keys of the rows, equal keys alike, and tell which rows lack no part of theirs."""
    present = np.ones(columns[0].rows, dtype=bool)
    numbers = np.zeros(columns[0].rows, dtype=np.int64)
    count = 1
    for column in columns:
        codes, levels = _numbered(column)
        if column.missing is not None:
            present &= ~column.missing
        if count > np.iinfo(np.int64).max // levels:  # number them anew, so that they stay small
            numbers = pd.factorize(numbers)[0].astype(np.int64)
            count = int(numbers.max(initial=0)) + 1
        numbers = numbers * levels + codes
        count *= levels
    return numbers, present


def _numbered(column: Column) -> tuple[np.ndarray[Any, Any], int]:
    """Number the values of a column from 0 on; ints that lie close together are their own numbers."""
    numbers = column.numbers
    if numbers is not None and numbers.dtype.kind == "i" and column.low is not None:
        count = column.high - column.low + 1
        if count <= _DENSE * column.rows:
            return numbers - np.int64(column.low), count
    return np.asarray(column.codes, dtype=np.int64), max(1, len(column.levels))


def _repeated(numbers: np.ndarray[Any, Any], present: Mask) -> Mask | None:
    """Tell which rows under the mask have a number that another one has too."""
    known = numbers if present.all() else numbers[present]
    if not len(known) or (known[1:] > known[:-1]).all():  # the usual key rises
        return None
    if known.max() < _DENSE * len(known):  # counting is much the fastest while there is not much to count over
        repeated = (np.bincount(known) > 1)[known]
    else:
        repeated = pd.Series(known).duplicated(keep=False).to_numpy()
    if not repeated.any():
        return None
    failing = np.zeros(len(numbers), dtype=bool)
    failing[np.flatnonzero(present)[repeated]] = True
    return failing


@attrs.frozen
class _KeyCheck(FrameCheck):
    """A check that has to see the key columns of all rows together; over chunks they are kept until the end."""

    def start(self) -> KeysSeen:
        """Return no keys."""
        return KeysSeen()

    def update(self, state: KeysSeen, chunk: Chunk) -> KeysSeen:
        """Keep the keys of a chunk."""
        if not chunk.row_count:
            return state
        return state.merge(KeysSeen.of(chunk, self.reads))

    def merge(self, first: KeysSeen, second: KeysSeen) -> KeysSeen:
        """Put the keys of `second` after those of `first`."""
        return first.merge(second) if second.pieces else first


@attrs.frozen(init=False)
class Unique(_KeyCheck):
    """No row shares its key with another.

    Rows where a part of the key is missing are not looked at; see `NotNull`. Over chunks, the key columns of all rows
    are kept until the end.

    Parameters
    ----------
    *columns : str, int or tuple
        Together they are the key. All rows of a key that occurs twice fail, the first included.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Examples
    --------
    >>> str(Unique("flight", "time_hour"))
    'flight, time_hour are unique together'
    """

    columns: tuple[Label, ...] = attrs.field(converter=plain_labels, validator=column_labels)

    def __init__(self, *columns: Label, severity: Severity = "error"):
        self.__attrs_init__(columns, severity=severity)

    def __str__(self) -> str:
        return f"{few(map(name_of, self.columns))} {'is unique' if len(self.columns) == 1 else 'are unique together'}"

    @property
    def reads(self) -> tuple[Label, ...]:
        """The columns of the key."""
        return self.columns

    def finish(self, state: KeysSeen) -> CheckResult:
        """Fail if a key occurs twice."""
        failing = _repeated(*_combined(state.columns())) if state.pieces else None
        return state.tally(failing).verdict(self)


@attrs.frozen
class NoDuplicateRows(_KeyCheck):
    """No row is the same as another one in all columns; missing values are the same as one another.

    Over chunks all rows are kept until the end.

    Parameters
    ----------
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail. All rows that are the same fail, the first included.

    Examples
    --------
    >>> str(NoDuplicateRows())
    'no row comes twice'
    """

    def __str__(self) -> str:
        return "no row comes twice"

    def update(self, state: KeysSeen, chunk: Chunk) -> KeysSeen:
        """Keep the rows of a chunk."""
        if problem := chunk.unreadable(chunk.labels):
            raise ValidationError(problem)
        if not chunk.row_count or not len(chunk.labels):
            return state
        return state.merge(KeysSeen.of(chunk, chunk.labels))

    def finish(self, state: KeysSeen) -> CheckResult:
        """Fail if a row comes twice."""
        return state.tally(_same_rows(state) if state.pieces else None).verdict(self)


def _same_rows(state: KeysSeen) -> Mask | None:
    """Tell which rows are the same as others; after each column only those that still may be are looked at."""
    suspects = np.arange(state.rows)
    numbers = np.zeros(state.rows, dtype=np.int64)
    for column in state.columns():
        left = column if len(suspects) == state.rows else Column(column.name, column.values[suspects])
        numbers = numbers * (len(left.levels) + 1) + np.asarray(left.codes, dtype=np.int64) + 1
        numbers = pd.factorize(numbers)[0].astype(np.int64)
        repeated = (np.bincount(numbers) > 1)[numbers]
        suspects, numbers = suspects[repeated], numbers[repeated]
        if not len(suspects):
            return None
    failing = np.zeros(state.rows, dtype=bool)
    failing[suspects] = True
    return failing


@attrs.frozen(init=False)
class Determines(_KeyCheck):
    """Rows that agree in some columns agree in another: a functional dependency.

    Rows where any of these columns is missing are not looked at.

    Parameters
    ----------
    *columns : str, int or tuple
        Together they determine the other.
    column : str, int or tuple
        What they determine. All rows of a key that comes with several values fail.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Examples
    --------
    >>> str(Determines("origin", "dest", column="distance"))
    'origin, dest determine distance'
    """

    columns: tuple[Label, ...] = attrs.field(converter=plain_labels, validator=column_labels)
    column: Label = attrs.field(kw_only=True, converter=plain_label, validator=column_label)

    def __init__(self, *columns: Label, column: Label, severity: Severity = "error"):
        self.__attrs_init__(columns, column=column, severity=severity)

    def __str__(self) -> str:
        determine = "determines" if len(self.columns) == 1 else "determine"
        return f"{few(map(name_of, self.columns))} {determine} {name_of(self.column)}"

    @property
    def reads(self) -> tuple[Label, ...]:
        """The columns that determine, and the one that is determined."""
        return (*self.columns, self.column)

    def finish(self, state: KeysSeen) -> CheckResult:
        """Fail if a key comes with several values."""
        return state.tally(_undetermined(state.columns()) if state.pieces else None).verdict(self)


def _undetermined(columns: tuple[Column, ...]) -> Mask | None:
    *key, value = columns
    numbers, present = _combined(tuple(key))
    codes = np.asarray(value.codes, dtype=np.int64)
    present &= codes >= 0
    pairs = pd.DataFrame({"key": numbers[present], "value": codes[present]})
    distinct = pairs.drop_duplicates()
    several = distinct["key"][distinct["key"].duplicated()].to_numpy()
    if not len(several):
        return None
    failing = np.zeros(len(numbers), dtype=bool)
    failing[np.flatnonzero(present)[np.isin(numbers[present], several)]] = True
    return failing


def _checked_keys(keys: Iterable[Any]) -> frozenset[Any]:
    if isinstance(keys, str):
        raise TypeError("References takes a list or column of keys; a single text would be taken letter by letter")
    return same_values(pd.Series(list(keys)).dropna().unique().tolist())


@attrs.frozen
class References(ValueCheck):
    """Every value of a column is among the keys of something else: a foreign key.

    Parameters
    ----------
    column : str, int or tuple
        The column; missing values pass.
    keys : iterable
        The keys, such as a column of another frame. They are kept as a set.
    name : str
        What messages call them, such as ``"planes.tailnum"``.
    at_least : float, default 1.0
        The share of the rows that have to pass.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Notes
    -----
    It has no JSON: the keys are data.

    Examples
    --------
    >>> str(References("carrier", ["AA", "UA"], name="airlines.carrier"))
    'carrier is among airlines.carrier'
    """

    keys: frozenset[Any] = attrs.field(converter=_checked_keys, repr=False)
    name: str = attrs.field(default="the keys", kw_only=True)

    def __str__(self) -> str:
        return f"{name_of(self.column)} is among {self.name}"

    def failing_values(self, column: Column) -> Mask | None:
        """Tell which values are no key."""
        return column.failing_levels(lambda level: not is_among(level, self.keys))
