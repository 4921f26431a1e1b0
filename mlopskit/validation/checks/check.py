"""What a check of rows is: state that starts, takes chunks, merges and finishes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import attrs
import numpy as np

from mlopskit.records.report import CheckResult, Severity, Status
from mlopskit.validation.chunk import Chunk, Mask, as_mask

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
        values = [getattr(self, field.name) for field in attrs.fields(type(self)) if field.name != "severity"]
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
    def reads(self) -> tuple[str, ...]:
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
    """How many rows failed, and where the first of them are; positions count from the first row seen."""

    rows: int = 0
    failed: int = 0
    examples: tuple[int, ...] = ()

    @classmethod
    def of(cls, failing: Mask) -> RowTally:
        """Count a mask, one value per row."""
        positions = np.flatnonzero(failing)
        return cls(len(failing), len(positions), tuple(positions[:_EXAMPLES].tolist()))

    def merge(self, later: RowTally) -> RowTally:
        """Count the rows of both, `later` coming after these."""
        examples = self.examples + tuple(self.rows + position for position in later.examples)
        return RowTally(self.rows + later.rows, self.failed + later.failed, examples[:_EXAMPLES])

    def verdict(self, check: Check, **found: Any) -> CheckResult:
        """Make the result: failed if any row did."""
        status: Status = "failed" if self.failed else "passed"
        message = f"{self.failed} of {self.rows} rows fail" if self.failed else ""
        return check.result(status, message, failed=self.failed, rows=self.rows, examples=self.examples, **found)


@attrs.frozen
class EachRow(FrameCheck):
    """A check that looks at each row by itself; `RowCheck` is the usual case of one column."""

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
        return RowTally()

    def update(self, state: RowTally, chunk: Chunk) -> RowTally:
        """Count the failing rows of a chunk."""
        failing = chunk.present(self.reads)
        rows = chunk.rows(failing)
        failing[failing] = as_mask(self.failing(rows), len(rows))
        return state.merge(RowTally.of(failing))

    def merge(self, first: RowTally, second: RowTally) -> RowTally:
        """Add up."""
        return first.merge(second)

    def finish(self, state: RowTally) -> CheckResult:
        """Fail if any row does."""
        return state.verdict(self)


@attrs.frozen
class RowCheck(EachRow):
    """A check of the values in one column, told by which rows fail.

    Parameters
    ----------
    column : str
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

    column: str = attrs.field(validator=attrs.validators.instance_of(str))

    @property
    def reads(self) -> tuple[str, ...]:
        """The one column."""
        return (self.column,)
