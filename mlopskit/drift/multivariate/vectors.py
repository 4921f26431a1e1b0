"""Vectors of equal length, such as embeddings, dimension by dimension."""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar

import attrs
import numpy as np

from mlopskit.drift.multivariate.column_encoding import (
    LARGEST,
    ColumnEncoding,
    FeatureKind,
    Floats,
    Mask,
    Values,
    on_lattice,
)

_HIGHEST_COORDINATE = 4.0


@attrs.frozen(eq=False)
class Vectors(ColumnEncoding):
    """Vectors of equal length, such as embeddings: each dimension less its median, by its median deviation.

    A row is missing if it has no vector, one of another length, or one that holds a NaN.

    Attributes
    ----------
    centres, scales : ndarray of float64, shape (dimensions,)
    """

    family: ClassVar[str] = "vectors"
    centres: Floats
    scales: Floats

    @classmethod
    def of(cls, values: Values) -> Vectors:
        """Freeze the centre and the scale of each dimension."""
        matrix = _stack(values)
        known = matrix[~np.isnan(matrix).any(axis=1)]
        if not len(known):
            return cls(np.zeros(matrix.shape[1]), np.ones(matrix.shape[1]))
        centres = np.clip(np.median(known, axis=0), -LARGEST, LARGEST)
        with np.errstate(over="ignore"):
            scales = 1.4826 * np.median(np.abs(known - centres), axis=0)
        return cls(centres, np.where((scales > 0) & np.isfinite(scales), scales, 1.0))

    @property
    def features(self) -> tuple[tuple[FeatureKind, str], ...]:
        """One for each dimension."""
        return tuple(("dimension", str(position)) for position in range(len(self.centres)))

    def encode(self, values: Values) -> tuple[Floats, Mask]:
        """Centre, scale and clip."""
        matrix = _stack(values, width=len(self.centres))
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


def _stack(values: Values, width: int | None = None) -> Floats:
    """Make one matrix of a column of vectors, shape (rows, width), with rows of NaN for those of another width."""
    if isinstance(values, np.ndarray) and values.ndim == 2:
        if width is None or values.shape[1] == width:
            return values.astype(np.float64)
        return np.full((len(values), width), np.nan)
    vectors = [vector if is_vector(vector) else () for vector in values]
    if width is None:
        lengths = Counter(map(len, vectors))
        lengths.pop(0, None)
        width = lengths.most_common(1)[0][0] if lengths else 0
    fits = np.array([len(vector) == width for vector in vectors], dtype=bool)
    matrix = np.full((len(vectors), width), np.nan)
    if fits.any():
        matrix[fits] = np.array([vector for vector in vectors if len(vector) == width], dtype=np.float64)
    return matrix


def is_vector(value: object) -> bool:
    """Whether a value is a sequence of numbers rather than one value."""
    return isinstance(value, np.ndarray | list | tuple) and np.ndim(value) == 1
