"""`RunColumns`: what is known of many runs, column by column, as a search reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mlopskit.tracking.lifecycle import RunState

PARTS = ("last", "min", "max", "mean", "count")
TEXTS = ("run_id", "name", "experiment", "user", "parent", "status", "note", "error", "deleted")
_TIMES = ("started", "ended")
_INT64 = range(-(2**63), 2**63)

Key: TypeAlias = tuple[str, str, str]
"""Kind, name and part; the part is ``"last"`` where there are no parts."""


class Cells(NamedTuple):
    """The cells of a column that are not empty: numbers of their rows, ascending, and values of any dtype."""

    rows: NDArray[np.intp]
    values: NDArray[Any]


class Column:
    """One column over all runs.

    Parameters
    ----------
    count : int
        How many runs there are.
    cells : Cells
    absent : object
        What `values` has where there is no cell.

    Attributes
    ----------
    present : array of bool, shape (count,)
        Which runs have a value.
    """

    def __init__(self, count: int, cells: Cells, absent: object = None) -> None:
        self.present = np.zeros(count, dtype=bool)
        self.present[cells.rows] = True
        self._cells = cells
        self._absent = absent

    @cached_property
    def numbers(self) -> NDArray[np.float64]:
        """Values that are numbers, true being 1; NaN for all others."""
        numbers = np.full(len(self.present), np.nan)
        rows, values = self._cells
        numbers[rows] = [_number(value) for value in values.tolist()] if values.dtype == object else values
        return numbers

    @cached_property
    def values(self) -> NDArray[np.object_]:
        """Values as they were logged."""
        values = np.full(len(self.present), self._absent, dtype=object)
        rows, known = self._cells
        values[rows] = known if known.dtype == object else as_objects(known.tolist())
        return values


class RunColumns:
    """A table of runs whose columns are read when they are first asked for.

    Parameters
    ----------
    count : int
        Number of runs.
    parts : mapping of (str, str) to sequence of str
        Of each column, by kind and name, the parts there are.
    find : callable
        ``find((kind, name, part)) -> Cells``, of a column there is.

    Examples
    --------
    >>> state = {"id": "a", "started": "2026-03-01T00:00:00+00:00", "params": {"depth": 6}}
    >>> columns = RunColumns.of([state, {**state, "id": "b", "params": {}}])
    >>> columns.column("params", "depth").values.tolist()
    [6, None]
    """

    def __init__(
        self, count: int, parts: Mapping[tuple[str, str], Iterable[str]], find: Callable[[Key], Cells]
    ) -> None:
        self.count = count
        self.parts = parts
        self._find = find
        self._columns: dict[Key, Column] = {}
        self._names: dict[str, list[str]] = {}
        for kind, name in parts:
            self._names.setdefault(kind, []).append(name)

    @classmethod
    def of(cls, states: Iterable[RunState]) -> RunColumns:
        """Make columns of the states of runs, with the number of the last commit as ``commits`` if they tell it."""
        states = list(states)
        lists: dict[Key, tuple[list[int], list[Any]]] = {}

        def add(kind: str, name: str, part: str, row: int, value: object) -> None:
            rows, values = lists.setdefault((kind, name, part), ([], []))
            rows.append(row)
            values.append(value)

        for row, state in enumerate(states):
            for kind, name, part, value in _cells_of(state):
                add(kind, name, part, row, value)
        found = {key: Cells(np.array(rows, dtype=np.intp), _typed(values)) for key, (rows, values) in lists.items()}
        parts: dict[tuple[str, str], list[str]] = {}
        for kind, name, part in found:
            parts.setdefault((kind, name), []).append(part)
        return cls(len(states), parts, found.__getitem__)

    def names(self, kind: str) -> list[str]:
        """Return the names that some run has of ``"params"``, ``"metrics"``, ``"tags"`` or ``"run"``."""
        return self._names.get(kind, [])

    def column(self, kind: str, name: str, part: str = "last") -> Column | None:
        """Return a column; None if no run has it. Texts of the runs themselves are there for all, if empty."""
        key = (kind, name, part)
        is_text = kind == "run" and name in TEXTS
        if key not in self._columns:
            if not is_text and part not in self.parts.get((kind, name), ()):
                return None
            self._columns[key] = Column(self.count, self.cells(key), "" if is_text else None)
        return self._columns[key]

    def cells(self, key: Key) -> Cells:
        """Return the cells of a column; none if no run has it."""
        if key[2] in self.parts.get(key[:2], ()):
            return self._find(key)
        return Cells(np.zeros(0, dtype=np.intp), np.zeros(0))

    def only(self, rows: NDArray[np.bool_]) -> RunColumns:
        """Leave out the runs that `rows` is false for."""
        if rows.all():
            return self
        places = np.cumsum(rows) - 1

        def find(key: Key) -> Cells:
            old, values = self._find(key)
            kept = rows[old]
            return Cells(places[old[kept]], values[kept])

        return RunColumns(int(rows.sum()), self.parts, find)

    def followed_by(self, other: RunColumns) -> RunColumns:
        """Put the runs of another table after these."""
        if not other.count:
            return self
        if not self.count:
            return other

        def find(key: Key) -> Cells:
            (rows, values), (more, others) = self.cells(key), other.cells(key)
            if not len(rows) or not len(more):
                return Cells(more + self.count, others) if len(more) else Cells(rows, values)
            same = values.dtype == others.dtype
            kept = np.concatenate([values, others] if same else [as_objects(v.tolist()) for v in (values, others)])
            return Cells(np.concatenate([rows, more + self.count]), kept)

        parts = {name: tuple(dict.fromkeys([*self.parts.get(name, ()), *other.parts.get(name, ())]))
                 for name in {**self.parts, **other.parts}}  # fmt: skip
        return RunColumns(self.count + other.count, parts, find)


def as_objects(values: list[Any]) -> NDArray[np.object_]:
    """Put values of any kind, lists too, into an array of one dimension."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _cells_of(state: RunState) -> Iterable[tuple[str, str, str, object]]:
    yield "run", "run_id", "last", state["id"]
    yield "run", "commits", "last", int(state.get("commits", 0))
    for name in TEXTS[1:]:
        if text := state.get(name):
            yield "run", name, "last", text
    for name in _TIMES:
        if text := state.get(name):
            yield "run", name, "last", datetime.fromisoformat(text).timestamp()
    yield "run", "seconds", "last", float(state.get("seconds", 0.0))
    for kind in ("params", "tags"):
        for name, value in state.get(kind, {}).items():
            yield kind, name, "last", value
    for name, summary in state.get("summaries", {}).items():
        for part in PARTS:
            yield "metrics", name, part, float(summary[part])


def _typed(values: list[Any]) -> NDArray[Any]:
    types = set(map(type, values))
    if types == {float}:
        return np.array(values, dtype=np.float64)
    if types == {bool}:
        return np.array(values, dtype=bool)
    if types == {int} and min(values) in _INT64 and max(values) in _INT64:
        return np.array(values, dtype=np.int64)
    return as_objects(values)


def _number(value: object) -> float:
    if not isinstance(value, int | float):
        return float("nan")
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
