"""Checks of order and time: what rises, how recent it is, and where something is missing in between."""

from __future__ import annotations

import operator
from typing import Any

import attrs
import numpy as np
import pandas as pd

from mlopskit.errors import ValidationError
from mlopskit.records.report import CheckResult
from mlopskit.validation.checks.check import FrameCheck, RowTally, unfit
from mlopskit.validation.checks.parameters import not_missing
from mlopskit.validation.chunk import Chunk
from mlopskit.validation.column import Column
from mlopskit.validation.label import Label, column_label, name_of, plain_label


def _timedelta(text: Any) -> pd.Timedelta:
    span = pd.Timedelta(text)
    if pd.isna(span) or span <= pd.Timedelta(0):
        raise ValueError(f"{text!r} is no span of time; give one such as '1h' or '7D'")
    return span


def _moment(now: Any) -> pd.Timestamp | None:
    return None if now is None else pd.Timestamp(now)


def _ordered_values(column: Column) -> Any:
    """Return the values that are not missing as an array that knows < and >."""
    if column.kind not in ("int", "float", "datetime", "timedelta", "text", "empty"):
        return None
    return column.values if column.missing is None else column.values[~column.missing]


@attrs.frozen
class _Run:
    """Some rows in order: how many break it, and where it begins and ends."""

    tally: RowTally = attrs.field(factory=RowTally)
    first: Any = None
    first_place: int = -1  # -1: no value yet
    first_label: Any = None
    last: Any = None


@attrs.frozen
class Monotonic(FrameCheck):
    """The values of a column rise, or fall, from row to row. Missing ones are passed over.

    Parameters
    ----------
    column : str, int or tuple
        A column of numbers, moments or texts.
    increasing : bool, default True
        False if they fall.
    strictly : bool, default False
        Whether equal neighbours fail too.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Examples
    --------
    >>> str(Monotonic("time_hour"))
    'time_hour never falls'
    >>> str(Monotonic("id", strictly=True))
    'id rises'
    """

    column: Label = attrs.field(converter=plain_label, validator=column_label)
    increasing: bool = attrs.field(default=True, kw_only=True)
    strictly: bool = attrs.field(default=False, kw_only=True)

    def __str__(self) -> str:
        if self.strictly:
            return f"{name_of(self.column)} {'rises' if self.increasing else 'falls'}"
        return f"{name_of(self.column)} never {'falls' if self.increasing else 'rises'}"

    @property
    def reads(self) -> tuple[Label, ...]:
        """The one column."""
        return (self.column,)

    def start(self) -> _Run:
        """Return no rows."""
        return _Run()

    def update(self, state: _Run, chunk: Chunk) -> _Run:
        """Look at the rows of a chunk, and at the step to its first one."""
        column = chunk.column(self.column)
        if isinstance(column.dtype, pd.CategoricalDtype):  # each chunk may have an order of categories of its own
            raise ValidationError(
                "Monotonic needs values that have an order by themselves, and the column is "
                "categorical; convert it to the type of its categories first"
            )
        values = _ordered_values(column)
        if values is None:
            raise unfit(self, column, "values that have an order")
        if not len(values):
            return self.merge(state, _Run(RowTally(column.rows)))
        stored = np.asarray(values) if isinstance(column.dtype, np.dtype) else values  # moments as NumPy's
        breaks = np.asarray(self._breaks(stored[:-1], stored[1:]), dtype=bool)
        first, failing = 0, None
        if column.missing is not None:
            first = int(np.argmin(column.missing))
        if breaks.any():
            failing = np.zeros(column.rows, dtype=bool)
            places = slice(None) if column.missing is None else ~column.missing
            failing[places] = np.append(False, breaks)
        tally = RowTally.of(failing, column.rows, chunk.row_labels)
        (first_label,) = chunk.row_labels([first])
        return self.merge(state, _Run(tally, values[0], first, first_label, values[-1]))

    def merge(self, first: _Run, second: _Run) -> _Run:
        """Put the rows of `second` after those of `first`."""
        if not first.tally.rows:
            return second
        if second.first_place < 0:
            return attrs.evolve(first, tally=first.tally.merge(second.tally))
        moved = first.tally.rows + second.first_place
        if first.first_place < 0:
            return attrs.evolve(second, tally=first.tally.merge(second.tally), first_place=moved)
        own = second.tally
        if self._breaks(first.last, second.first):
            examples, labels = (second.first_place, *own.examples), (second.first_label, *own.labels)
            own = RowTally(own.rows, own.failed + 1, examples, labels)
        return attrs.evolve(first, tally=first.tally.merge(own), last=second.last)

    def finish(self, state: _Run) -> CheckResult:
        """Fail if any row breaks the order."""
        return state.tally.verdict(self)

    def _breaks(self, before: Any, after: Any) -> Any:
        if self.strictly:
            return operator.ge(before, after) if self.increasing else operator.le(before, after)
        return operator.gt(before, after) if self.increasing else operator.lt(before, after)


