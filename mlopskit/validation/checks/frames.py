"""Checks of a frame as a whole: its columns and its size."""

from __future__ import annotations

import attrs

from mlopskit.records.report import CheckResult, Severity
from mlopskit.validation.checks.check import FrameCheck
from mlopskit.validation.checks.parameters import few
from mlopskit.validation.chunk import Chunk
from mlopskit.validation.label import Label, column_labels, name_of, plain_labels


@attrs.frozen
class _Columns:
    """What is wrong with the columns of some chunks."""

    missing: frozenset[Label] = frozenset()
    surplus: frozenset[str] = frozenset()
    disordered: bool = False


@attrs.frozen(init=False)
class HasColumns(FrameCheck):
    """These columns are there.

    Parameters
    ----------
    *columns : str, int or tuple
        Their names.
    only : bool, default False
        Whether no others may be there.
    ordered : bool, default False
        Whether they have to come in this order.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Examples
    --------
    >>> str(HasColumns("origin", "dest"))
    'there are the columns origin, dest'
    """

    columns: tuple[Label, ...] = attrs.field(converter=plain_labels, validator=column_labels)
    only: bool = attrs.field(default=False, kw_only=True)
    ordered: bool = attrs.field(default=False, kw_only=True)

    def __init__(self, *columns: Label, only: bool = False, ordered: bool = False, severity: Severity = "error"):
        self.__attrs_init__(columns, only=only, ordered=ordered, severity=severity)

    def __str__(self) -> str:
        which = "only " if self.only else ""
        order = ", in this order" if self.ordered else ""
        columns = "is the column" if len(self.columns) == 1 else "are the columns"
        return f"there {columns.replace('the', f'{which}the', 1)} {few(self.columns)}{order}"

    def start(self) -> _Columns:
        """Return what is wrong with no chunk."""
        return _Columns()

    def update(self, state: _Columns, chunk: Chunk) -> _Columns:
        """Add what this chunk lacks, or has too much, or in another order."""
        there = chunk.labels
        missing = frozenset(self.columns).difference(there)
        surplus = frozenset(map(name_of, set(there).difference(self.columns))) if self.only else frozenset()
        known = [label for label in there if label in self.columns]
        expected = [label for label in self.columns if label in known]
        return self.merge(state, _Columns(missing, surplus, self.ordered and known != expected))

    def merge(self, first: _Columns, second: _Columns) -> _Columns:
        """Unite what is wrong with either."""
        return _Columns(
            first.missing | second.missing, first.surplus | second.surplus, first.disordered or second.disordered
        )

    def finish(self, state: _Columns) -> CheckResult:
        """Fail if anything was wrong with any chunk."""
        missing = [name_of(column) for column in self.columns if column in state.missing]
        problems = [f"{len(missing)} of {len(self.columns)} columns are missing: {few(missing)}"] if missing else []
        if state.surplus:
            problems.append(f"{len(state.surplus)} columns are too many: {few(sorted(state.surplus))}")
        if state.disordered:
            problems.append("the columns come in another order")
        if not problems:
            return self.result("passed")
        observed = {"missing": missing, "surplus": sorted(state.surplus)} if state.surplus else {"missing": missing}
        return self.result("failed", "; ".join(problems), observed=observed)


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
        return state + chunk.row_count

    def merge(self, first: int, second: int) -> int:
        """Add up."""
        return first + second

    def finish(self, state: int) -> CheckResult:
        """Fail if there are too few or too many."""
        enough = self.min <= state and (self.max is None or state <= self.max)
        return self.result("passed" if enough else "failed", "" if enough else f"there are {state} rows", rows=state)
