"""Vectors of equal length, such as embeddings, dimension by dimension."""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar

import attrs
import numpy as np
import pandas as pd

from mlopskit.drift.columns import as_pandas, is_vector
from mlopskit.drift.multivariate.column_encoding import (
    FEWEST_ROWS,
    LARGEST,
    ColumnEncoding,
    FeatureKind,
    Floats,
    Mask,
    Values,
    middle_mean,
    on_lattice,
)

_HIGHEST_COORDINATE = 4.0
_ROWS_TO_LEARN_FROM = 5000
_NORMAL_MIDDLE = 0.693
"""The mean of the middle half of the absolute values of a standard normal variable."""


@attrs.frozen(eq=False)
class Vectors(ColumnEncoding):
    """Vectors of equal length, such as embeddings: each dimension less its centre, by its scale.

    A row is missing if it has no vector, one of another length, or one that holds a NaN.

    Attributes
    ----------
    centres, scales : ndarray of float64, shape (dimensions,)
        The mean of the middle half of the values, and of their absolute deviations, the latter 1 for normal values of
        variance 1; of at most 5,000 rows.
    """

    family: ClassVar[str] = "vectors"
    centres: Floats
    scales: Floats

    @classmethod
    def of(cls, values: Values) -> Vectors:
        """Freeze the centre and the scale of each dimension."""
        matrix = stack(values)
        known = matrix[~np.isnan(matrix).any(axis=1)]
        known = np.clip(known[:: -(-len(known) // _ROWS_TO_LEARN_FROM) or 1], -LARGEST, LARGEST)
        if len(known) < FEWEST_ROWS:
            return cls(np.zeros(matrix.shape[1]), np.ones(matrix.shape[1]))
        centres = middle_mean(np.sort(known, axis=0))
        scales = middle_mean(np.sort(np.abs(known - centres), axis=0)) / _NORMAL_MIDDLE
        return cls(centres, np.where(scales > 0, scales, 1.0))

    @property
    def features(self) -> tuple[tuple[FeatureKind, str], ...]:
        """One for each dimension."""
        return tuple(("dimension", str(position)) for position in range(len(self.centres)))

    def encode(self, values: Values) -> tuple[Floats, Mask]:
        """Centre, scale and clip."""
        matrix = stack(values, width=len(self.centres))
        missing = np.asarray(np.isnan(matrix).any(axis=1))
        matrix[missing] = self.centres
        with np.errstate(over="ignore"):
            return on_lattice((matrix - self.centres) / self.scales, _HIGHEST_COORDINATE), missing

    def to_json(self) -> dict[str, Any]:
        """Give centres and scales."""
        return {"centres": self.centres.tolist(), "scales": self.scales.tolist()}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Vectors:
        """Restore them."""
        return cls(np.array(kept["centres"], dtype=np.float64), np.array(kept["scales"], dtype=np.float64))


def stack(values: Values, width: int | None = None) -> Floats:
    """Make one matrix of a column of vectors, shape (rows, width), with rows of NaN for what is none of that width."""
    if isinstance(values, np.ndarray) and values.ndim == 2 and values.dtype != object:
        if width is None or values.shape[1] == width:
            return values.astype(np.float64)
        return np.full((len(values), width), np.nan)
    column = as_pandas(values) if isinstance(values, pd.Series) else values
    vectors = [vector if is_vector(vector) else () for vector in column]
    if width is None:
        lengths = Counter(map(len, vectors))
        lengths.pop(0, None)
        width = lengths.most_common(1)[0][0] if lengths else 0
    fits = np.array([len(vector) == width for vector in vectors], dtype=bool)
    matrix = np.full((len(vectors), width), np.nan)
    if fits.any():
        matrix[fits] = _floats([vector for vector in vectors if len(vector) == width], width)
    return matrix


def _floats(vectors: list[Any], width: int) -> Floats:
    try:
        return np.array(vectors, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):  # one holds a value that no float stands for
        if len(vectors) == 1:
            return np.full((1, width), np.nan)
        return np.concatenate([_floats([vector], width) for vector in vectors])
