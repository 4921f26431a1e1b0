"""Checks of a frame as a whole: its columns, its size, its keys."""

from __future__ import annotations

import attrs
import numpy as np
import pandas as pd

from mlopskit.records.report import CheckResult, Severity
from mlopskit.validation.checks.check import FrameCheck, RowTally
from mlopskit.validation.checks.parameters import column_names, few
from mlopskit.validation.chunk import Chunk


@attrs.frozen
class HasColumns(FrameCheck):
    """These columns are there.

    Parameters
    ----------
    *columns : str
        In any order; others may be there as well.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Examples
    --------
    >>> str(HasColumns("origin", "dest"))
    'there are the columns origin, dest'
    """

    columns: tuple[str, ...] = attrs.field(validator=column_names)

    def __init__(self, *columns: str, severity: Severity = "error"):
        self.__attrs_init__(columns, severity=severity)  # type: ignore[attr-defined]

    def __str__(self) -> str:
        return f"there {'is the column' if len(self.columns) == 1 else 'are the columns'} {few(self.columns)}"

    def start(self) -> frozenset[str]:
        """Return the missing columns of no chunk."""
        return frozenset()

    def update(self, state: frozenset[str], chunk: Chunk) -> frozenset[str]:
        """Add what this chunk lacks."""
        return state | frozenset(self.columns).difference(chunk.frame.columns)

    def merge(self, first: frozenset[str], second: frozenset[str]) -> frozenset[str]:
        """Unite what either lacks."""
        return first | second

    def finish(self, state: frozenset[str]) -> CheckResult:
        """Fail if any chunk lacked a column."""
        missing = [column for column in self.columns if column in state]
        if not missing:
            return self.result("passed")
        message = f"{len(missing)} of {len(self.columns)} columns are missing: {few(missing)}"
        return self.result("failed", message, observed={"missing": missing})


@attrs.frozen
class RowCount(FrameCheck):
    """There are enough rows, and not too many.

    Parameters
    ----------
    min : int
        The fewest rows that pass.
    max : int, optional
        The most rows that pass.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    ValueError
        If `min` is negative or above `max`.

    Examples
    --------
    >>> str(RowCount(1000))
    'there are at least 1000 rows'
    """

    min: int = attrs.field(validator=[attrs.validators.instance_of(int), attrs.validators.ge(0)])
    max: int | None = attrs.field(default=None, validator=attrs.validators.optional(attrs.validators.instance_of(int)))

    def __attrs_post_init__(self) -> None:
        if self.max is not None and self.max < self.min:
            raise ValueError(f"RowCount: min {self.min} is above max {self.max}; give the lower number first")

    def __str__(self) -> str:
        return f"there are {f'at least {self.min}' if self.max is None else f'{self.min} to {self.max}'} rows"

    def start(self) -> int:
        """Return no rows."""
        return 0

    def update(self, state: int, chunk: Chunk) -> int:
        """Count the rows of a chunk."""
        return state + len(chunk.frame)

    def merge(self, first: int, second: int) -> int:
        """Add up."""
        return first + second

    def finish(self, state: int) -> CheckResult:
        """Fail if there are too few or too many."""
        enough = self.min <= state and (self.max is None or state <= self.max)
        return self.result("passed" if enough else "failed", "" if enough else f"there are {state} rows", rows=state)


@attrs.frozen
class KeysSeen:
    """The keys of some rows, indexed by position, in pieces."""

    rows: int = 0
    pieces: tuple[pd.DataFrame, ...] = ()

    def merge(self, later: KeysSeen) -> KeysSeen:
        """Put the rows of `later` after these."""
        moved = tuple(piece.set_axis(piece.index + self.rows) for piece in later.pieces)
        return KeysSeen(self.rows + later.rows, self.pieces + moved)


@attrs.frozen
class Unique(FrameCheck):
    """No row shares its key with another.

    Rows where a part of the key is missing are not looked at; see `NotNull`. Over chunks, the key columns of all rows
    are kept until the end.

    Parameters
    ----------
    *columns : str
        Together they are the key. All rows of a key that occurs twice fail, the first included.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Examples
    --------
    >>> str(Unique("flight", "time_hour"))
    'flight, time_hour are unique together'
    """

    columns: tuple[str, ...] = attrs.field(validator=column_names)

    def __init__(self, *columns: str, severity: Severity = "error"):
        self.__attrs_init__(columns, severity=severity)  # type: ignore[attr-defined]

    def __str__(self) -> str:
        return f"{self.columns[0]} is unique" if len(self.columns) == 1 else f"{few(self.columns)} are unique together"

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns of the key."""
        return self.columns

    def start(self) -> KeysSeen:
        """Return no keys."""
        return KeysSeen()

    def update(self, state: KeysSeen, chunk: Chunk) -> KeysSeen:
        """Keep the keys of a chunk."""
        positions = np.flatnonzero(chunk.present(self.columns))
        keys = chunk.frame[list(self.columns)].iloc[positions].set_axis(positions)
        return state.merge(KeysSeen(len(chunk.frame), (keys,) if len(keys) else ()))

    def merge(self, first: KeysSeen, second: KeysSeen) -> KeysSeen:
        """Put the keys of `second` after those of `first`."""
        return first.merge(second)

    def finish(self, state: KeysSeen) -> CheckResult:
        """Fail if a key occurs twice."""
        failing = np.zeros(state.rows, dtype=bool)
        if state.pieces:
            keys = pd.concat(state.pieces) if len(state.pieces) > 1 else state.pieces[0]
            failing[keys.index[keys.duplicated(keep=False)]] = True
        return RowTally.of(failing).verdict(self)
