"""The encoder: turns rows of a frame into a matrix of numbers, in a way frozen from the reference."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

from mlopskit.drift.columns import NUMBERS
from mlopskit.drift.multivariate.column_encoding import (
    ColumnEncoding,
    FeatureKind,
    Floats,
    Values,
    kind_of_values,
    read_numbers,
)
from mlopskit.drift.multivariate.levels import Flags, Levels
from mlopskit.drift.multivariate.normal_scores import NormalScores
from mlopskit.drift.multivariate.vectors import Vectors
from mlopskit.errors import ValidationError

Frame: TypeAlias = pd.DataFrame | npt.NDArray[Any]

ARRAY = "embedding"
"""The name of the only column of an array that is given in place of a frame."""

_FAMILIES: dict[str, type[ColumnEncoding]] = {each.family: each for each in (NormalScores, Flags, Levels, Vectors)}


@attrs.frozen
class Feature:
    """What one column of the matrix says.

    Attributes
    ----------
    column : str
        The column of the frame that it comes from.
    kind : {"score", "flag", "level", "other", "dimension", "missing"}
        A number by rank, a boolean, one frequent level, all other levels, one dimension of a vector; or whether the
        value is missing.
    label : str
        The level, or the number of the dimension.
    """

    column: str
    kind: FeatureKind
    label: str = ""

    @property
    def name(self) -> str:
        """How it reads: the column, and what of it.

        Examples
        --------
        >>> Feature("origin", "level", "JFK").name, Feature("origin", "other").name, Feature("gate", "missing").name
        ('origin = JFK', 'origin = other', 'gate missing')
        """
        words = {
            "level": f" = {self.label}",
            "other": " = other",
            "dimension": f"[{self.label}]",
            "missing": " missing",
        }
        return self.column + words.get(self.kind, "")


@attrs.frozen(eq=False)
class Encoder:
    """Turns rows into numbers as `Encoder.of` froze it from the reference.

    It holds quantiles and frequent levels, each of at least ten rows of the reference; no row, and no rare label.

    Attributes
    ----------
    columns : dict of str to ColumnEncoding
    features : tuple of Feature
        The columns of the matrix: first those of the values, then one for each column that says what is missing;
        sorted by the name of the column.

    Examples
    --------
    >>> reference = pd.DataFrame({"distance": range(1000), "late": [True, False] * 500, "origin": ["JFK", "EWR"] * 500})
    >>> encoder = Encoder.of(reference)
    >>> [(each.column, each.kind) for each in encoder.features[:5]]
    [('distance', 'score'), ('late', 'flag'), ('origin', 'level'), ('origin', 'level'), ('origin', 'other')]
    >>> encoder.encode(reference.head(2).assign(distance=[10**12, None]))[:, :5]
    array([[2.5, 1. , 0. , 1. , 0. ],
           [0. , 0. , 1. , 0. , 0. ]])
    """

    columns: dict[str, ColumnEncoding]
    features: tuple[Feature, ...] = attrs.field(init=False)

    @features.default
    def _list_features(self) -> tuple[Feature, ...]:
        values = [
            Feature(name, kind, label) for name, column in self.columns.items() for kind, label in column.features
        ]
        return (*values, *(Feature(name, "missing") for name in self.columns))

    @classmethod
    def of(cls, reference: Frame, columns: Iterable[Any] | None = None) -> Encoder:
        """Choose how to encode each column.

        Parameters
        ----------
        reference : DataFrame, or ndarray of shape (rows, dimensions)
            An array is one column of vectors.
        columns : iterable of str, optional
            The columns to encode. By default all but moments and durations, which move by themselves; named here, they
            are numbers.

        Raises
        ------
        TypeError
            The reference is neither a frame nor an array of two dimensions.
        ValidationError
            A column is not there, two have one name, or there is none to encode.
        """
        return cls({name: _choose(values) for name, values in columns_to_encode(reference, columns).items()})

    def encode(self, rows: Frame) -> Floats:
        """Give the matrix, shape (rows, features): multiples of 1/16 between -4 and 4, never NaN.

        A column that is not there is missing in every row.
        """
        by_name = columns_of(rows)
        matrix = np.zeros((len(rows), len(self.features)))
        start, first_missing = 0, len(self.features) - len(self.columns)
        for position, (name, column) in enumerate(self.columns.items(), start=first_missing):
            end = start + len(column.features)
            if name in by_name:
                matrix[:, start:end], matrix[:, position] = column.encode(by_name[name])
            else:
                matrix[:, position] = 1.0
            start = end
        return matrix

    def to_json(self) -> list[dict[str, Any]]:
        """Give the encoder as JSON-able values."""
        return [
            {"name": name, "family": column.family, "kept": column.to_json()} for name, column in self.columns.items()
        ]

    @classmethod
    def from_json(cls, kept: list[dict[str, Any]]) -> Encoder:
        """Restore what `to_json` gave."""
        return cls({column["name"]: _FAMILIES[column["family"]].from_json(column["kept"]) for column in kept})


def columns_of(rows: Frame) -> dict[str, Values]:
    """Give the columns by the text of their names.

    Raises
    ------
    TypeError
        This is neither a frame nor an array of two dimensions, or an array of what is no number.
    ValidationError
        Two columns have one name.
    """
    if isinstance(rows, np.ndarray) and rows.ndim == 2:
        if rows.dtype.kind not in "biufO":
            raise TypeError(f"an array of numbers is needed here, not one of {rows.dtype}")
        return {ARRAY: rows}
    if not isinstance(rows, pd.DataFrame):
        raise TypeError(f"a DataFrame or an array of two dimensions is needed here, not a {type(rows).__qualname__}")
    columns: dict[str, Values] = {str(name): column for name, column in rows.items()}
    if len(columns) != rows.shape[1]:
        raise ValidationError("two columns of the frame have the same name: rename one, so that a report can name both")
    return columns


def columns_to_encode(reference: Frame, columns: Iterable[Any] | None = None) -> dict[str, Values]:
    """Give the columns that `Encoder.of` encodes, which raises the same: by name, so that their order tells nothing."""
    by_name = columns_of(reference)
    wanted = list(by_name) if columns is None else [str(name) for name in columns]
    unknown = [name for name in wanted if name not in by_name]
    if unknown:
        raise ValidationError(
            f"the reference has no column {', '.join(map(repr, unknown))}: it has {', '.join(by_name)}"
        )
    if columns is None:
        wanted = [name for name in wanted if kind_of_values(by_name[name]) not in ("datetime", "timedelta")]
    if not wanted:
        raise ValidationError("the reference has no column to encode: moments are encoded only if columns= names them")
    return {name: by_name[name] for name in sorted(wanted)}


def joined(parts: Sequence[Frame]) -> Frame:
    """Put the rows of several frames or arrays together; columns are the same if the text of their names is.

    Raises
    ------
    TypeError
        Some are frames and some are arrays.
    ValidationError
        Arrays have vectors of different lengths.
    """
    arrays = [part for part in parts if isinstance(part, np.ndarray)]
    frames = [part.set_axis(list(columns_of(part)), axis=1) for part in parts if isinstance(part, pd.DataFrame)]
    if not arrays:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of pandas 2.2: what dtype columns without values will give
            return pd.concat(frames, ignore_index=True)
    if frames:
        raise TypeError("rows come as frames or as arrays, not as both")
    widths = list(dict.fromkeys(array.shape[1] for array in arrays))
    if len(widths) > 1:
        raise ValidationError(
            f"arrays have vectors of {widths[0]} and of {widths[1]} numbers: give those of one length"
        )
    return np.concatenate(arrays)


def _choose(values: Values) -> ColumnEncoding:
    kind = kind_of_values(values)
    if kind == "vector":
        return Vectors.of(values)
    if kind == "boolean":
        return Flags()
    if kind in NUMBERS:
        numbers = read_numbers(values)
        return NormalScores.of(numbers[~np.isnan(numbers)])
    return Levels.of(values)
