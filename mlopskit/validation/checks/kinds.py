"""Checks of kinds: what a column holds, and how it is stored."""

from __future__ import annotations

from typing import get_args

import attrs

from mlopskit.records.report import CheckResult
from mlopskit.validation.checks.check import FrameCheck
from mlopskit.validation.chunk import Chunk
from mlopskit.validation.column import Kind
from mlopskit.validation.label import Label, column_label, name_of, plain_label


@attrs.frozen
class _SameThroughout(FrameCheck):
    """A check of what a column is, which every chunk has to agree on; the state is what was found."""

    column: Label = attrs.field(converter=plain_label, validator=column_label)

    @property
    def reads(self) -> tuple[Label, ...]:
        """The one column."""
        return (self.column,)

    def start(self) -> frozenset[str]:
        """Return that nothing was found."""
        return frozenset()

    def merge(self, first: frozenset[str], second: frozenset[str]) -> frozenset[str]:
        """Unite what was found."""
        return first | second

    def _verdict(self, found: frozenset[str], wanted: frozenset[str]) -> CheckResult:
        strange = sorted(found - wanted)
        message = f"it is {' and '.join(strange)}" if strange else ""
        return self.result("failed" if strange else "passed", message, observed={"found": sorted(found)})


_GAPS, _WHOLE = "gaps", "whole floats"
_EXPECTED = tuple(kind for kind in get_args(Kind) if kind not in ("mixed", "object", "empty"))
"""Kinds of single values: whether values are mixed would depend on where a chunk ends."""


@attrs.frozen
class IsKind(_SameThroughout):
    """A column holds values of one kind, however they are stored: ints with gaps, stored as floats, are ints.

    Parameters
    ----------
    column : str, int or tuple
        The column.
    kind : {"int", "float", "bool", "text", "datetime", "timedelta", "complex", "period", "bytes"}
        An int is also a float; a bool is no int. A column without values is of every kind.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    ValueError
        If there is no such kind.

    Examples
    --------
    >>> str(IsKind("flight", "int"))
    'flight holds int values'
    """

    kind: Kind = attrs.field(validator=attrs.validators.in_(_EXPECTED))

    def __str__(self) -> str:
        return f"{name_of(self.column)} holds {self.kind} values"

    def update(self, state: frozenset[str], chunk: Chunk) -> frozenset[str]:
        """Add the kind of a chunk, unless it has no values, and whether it has gaps."""
        column = chunk.column(self.column)
        gaps = frozenset({_GAPS} if column.missing_count else ())
        if column.missing_count == column.rows:
            return state | gaps
        stored = column.stored_kind
        return state | gaps | {_WHOLE if stored == "float" and column.is_whole else stored}

    def finish(self, state: frozenset[str]) -> CheckResult:
        """Fail if another kind was found; whole floats are ints if there are gaps, in whichever chunk."""
        found = state - {_GAPS, _WHOLE}
        if _WHOLE in state:
            found |= {"int" if _GAPS in state and "float" not in state else "float"}
        wanted = {self.kind, "int"} if self.kind == "float" else {self.kind}
        return self._verdict(found, frozenset(wanted) | {"empty"})


@attrs.frozen
class HasDtype(_SameThroughout):
    """A column is stored in one dtype of pandas.

    Parameters
    ----------
    column : str, int or tuple
        The column.
    dtype : str
        As pandas writes it, such as ``"int64"``, ``"Int64"`` or ``"datetime64[ns, UTC]"``.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Examples
    --------
    >>> str(HasDtype("flight", "int64"))
    'flight is stored as int64'
    """

    dtype: str = attrs.field(converter=str)

    def __str__(self) -> str:
        return f"{name_of(self.column)} is stored as {self.dtype}"

    def update(self, state: frozenset[str], chunk: Chunk) -> frozenset[str]:
        """Add the dtype of a chunk."""
        return state | {str(chunk.column(self.column).dtype)}

    def finish(self, state: frozenset[str]) -> CheckResult:
        """Fail if another dtype was found."""
        return self._verdict(state, frozenset({self.dtype}))


@attrs.frozen
class InTimeZone(_SameThroughout):
    """The moments in a column are in one time zone, or in none.

    Parameters
    ----------
    column : str, int or tuple
        A column of moments.
    zone : str or None
        Such as ``"UTC"`` or ``"America/New_York"``; None for moments that name no zone. A column without values is in
        every zone.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Examples
    --------
    >>> str(InTimeZone("time_hour", "UTC")), str(InTimeZone("time_hour", None))
    ('time_hour is in the time zone UTC', 'time_hour names no time zone')
    """

    zone: str | None = attrs.field(validator=attrs.validators.optional(attrs.validators.instance_of(str)))

    def __str__(self) -> str:
        if self.zone is None:
            return f"{name_of(self.column)} names no time zone"
        return f"{name_of(self.column)} is in the time zone {self.zone}"

    def update(self, state: frozenset[str], chunk: Chunk) -> frozenset[str]:
        """Add the zone of a chunk, or what it holds instead of moments."""
        column = chunk.column(self.column)
        if column.stored_kind != "datetime":
            return state if column.kind == "empty" else state | {f"{column.kind} values"}
        if column.holds_objects:
            present = column.values if column.missing is None else column.values[~column.missing]
            zones = {getattr(moment, "tzinfo", None) for moment in present}  # a date has none
        else:
            dtype = column.dtype
            zones = {getattr(dtype, "tz", None) or getattr(getattr(dtype, "pyarrow_dtype", None), "tz", None)}
        return state | {"without a time zone" if zone is None else str(zone) for zone in zones}

    def finish(self, state: frozenset[str]) -> CheckResult:
        """Fail if another zone was found."""
        return self._verdict(state, frozenset({"without a time zone" if self.zone is None else self.zone}))
