"""What a check of rows is: state that starts, takes chunks, merges and finishes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import attrs
import numpy as np

from mlopskit.errors import ValidationError
from mlopskit.records.report import CheckResult, Severity, Status
from mlopskit.validation.checks.parameters import share
from mlopskit.validation.chunk import Chunk, as_mask
from mlopskit.validation.column import Column, Mask
from mlopskit.validation.label import Label, LabelsAt, column_label, plain_label

_EXAMPLES = 10


@attrs.frozen
class Check:
    """A condition in words; see `RowCheck`, `FrameCheck` and `ModelCheck` for what to subclass.

    Parameters
    ----------
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.
    """

    severity: Severity = attrs.field(default="error", kw_only=True, validator=attrs.validators.in_(("error", "warn")))

    def __str__(self) -> str:
        values = [getattr(self, field.name) for field in attrs.fields(type(self)) if not field.kw_only]
        return f"{type(self).__name__}({', '.join(map(repr, values))})"

    def result(self, status: Status, message: str = "", **found: Any) -> CheckResult:
        """Make the result of this check; `found` are further fields of `CheckResult`."""
        return CheckResult(str(self), status, message, self.severity, **found)


@attrs.frozen
class FrameCheck(Check, ABC):
    """A check of a frame as a whole, in one piece or in chunks.

    A subclass says what it keeps of a chunk. State is immutable: `update` and `merge` return a new one. However a
    frame is cut, updating with its pieces one after the other, and merging the states of single pieces in their order,
    must finish alike.

    Examples
    --------
    >>> import pandas as pd
    >>> from mlopskit.validation import Validator
    >>> class IsBalanced(FrameCheck):
    ...     def start(self): return 0
    ...     def update(self, state, chunk): return state + chunk.frame["change"].sum()
    ...     def merge(self, first, second): return first + second
    ...     def finish(self, state): return self.result("passed" if state == 0 else "failed")
    >>> Validator([IsBalanced()]).validate(pd.DataFrame({"change": [5, -5]})).ok
    True
    """

    @property
    def reads(self) -> tuple[Label, ...]:
        """The columns without which this check can not run."""
        return ()

    @abstractmethod
    def start(self) -> Any:
        """Return the state before any row."""

    @abstractmethod
    def update(self, state: Any, chunk: Chunk) -> Any:
        """Return the state after the rows ``chunk.frame``; ``chunk.missing(column)`` is shared by all checks."""

    @abstractmethod
    def merge(self, first: Any, second: Any) -> Any:
        """Return the state after the rows of both, those of `first` coming first."""

    @abstractmethod
    def finish(self, state: Any) -> CheckResult:
        """Return the verdict."""


@attrs.frozen
class RowTally:
    """How many rows failed, and which are the first of them: by position from the first row seen, and by label.

    If values were seen of which none fits the check, `misfit` says so; it is empty if one does, and None before any.
    """

    rows: int = 0
    failed: int = 0
    examples: tuple[int, ...] = ()
    labels: tuple[Any, ...] = ()
    misfit: str | None = None

    @classmethod
    def of(cls, failing: Mask | None, rows: int, labels_at: LabelsAt, misfit: str | None = None) -> RowTally:
        """Count a mask, one value per row; None if no row fails. Labels are looked up for the first few that do."""
        failed = 0 if failing is None else int(np.count_nonzero(failing))
        if failing is None or not failed:
            return cls(rows, misfit=misfit)
        examples = _first(failing, failed)
        return cls(rows, failed, examples, labels_at(examples), misfit)

    def merge(self, later: RowTally) -> RowTally:
        """Count the rows of both, `later` coming after these."""
        if not self.rows:
            return later
        examples = self.examples + tuple(self.rows + position for position in later.examples)
        labels = self.labels + later.labels
        misfit = later.misfit if self.misfit is None or (self.misfit and later.misfit is not None) else self.misfit
        rows, failed = self.rows + later.rows, self.failed + later.failed
        return RowTally(rows, failed, examples[:_EXAMPLES], labels[:_EXAMPLES], misfit)

    @property
    def found(self) -> dict[str, Any]:
        """The fields of a `CheckResult` that say so."""
        return {"failed": self.failed, "rows": self.rows, "examples": self.examples, "labels": self.labels}

    def verdict(self, check: Check, *, at_least: float = 1.0, **found: Any) -> CheckResult:
        """Make the result: failed if any row did, or more rows than may."""
        if not self.failed:
            return check.result("passed", rows=self.rows, **found)
        enough = (self.rows - self.failed) / self.rows >= at_least  # 55 of 100 are 0.55, and 0.55 * 100 is more than 55
        status: Status = "passed" if enough else "failed"
        message = f"{self.failed} of {self.rows} rows fail"
        if at_least < 1:
            message += f"; at least {at_least:.4g} of them have to pass"
        return check.result(status, message, **self.found, **found)


NO_ROWS = RowTally()


def _first(failing: Mask, failed: int) -> tuple[int, ...]:
    """Find the first few failing rows: where many fail they are near the beginning."""
    if failed < _EXAMPLES * 100:
        return tuple(np.flatnonzero(failing)[:_EXAMPLES].tolist())
    found: list[int] = []
    place, step = 0, _EXAMPLES * 100
    while len(found) < _EXAMPLES:
        found.extend((place + np.flatnonzero(failing[place : place + step])).tolist())
        place, step = place + step, 2 * step
    return tuple(found[:_EXAMPLES])


@attrs.frozen
class EachRow(FrameCheck):
    """A check that looks at each row by itself; `RowCheck` is the usual case of one column.

    Parameters
    ----------
    at_least : float, default 1.0
        The share of the rows that have to pass.
    """

    at_least: float = attrs.field(default=1.0, kw_only=True, converter=float, validator=share)

    def result(self, status: Status, message: str = "", **found: Any) -> CheckResult:
        """Make the result of this check, named with the share of rows that has to pass."""
        made = FrameCheck.result(self, status, message, **found)
        if self.at_least == 1:
            return made
        return attrs.evolve(made, check=f"{made.check}, in {100 * self.at_least:.4g} % of the rows")

    @abstractmethod
    def failing(self, frame: Any) -> Any:
        """Tell which rows fail.

        Parameters
        ----------
        frame : DataFrame
            Rows in which none of the columns in `reads` is missing: a missing value never fails, see `NotNull`.

        Returns
        -------
        Series or array of bool, one per row
        """

    def start(self) -> RowTally:
        """Return the count of no rows."""
        return NO_ROWS

    def failing_rows(self, chunk: Chunk) -> Mask | None:
        """Tell which rows of a chunk fail; None if none does."""
        failing = chunk.present(self.reads)
        rows = chunk.rows(failing)
        failing[failing] = as_mask(self.failing(rows), len(rows))
        return failing

    def update(self, state: RowTally, chunk: Chunk) -> RowTally:
        """Count the failing rows of a chunk."""
        return state.merge(RowTally.of(self.failing_rows(chunk), chunk.row_count, chunk.row_labels))

    def merge(self, first: RowTally, second: RowTally) -> RowTally:
        """Add up."""
        return first.merge(second)

    def finish(self, state: RowTally) -> CheckResult:
        """Fail if any row does, or more than may."""
        return state.verdict(self, at_least=self.at_least)


@attrs.frozen
class RowCheck(EachRow):
    """A check of the values in one column, told by which rows fail.

    Parameters
    ----------
    column : str, int or tuple
        The column; rows where it is missing are not looked at.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Examples
    --------
    >>> import pandas as pd
    >>> from mlopskit.validation import Validator
    >>> class IsTailNumber(RowCheck):
    ...     def failing(self, frame): return ~frame[self.column].str.match(r"^N[0-9]")
    >>> Validator([IsTailNumber("tailnum")]).validate(pd.DataFrame({"tailnum": ["N14228", None, "14228"]}))
    ValidationReport: failed (1 failed, 3 rows)
      failed   IsTailNumber('tailnum')   1 of 3 rows fail
    """

    column: Label = attrs.field(converter=plain_label, validator=column_label)

    @property
    def reads(self) -> tuple[Label, ...]:
        """The one column."""
        return (self.column,)


def of_rows(owner: Any, field: Any, check: Any) -> None:
    """Refuse what is no check of rows."""
    if not isinstance(check, EachRow):
        name, kind = type(owner).__name__, type(check).__name__
        raise TypeError(f"{name}: {field.name} is a check of rows, such as checks.Between, not a {kind}")


@attrs.frozen
class ValueCheck(RowCheck):
    """A built-in check of one column, which works on what is known of it rather than on a frame."""

    needs: ClassVar[str] = "values"
    """What `fits` it."""

    def fits(self, value: Any) -> bool:  # noqa: ARG002 - any does
        """Whether the check makes sense for a value: among objects one that does is enough, in whichever chunk."""
        return True

    @abstractmethod
    def failing_values(self, column: Column) -> Mask | None:
        """Tell which rows fail, missing ones never; None if none does.

        Raises
        ------
        ValidationError
            If the check makes no sense for this kind of column, unless it is one of objects.
        """

    def update(self, state: RowTally, chunk: Chunk) -> RowTally:
        """Count the failing rows of a chunk, and tell whether any value fits."""
        failing, column = self.failing_rows(chunk), chunk.column(self.column)
        misfit: str | None = ""
        if column.missing_count == column.rows:
            misfit = None
        elif column.holds_objects and not any(map(self.fits, column.levels)):
            misfit = str(unfit(self, column, self.needs))
        return state.merge(RowTally.of(failing, chunk.row_count, chunk.row_labels, misfit))

    def finish(self, state: RowTally) -> CheckResult:
        """Fail if any row does, or more than may.

        Raises
        ------
        ValidationError
            If there were values, and the check makes sense for none of them.
        """
        if state.misfit:
            raise ValidationError(state.misfit)
        return EachRow.finish(self, state)

    def failing_rows(self, chunk: Chunk) -> Mask | None:
        """Tell which rows of a chunk fail; None if none does."""
        return self.failing_values(chunk.column(self.column))

    def failing(self, frame: Any) -> Any:
        """Tell which rows of a frame fail."""
        failing = self.failing_rows(Chunk(frame))
        return np.zeros(len(frame), dtype=bool) if failing is None else failing


def unfit(check: Check, column: Column, wanted: str) -> ValidationError:
    """Say that a check makes no sense for a column, by what it holds and never by its values."""
    return ValidationError(
        f"{type(check).__name__} needs {wanted}, and the column holds {column.kind} values; convert it first"
    )
