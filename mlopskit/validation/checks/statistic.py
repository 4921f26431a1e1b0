"""`Statistic`: what checks of one number have in common, and where their bounds may come from."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any, ClassVar, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from mlopskit.errors import ValidationError
from mlopskit.records.report import CheckResult
from mlopskit.storage.frames import Frames, frames_in
from mlopskit.validation.checks.check import FrameCheck, unfit
from mlopskit.validation.chunk import Chunk
from mlopskit.validation.column import Column, Mask
from mlopskit.validation.label import Label, column_label, plain_label


def _bound(owner: Any, field: Any, value: Any) -> None:
    if value is not None and math.isnan(value):
        raise ValueError(f"{type(owner).__name__}: {field.name} is NaN; give a number, or None for no bound")


@attrs.frozen
class Statistic(FrameCheck):
    """A check of one number; a subclass says how it adds up."""

    possible: ClassVar[tuple[float, float]] = (-math.inf, math.inf)
    """Between which bounds the number lies in any data."""

    column: Label = attrs.field(converter=plain_label, validator=column_label)
    low: float | None = attrs.field(default=None, kw_only=True, validator=_bound)
    high: float | None = attrs.field(default=None, kw_only=True, validator=_bound)

    def __attrs_post_init__(self) -> None:
        if self.low is None and self.high is None:
            raise ValueError(f"{type(self).__name__}({self.column!r}) has no bound; give low=, high= or both")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"{type(self).__name__}({self.column!r}): low is above high; give the lower bound first")
        least, most = self.possible
        for name, bound in (("low", self.low), ("high", self.high)):
            if bound is not None and math.isfinite(bound) and not least <= bound <= most:
                raise ValueError(
                    f"{type(self).__name__}({self.column!r}): {name} is {bound:g}, and {self.named} is always from "
                    f"{least:g} to {most:g}; give a bound in between, or None for no bound"
                )

    @classmethod
    def from_reference(
        cls, reference: Frames, *args: Any, relative: float | None = None, absolute: float | None = None, **kwargs: Any
    ) -> Self:
        """Return a check whose bounds lie around the number that a reference has.

        The bounds are computed at once: of the reference nothing else is kept.

        Parameters
        ----------
        reference : DataFrame, table, iterable of them, str or path
            Whatever `Validator.validate` takes, such as the rows that a model was trained on.
        *args, **kwargs
            As of the check, without `low` and `high`: first of all its column.
        relative, absolute : float
            How far the number may be from that of the reference, as a share of it or as it is; one of the two. There
            is no default: rows of real data come in days and batches that differ by more than chance among single rows
            would explain, so it is yours to say which difference matters.

        Raises
        ------
        ValueError
            If not one of `relative` and `absolute` is given, or it is no finite number of at least 0.
        ValidationError
            If the reference lacks the column, has no numbers or too few values in it, or the number is infinite; or if
            it is 0 and has no share.

        Examples
        --------
        >>> import pandas as pd
        >>> from mlopskit.validation import checks
        >>> january = pd.DataFrame({"distance": [200, 1000, 700, 2200], "origin": ["JFK", "EWR", "JFK", "LGA"]})
        >>> str(checks.Mean.from_reference(january, "distance", relative=0.1))
        'the mean of distance is between 922.5 and 1127.5'
        >>> str(checks.Share.from_reference(january, "origin", ["JFK"], absolute=0.1))
        'the share of JFK in origin is between 0.4 and 0.6'
        """
        given = {"relative": relative, "absolute": absolute}
        allowed = {name: value for name, value in given.items() if value is not None}
        if len(allowed) != 1:
            raise ValueError(
                f"{cls.__name__}.from_reference needs either relative= or absolute=, how far it may be off"
            )
        ((name, margin),) = allowed.items()
        if not 0 <= margin < math.inf:
            raise ValueError(f"{cls.__name__}.from_reference: {name} is a finite number of at least 0, not {margin}")
        check = cls(*args, **kwargs, low=-math.inf, high=math.inf)
        value = check._value_in(reference)
        if name == "relative":
            if not value:
                raise ValidationError(
                    f"{check.named} is 0 in the reference, which has no share: give absolute= instead"
                )
            margin *= abs(value)
        least, most = cls.possible
        return attrs.evolve(check, low=max(value - margin, least), high=min(value + margin, most))

    def __str__(self) -> str:
        return f"{self.named} is {self._range}"

    @property
    def reads(self) -> tuple[Label, ...]:
        """The one column."""
        return (self.column,)

    @property
    @abstractmethod
    def named(self) -> str:
        """What the number is called."""

    @abstractmethod
    def value(self, state: Any) -> float:
        """Return the number; NaN if there are too few rows for one."""

    def finish(self, state: Any) -> CheckResult:
        """Fail if the number is out of bounds, or there is none."""
        value = float(self.value(state))
        observed = {"value": None if math.isnan(value) else value, "low": self.low, "high": self.high}
        if math.isnan(value):
            return self.result("failed", "not enough data", observed=observed)
        inside = (self.low is None or value >= self.low) and (self.high is None or value <= self.high)
        return self.result("passed" if inside else "failed", "" if inside else f"it is {value:.6g}", observed=observed)

    def _value_in(self, reference: Frames) -> float:
        """Return the number of a reference.

        Raises
        ------
        ValidationError
            If it has none.
        """
        state, has_values = self.start(), False
        for frame in frames_in(reference):
            chunk = Chunk(frame)
            if problem := chunk.unreadable(self.reads):
                raise ValidationError(f"{self.named}: in the reference {problem}; name columns that it has")
            try:
                state = self.update(state, chunk)
            except ValidationError as error:
                raise ValidationError(f"{self.named}: in the reference, {error}") from error
            has_values = has_values or bool(chunk.present(self.reads).any())
        value = float(self.value(state)) if has_values else math.nan
        if math.isnan(value):
            raise ValidationError(
                f"{self.named}: there is not enough data in the reference; give more rows with values"
            )
        if math.isinf(value):
            raise ValidationError(f"{self.named} is infinite in the reference; leave rows with infinite values out")
        return value

    @property
    def _range(self) -> str:
        if self.low is None:
            return f"at most {self.high:g}"
        return f"at least {self.low:g}" if self.high is None else f"between {self.low:g} and {self.high:g}"

    def _numbers(self, chunk: Chunk, name: Label) -> NDArray[Any]:
        column = chunk.column(name)
        if column.kind == "empty":
            return np.empty(0)
        return self._floats(column, None if column.missing is None else ~column.missing)

    def _floats(self, column: Column, present: Mask | None) -> NDArray[Any]:
        """Return the numbers under a mask, decimals and other objects among them too; None: all."""
        if column.kind not in ("int", "float"):
            raise unfit(self, column, "numbers")
        numbers = column.values if column.numbers is None else column.numbers
        return np.asarray(numbers if present is None else numbers[present], dtype=float)
