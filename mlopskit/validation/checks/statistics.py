"""Checks of statistics: one number of a whole column, or of two, within bounds."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from mlopskit.errors import ValidationError
from mlopskit.records.report import CheckResult
from mlopskit.validation.checks.check import FrameCheck, unfit
from mlopskit.validation.checks.parameters import few, is_among, plain, same_values
from mlopskit.validation.chunk import Chunk
from mlopskit.validation.label import Label, column_label, name_of, plain_label


def _all_plain(values: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(map(plain, values))


def _bound(owner: Any, field: Any, value: Any) -> None:
    if value is not None and math.isnan(value):
        raise ValueError(f"{type(owner).__name__}: {field.name} is NaN; give a number, or None for no bound")


@attrs.frozen
class _Statistic(FrameCheck):
    """A check of one number; a subclass says how it adds up."""

    column: Label = attrs.field(converter=plain_label, validator=column_label)
    low: float | None = attrs.field(default=None, kw_only=True, validator=_bound)
    high: float | None = attrs.field(default=None, kw_only=True, validator=_bound)

    def __attrs_post_init__(self) -> None:
        if self.low is None and self.high is None:
            raise ValueError(f"{type(self).__name__}({self.column!r}) has no bound; give low=, high= or both")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"{type(self).__name__}({self.column!r}): low is above high; give the lower bound first")

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

    @property
    def _range(self) -> str:
        if self.low is None:
            return f"at most {self.high:g}"
        return f"at least {self.low:g}" if self.high is None else f"between {self.low:g} and {self.high:g}"

    def _numbers(self, chunk: Chunk, name: Label) -> NDArray[Any]:
        column = chunk.column(name)
        if column.kind == "empty":
            return np.empty(0)
        if column.numbers is None:
            raise unfit(self, column, "numbers")
        present = column.numbers if column.missing is None else column.numbers[~column.missing]
        return present.astype(float)


@attrs.frozen
class _Moments:
    """Count, mean and sum of squared deviations, which add up exactly as if all rows were seen at once.

    T. F. Chan, G. H. Golub and R. J. LeVeque, Algorithms for computing the sample variance, 1983, formula (1.5).
    """

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0

    @classmethod
    def of(cls, values: NDArray[Any]) -> _Moments:
        if not len(values):
            return cls()
        with np.errstate(invalid="ignore"):  # infinite ones have no deviations
            mean = float(values.mean())
            return cls(len(values), mean, float(np.square(values - mean).sum()))

    def merge(self, other: _Moments) -> _Moments:
        count = self.count + other.count
        if not self.count or not other.count:
            return other if other.count else self
        if not (math.isfinite(self.mean) and math.isfinite(other.mean)):
            return _Moments(count, self.mean + other.mean, math.nan)  # as over all rows at once
        apart = other.mean - self.mean
        mean = self.mean + apart * other.count / count
        squares = self.squares + other.squares + apart * apart * self.count * other.count / count
        return _Moments(count, mean, squares)


@attrs.frozen
class _OfMoments(_Statistic):
    def start(self) -> _Moments:
        """Return no values."""
        return _Moments()

    def update(self, state: _Moments, chunk: Chunk) -> _Moments:
        """Add the values of a chunk."""
        return state.merge(_Moments.of(self._numbers(chunk, self.column)))

    def merge(self, first: _Moments, second: _Moments) -> _Moments:
        """Add up."""
        return first.merge(second)


@attrs.frozen
class Mean(_OfMoments):
    """The mean of a column is within bounds; missing values are passed over.

    Parameters
    ----------
    column : str, int or tuple
        A column of numbers.
    low, high : float, optional
        Both still pass; at least one is needed.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Examples
    --------
    >>> str(Mean("dep_delay", low=-5, high=30))
    'the mean of dep_delay is between -5 and 30'
    """

    @property
    def named(self) -> str:
        """What the number is called."""
        return f"the mean of {name_of(self.column)}"

    def value(self, state: _Moments) -> float:
        """Return the mean."""
        return state.mean if state.count else math.nan


@attrs.frozen
class StandardDeviation(_OfMoments):
    """The standard deviation of a column, with n - 1 below, is within bounds; missing values are passed over.

    Parameters
    ----------
    column : str, int or tuple
        A column of numbers.
    low, high : float, optional
        Both still pass; at least one is needed.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Examples
    --------
    >>> str(StandardDeviation("dep_delay", high=60))
    'the standard deviation of dep_delay is at most 60'
    """

    @property
    def named(self) -> str:
        """What the number is called."""
        return f"the standard deviation of {name_of(self.column)}"

    def value(self, state: _Moments) -> float:
        """Return the standard deviation."""
        return math.sqrt(state.squares / (state.count - 1)) if state.count > 1 else math.nan


@attrs.frozen
class Quantile(_Statistic):
    """A quantile of a column, interpolated as by numpy, is within bounds; missing values are passed over.

    Over chunks the column's numbers are kept until the end.

    Parameters
    ----------
    column : str, int or tuple
        A column of numbers.
    q : float
        Which one, from 0 to 1; 0.5 is the median.
    low, high : float, optional
        Both still pass; at least one is needed.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Examples
    --------
    >>> str(Quantile("distance", 0.5, low=700, high=1100))
    'the 0.5 quantile of distance is between 700 and 1100'
    """

    q: float = attrs.field(validator=[attrs.validators.ge(0), attrs.validators.le(1)])

    @property
    def named(self) -> str:
        """What the number is called."""
        return f"the {self.q:g} quantile of {name_of(self.column)}"

    def start(self) -> tuple[NDArray[Any], ...]:
        """Return no numbers."""
        return ()

    def update(self, state: tuple[NDArray[Any], ...], chunk: Chunk) -> tuple[NDArray[Any], ...]:
        """Keep the numbers of a chunk."""
        return (*state, self._numbers(chunk, self.column))

    def merge(self, first: tuple[NDArray[Any], ...], second: tuple[NDArray[Any], ...]) -> tuple[NDArray[Any], ...]:
        """Put both together."""
        return first + second

    def value(self, state: tuple[NDArray[Any], ...]) -> float:
        """Return the quantile."""
        numbers = np.concatenate(state) if state else np.empty(0)
        return float(np.quantile(numbers, self.q)) if len(numbers) else math.nan


@attrs.frozen
class Share(_Statistic):
    """The share of rows that have one of some values is within bounds; rows without a value count as others.

    Parameters
    ----------
    column : str, int or tuple
        The column.
    values : iterable
        Which values.
    low, high : float, optional
        From 0 to 1; both still pass; at least one is needed.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Examples
    --------
    >>> str(Share("origin", ["JFK"], low=0.2, high=0.5))
    'the share of JFK in origin is between 0.2 and 0.5'
    """

    values: tuple[Any, ...] = attrs.field(converter=_all_plain)

    @property
    def named(self) -> str:
        """What the number is called."""
        return f"the share of {few(self.values)} in {name_of(self.column)}"

    def start(self) -> tuple[int, int]:
        """Return no rows."""
        return 0, 0

    def update(self, state: tuple[int, int], chunk: Chunk) -> tuple[int, int]:
        """Count the rows of a chunk."""
        wanted = same_values(self.values)
        mask = chunk.column(self.column).failing_levels(lambda level: is_among(level, wanted))
        return self.merge(state, (0 if mask is None else int(np.count_nonzero(mask)), chunk.row_count))

    def merge(self, first: tuple[int, int], second: tuple[int, int]) -> tuple[int, int]:
        """Add up."""
        return first[0] + second[0], first[1] + second[1]

    def value(self, state: tuple[int, int]) -> float:
        """Return the share."""
        return state[0] / state[1] if state[1] else math.nan


@attrs.frozen
class Cardinality(_Statistic):
    """The number of distinct values in a column is within bounds; missing ones do not count.

    Over chunks the distinct values are kept until the end.

    Parameters
    ----------
    column : str, int or tuple
        The column.
    low, high : int, optional
        Both still pass; at least one is needed.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Examples
    --------
    >>> str(Cardinality("carrier", low=10, high=20))
    'the number of distinct values of carrier is between 10 and 20'
    """

    @property
    def named(self) -> str:
        """What the number is called."""
        return f"the number of distinct values of {name_of(self.column)}"

    def start(self) -> frozenset[Any]:
        """Return no values."""
        return frozenset()

    def update(self, state: frozenset[Any], chunk: Chunk) -> frozenset[Any]:
        """Add the distinct values of a chunk; levels that no row has do not count."""
        column = chunk.column(self.column)
        levels = column.levels
        there = np.unique(column.codes)
        try:
            return state | same_values(levels[int(code)] for code in there if code >= 0)
        except TypeError as error:
            raise ValidationError("its values can not be told apart, as they are not hashable") from error

    def merge(self, first: frozenset[Any], second: frozenset[Any]) -> frozenset[Any]:
        """Unite both."""
        return first | second

    def value(self, state: frozenset[Any]) -> float:
        """Return how many there are."""
        return float(len(state))


@attrs.frozen
class Correlation(_Statistic):
    """Pearson's correlation of two columns is within bounds, over the rows that have both.

    Parameters
    ----------
    column, other : str, int or tuple
        Columns of numbers.
    low, high : float, optional
        From -1 to 1; both still pass; at least one is needed.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Examples
    --------
    >>> str(Correlation("air_time", "distance", low=0.9))
    'the correlation of air_time and distance is at least 0.9'
    """

    other: Label = attrs.field(converter=plain_label, validator=column_label)

    @property
    def named(self) -> str:
        """What the number is called."""
        return f"the correlation of {name_of(self.column)} and {name_of(self.other)}"

    @property
    def reads(self) -> tuple[Label, ...]:
        """Both columns."""
        return self.column, self.other

    def start(self) -> tuple[_Moments, _Moments, float]:
        """Return no rows."""
        return _Moments(), _Moments(), 0.0

    def update(self, state: tuple[_Moments, _Moments, float], chunk: Chunk) -> tuple[_Moments, _Moments, float]:
        """Add the rows of a chunk."""
        present = chunk.present(self.reads)
        numbers = []
        for column in map(chunk.column, self.reads):
            if column.kind == "empty":
                return state
            if column.numbers is None:
                raise unfit(self, column, "numbers")
            numbers.append(column.numbers[present].astype(float))
        moments = [_Moments.of(values) for values in numbers]
        products = float(((numbers[0] - moments[0].mean) * (numbers[1] - moments[1].mean)).sum())
        return self.merge(state, (moments[0], moments[1], products))

    def merge(
        self, first: tuple[_Moments, _Moments, float], second: tuple[_Moments, _Moments, float]
    ) -> tuple[_Moments, _Moments, float]:
        """Add up, the products of deviations as Chan, Golub and LeVeque do the squares."""
        (x, y, products), (u, v, more) = first, second
        count = x.count + u.count
        between = (u.mean - x.mean) * (v.mean - y.mean) * x.count * u.count / count if count else 0.0
        return x.merge(u), y.merge(v), products + more + between

    def value(self, state: tuple[_Moments, _Moments, float]) -> float:
        """Return the correlation; NaN if a column is constant."""
        x, y, products = state
        spread = math.sqrt(x.squares * y.squares)
        return products / spread if spread else math.nan
