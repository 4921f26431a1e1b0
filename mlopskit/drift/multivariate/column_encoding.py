"""How the values of one column become numbers of a matrix: scores, flags, levels or vectors, frozen from the reference.

Every number is a multiple of 1/16 between -4 and 4. Sums of their products are then exact in float64, so that chunks
add up to the same bits in any order; and one value of 1e12, or an infinity, is no more than a large value.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from decimal import Decimal
from numbers import Real
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlopskit.drift.columns import Kind, is_vector, kind_of, numbers_by_row

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Values: TypeAlias = pd.Series | npt.NDArray[Any]
FeatureKind = Literal["score", "flag", "level", "other", "dimension", "missing"]

STEP = 1 / 16
HIGHEST_SCORE = 3.0
FEWEST_ROWS = 10
"""No knot, level or centre stands for fewer rows of the reference than these."""
LARGEST = 1e300


class ColumnEncoding(ABC):
    """One family of columns; frozen from the reference, and of fixed width from then on."""

    family: ClassVar[str]

    @property
    @abstractmethod
    def features(self) -> tuple[tuple[FeatureKind, str], ...]:
        """Kind and label of each column of the matrix."""

    @abstractmethod
    def encode(self, values: Values) -> tuple[Floats, Mask]:
        """Give the numbers, shape (rows, features), zeros where a value is missing; and where one is, shape (rows,)."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Give what `from_json` needs; no value of fewer than ten rows is in it."""

    @classmethod
    @abstractmethod
    def from_json(cls, kept: dict[str, Any]) -> ColumnEncoding:
        """Restore what `to_json` gave."""


def on_lattice(numbers: Floats, highest: float) -> Floats:
    """Clip numbers, and round them to multiples of 1/16."""
    clipped = np.clip(numbers, -highest, highest)
    return np.round(clipped / STEP) * STEP + 0.0  # no negative zero


def kind_of_values(values: Values) -> Kind:
    """Tell what a column holds: an array of two dimensions holds vectors, one of mostly numbers or vectors holds those.

    A text among numbers is a fault in one row, and no reason not to look at the others.

    Examples
    --------
    >>> kind_of_values(pd.Series([719, 1400, "n/a"], dtype=object))
    'numeric'
    """
    if isinstance(values, np.ndarray):
        return "vector"
    kind = kind_of(values)
    if kind == "categorical" and values.dtype == object:
        return _kind_of_most(values)
    return kind


def _kind_of_most(values: pd.Series) -> Kind:
    if pd.api.types.infer_dtype(values, skipna=True) not in ("mixed", "mixed-integer"):
        return "categorical"
    present = values[values.notna()].tolist()
    if 2 * sum(isinstance(value, Real | Decimal) and not isinstance(value, bool) for value in present) > len(present):
        return "numeric"
    return "vector" if 2 * sum(map(is_vector, present)) > len(present) else "categorical"


def read_numbers(values: Values) -> Floats:
    """Read a column as floats with NaN for what is missing or no number; moments are seconds since 1970 in UTC."""
    series = values if isinstance(values, pd.Series) else pd.Series(values)
    if series.dtype == np.float64:
        return np.asarray(series.to_numpy())
    kind = kind_of(series)
    if kind in ("numeric", "datetime", "timedelta"):
        return numbers_by_row(series, kind).astype(np.float64)
    if kind == "boolean":
        return np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan))
    return np.array([_read_number(value) for value in series.tolist()], dtype=np.float64)


def _read_number(value: object) -> float:
    if not isinstance(value, str | Real | Decimal | np.bool_):
        return np.nan
    try:
        return float(value)
    except ValueError:
        return np.nan
    except OverflowError:  # a whole number that no float holds
        return np.inf if value > 0 else -np.inf  # type: ignore[operator]


def middle_mean(ascending: Floats) -> Floats:
    """Give the mean of the middle half of sorted values, along the first axis: near the median, and no row's own."""
    quarter = len(ascending) // 4
    return np.asarray(ascending[quarter : len(ascending) - quarter].mean(axis=0))
