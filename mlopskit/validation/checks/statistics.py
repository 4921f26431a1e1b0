"""Checks of statistics: one number of a whole column, or of two, within bounds."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from mlopskit.errors import ValidationError
from mlopskit.validation.checks.parameters import few, is_among, listed, plain_values, same_values
from mlopskit.validation.checks.statistic import Statistic
from mlopskit.validation.chunk import Chunk
from mlopskit.validation.label import Label, column_label, name_of, plain_label
from mlopskit.validation.moments import Moments


@attrs.frozen
class _OfMoments(Statistic):
    def start(self) -> Moments:
        """Return no values."""
        return Moments()

    def update(self, state: Moments, chunk: Chunk) -> Moments:
        """Add the values of a chunk."""
        return state.merge(Moments.of(self._numbers(chunk, self.column)))

    def merge(self, first: Moments, second: Moments) -> Moments:
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

    def value(self, state: Moments) -> float:
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

    possible: ClassVar[tuple[float, float]] = (0.0, math.inf)

    @property
    def named(self) -> str:
        """What the number is called."""
        return f"the standard deviation of {name_of(self.column)}"

    def value(self, state: Moments) -> float:
        """Return the standard deviation."""
        return math.sqrt(state.squares / (state.count - 1)) if state.count > 1 else math.nan


@attrs.frozen
class Quantile(Statistic):
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
class Share(Statistic):
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

    Raises
    ------
    ValueError
        If there are no values, or one is missing; or a bound is no share.
    TypeError
        If `values` is a single one, or one of them is not hashable.

    Examples
    --------
    >>> str(Share("origin", ["JFK"], low=0.2, high=0.5))
    'the share of JFK in origin is between 0.2 and 0.5'
    """

    possible: ClassVar[tuple[float, float]] = (0.0, 1.0)

    values: tuple[Any, ...] = attrs.field(converter=plain_values, validator=listed)

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
class Cardinality(Statistic):
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

    possible: ClassVar[tuple[float, float]] = (0.0, math.inf)

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
        try:
            levels, there = column.levels, np.unique(column.codes)
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
class Correlation(Statistic):
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

    possible: ClassVar[tuple[float, float]] = (-1.0, 1.0)

    other: Label = attrs.field(converter=plain_label, validator=column_label)

    @property
    def named(self) -> str:
        """What the number is called."""
        return f"the correlation of {name_of(self.column)} and {name_of(self.other)}"

    @property
    def reads(self) -> tuple[Label, ...]:
        """Both columns."""
        return self.column, self.other

    def start(self) -> tuple[Moments, Moments, float]:
        """Return no rows."""
        return Moments(), Moments(), 0.0

    def update(self, state: tuple[Moments, Moments, float], chunk: Chunk) -> tuple[Moments, Moments, float]:
        """Add the rows of a chunk."""
        present = chunk.present(self.reads)
        numbers = []
        for column in map(chunk.column, self.reads):
            if column.kind == "empty":
                return state
            numbers.append(self._floats(column, present))
        moments = [Moments.of(values) for values in numbers]
        products = float(((numbers[0] - moments[0].mean) * (numbers[1] - moments[1].mean)).sum())
        return self.merge(state, (moments[0], moments[1], products))

    def merge(
        self, first: tuple[Moments, Moments, float], second: tuple[Moments, Moments, float]
    ) -> tuple[Moments, Moments, float]:
        """Add up, the products of deviations as Chan, Golub and LeVeque do the squares."""
        (x, y, products), (u, v, more) = first, second
        count = x.count + u.count
        between = (u.mean - x.mean) * (v.mean - y.mean) * x.count * u.count / count if count else 0.0
        return x.merge(u), y.merge(v), products + more + between

    def value(self, state: tuple[Moments, Moments, float]) -> float:
        """Return the correlation; NaN if a column is constant."""
        x, y, products = state
        spread = math.sqrt(x.squares) * math.sqrt(y.squares)  # of the product there might be no float
        return float(np.clip(products / spread, -1, 1)) if spread else math.nan