@attrs.frozen
class _TimesCheck(FrameCheck):
    """A check of the moments in one column."""

    column: Label = attrs.field(converter=plain_label, validator=column_label)

    @property
    def reads(self) -> tuple[Label, ...]:
        """The one column."""
        return (self.column,)

    def _moments(self, chunk: Chunk) -> pd.DatetimeIndex:
        column = chunk.column(self.column)
        if column.kind == "empty":  # however it is stored
            return pd.DatetimeIndex([])
        if column.stored_kind != "datetime":
            raise unfit(self, column, "moments")
        if column.holds_objects:  # perhaps of several time zones
            return pd.DatetimeIndex([_in_utc(pd.Timestamp(level)) for level in column.levels])
        return pd.DatetimeIndex(column.values).dropna()


@attrs.frozen
class Fresh(_TimesCheck):
    """The newest moment in a column is recent.

    Parameters
    ----------
    column : str, int or tuple
        A column of moments.
    within : str or timedelta
        How old the newest one may be, such as ``"1D"``.
    now : moment, optional
        Compared with this; default the clock's time. Moments that name no time zone are taken as UTC.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    ValueError
        If `within` is no span of time, or `now` no moment.

    Examples
    --------
    >>> str(Fresh("time_hour", "1D"))
    'time_hour is not older than 1 days 00:00:00'
    """

    within: pd.Timedelta = attrs.field(converter=_timedelta)
    now: pd.Timestamp | None = attrs.field(
        default=None, kw_only=True, converter=_moment, validator=attrs.validators.optional(not_missing)
    )

    def __str__(self) -> str:
        return f"{name_of(self.column)} is not older than {self.within}"

    def start(self) -> Any:
        """Return that there is none."""
        return None

    def update(self, state: Any, chunk: Chunk) -> Any:
        """Take the newest moment of a chunk."""
        moments = self._moments(chunk)
        return self.merge(state, _in_utc(moments.max()) if len(moments) else None)

    def merge(self, first: Any, second: Any) -> Any:
        """Take the newer one."""
        return max((each for each in (first, second) if each is not None), default=None)

    def finish(self, state: Any) -> CheckResult:
        """Fail if the newest moment is too old, or there is none."""
        if state is None:
            return self.result("failed", "there is no moment at all")
        age = _in_utc(self.now if self.now is not None else pd.Timestamp.now("UTC")) - state
        message = "" if age <= self.within else f"the newest moment is {age.round('s')} old"
        return self.result("failed" if message else "passed", message, observed={"age_seconds": age.total_seconds()})


def _in_utc(moment: pd.Timestamp) -> pd.Timestamp:
    return moment.tz_localize("UTC") if moment.tzinfo is None else moment.tz_convert("UTC")


@attrs.frozen
class NoGaps(_TimesCheck):
    """No two neighbouring moments in a column, however its rows are ordered, are too far apart.

    Over chunks the distinct moments are kept until the end.

    Parameters
    ----------
    column : str, int or tuple
        A column of moments.
    longest : str or timedelta
        The longest time without any, such as ``"1h"``.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    ValueError
        If `longest` is no span of time.

    Examples
    --------
    >>> str(NoGaps("time_hour", "6h"))
    'time_hour has no gap longer than 0 days 06:00:00'
    """

    longest: pd.Timedelta = attrs.field(converter=_timedelta)

    def __str__(self) -> str:
        return f"{name_of(self.column)} has no gap longer than {self.longest}"

    def start(self) -> Any:
        """Return no moments."""
        return np.empty(0, dtype="M8[ns]")

    def update(self, state: Any, chunk: Chunk) -> Any:
        """Add the distinct moments of a chunk."""
        moments = self._moments(chunk)
        utc = moments.tz_convert("UTC").tz_localize(None) if moments.tz is not None else moments
        return self.merge(state, utc.as_unit("ns").unique().to_numpy())

    def merge(self, first: Any, second: Any) -> Any:
        """Unite both."""
        return np.union1d(first, second) if len(first) else np.unique(second)

    def finish(self, state: Any) -> CheckResult:
        """Fail if two neighbours are too far apart."""
        gaps = np.diff(state)
        count = int(np.count_nonzero(gaps > self.longest.to_timedelta64()))
        longest = pd.Timedelta(gaps.max()) if len(gaps) else pd.Timedelta(0)
        message = f"{count} gap{'s are' if count > 1 else ' is'} longer; the longest is {longest}" if count else ""
        observed = {"gaps": count, "longest_seconds": longest.total_seconds()}
        return self.result("failed" if count else "passed", message, observed=observed)
