"""How the values of one column become numbers of a matrix: scores, flags, levels or vectors, frozen from the reference.

Every number is a multiple of 1/16 between -4 and 4. Sums of their products are then exact in float64, so that chunks
add up to the same bits in any order; and one value of 1e12, or an infinity, is no more than a large value.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from typing import Any, ClassVar, Literal, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr, ndtri

from mlopskit.drift.multivariate.knot_search import KnotSearch

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Values: TypeAlias = pd.Series | npt.NDArray[Any]
FeatureKind = Literal["score", "flag", "level", "other", "dimension", "missing"]

STEP = 1 / 16
HIGHEST_SCORE = 3.0
HIGHEST_COORDINATE = 4.0
FEWEST_ROWS = 10
"""No knot, level or centre stands for fewer rows of the reference than these."""
MOST_LEVELS = 12
_LEAST_SHARE = 0.01
_LARGEST = 1e300


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


@attrs.frozen(eq=False)
class NormalScores(ColumnEncoding):
    """Numbers by rank: the normal quantile of the share of the reference that lies below, as van der Waerden's scores.

    Knots near 96 quantiles, which lie densest at the ends, cut the line into cells of at least ten rows of the
    reference, and one beyond either end where a common value is the last; all values in a cell have the score of its
    middle. A knot lies halfway between two values of the reference, so that it is neither of them.

    Attributes
    ----------
    knots : ndarray of float64, shape (cells - 1,)
        Ascending; a value on a knot belongs to the cell below it.
    scores : ndarray of float64, shape (cells,)
        From -3 to 3.
    centres : ndarray of float64, shape (cells,)
        The mean of the middle half of the reference's values in each cell, to turn scores into values again.

    Examples
    --------
    >>> scores = NormalScores.of(np.arange(1000.0))
    >>> scores.encode(pd.Series([-np.inf, 500, None, 1e12]))[0].ravel()
    array([-2.5625,  0.    ,  0.    ,  2.5   ])
    """

    family: ClassVar[str] = "scores"
    knots: Floats
    scores: Floats
    centres: Floats
    _search: KnotSearch = attrs.field(init=False, default=attrs.Factory(lambda self: KnotSearch.of(self.knots), True))

    @classmethod
    def of(cls, values: Floats) -> NormalScores:
        """Freeze knots and scores from the values of the reference, missing ones aside, shape (values,)."""
        ascending = np.clip(np.sort(values), -_LARGEST, _LARGEST)
        rows = len(ascending)
        shares = ndtr(np.arange(-HIGHEST_SCORE + STEP / 2, HIGHEST_SCORE, STEP))
        ends = _cell_ends(ascending, np.rint(shares * rows).astype(np.intp))
        above = np.append(ascending, ascending[-1:])[ends]
        knots = ascending[ends - 1] / 2 + above / 2
        if len(ends) and ascending[0] == ascending[ends[0] - 1]:
            knots, ends = np.r_[np.nextafter(ascending[0], -np.inf), knots], np.r_[0, ends]
        bounds = np.r_[0, ends, rows]
        middles = (bounds[:-1] + bounds[1:]) / (2 * max(rows, 1))
        scores = _on_lattice(ndtri(middles) if len(knots) else np.zeros(1), HIGHEST_SCORE)
        return cls(knots, scores, _centres(ascending, knots, bounds))

    @property
    def features(self) -> tuple[tuple[FeatureKind, str], ...]:
        """One: the score."""
        return (("score", ""),)

    def encode(self, values: Values) -> tuple[Floats, Mask]:
        """Look the scores up; an infinity is the largest value, what is no number is missing."""
        numbers = read_numbers(values)
        missing = np.isnan(numbers)
        scores = self.scores[self._search.below(numbers)]
        scores[missing] = 0.0
        return scores[:, np.newaxis], missing

    def value_of(self, score: float) -> float:
        """Give a value that has about this score."""
        return float(np.interp(score, self.scores, self.centres))

    def to_json(self) -> dict[str, Any]:
        """Give knots, scores and centres."""
        return {name: getattr(self, name).tolist() for name in ("knots", "scores", "centres")}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> NormalScores:
        """Restore them."""
        return cls(*(np.array(kept[name], dtype=np.float64) for name in ("knots", "scores", "centres")))


@attrs.frozen
class Flags(ColumnEncoding):
    """Booleans: 1 for true, 0 for false."""

    family: ClassVar[str] = "flags"

    @property
    def features(self) -> tuple[tuple[FeatureKind, str], ...]:
        """One: the flag."""
        return (("flag", ""),)

    def encode(self, values: Values) -> tuple[Floats, Mask]:
        """Give ones and zeros; a number counts as true unless it is 0."""
        numbers = read_numbers(values)
        missing = np.isnan(numbers)
        return ((numbers != 0) & ~missing).astype(np.float64)[:, np.newaxis], missing

    def to_json(self) -> dict[str, Any]:
        """Give nothing: there is nothing to learn."""
        return {}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Flags:  # noqa: ARG003 - nothing is kept
        """Make another one."""
        return cls()


@attrs.frozen
class Levels(ColumnEncoding):
    """Categories: a column of ones and zeros for each frequent level, and one for all others, new ones included.

    A level of its own has at least ten rows and 1 % of the reference, and at most 12 have one. Rare levels and new ones
    share a column on purpose: which of many rare levels a batch has is chance, and the reference has no new one by
    definition, so that a column for new ones alone would raise false alarms.

    Examples
    --------
    >>> levels = Levels.of(pd.Series(["JFK", "EWR", "JFK"] * 100 + ["ISP"]))
    >>> levels.encode(pd.Series(["EWR", "SWF", None]))[0]
    array([[0., 1., 0.], [0., 0., 1.], [0., 0., 0.]])
    """

    family: ClassVar[str] = "levels"
    names: tuple[str, ...]

    @classmethod
    def of(cls, values: pd.Series) -> Levels:
        """Freeze the most frequent levels of the reference."""
        codes, labels = _codes(values)
        counts: Counter[str] = Counter()
        for label, count in zip(labels, np.bincount(codes[codes >= 0], minlength=len(labels)).tolist(), strict=True):
            counts[label] += count
        least = max(FEWEST_ROWS, _LEAST_SHARE * counts.total())
        by_count = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return cls(tuple(label for label, count in by_count[:MOST_LEVELS] if count >= least))

    @property
    def features(self) -> tuple[tuple[FeatureKind, str], ...]:
        """One for each frequent level, and one for the others."""
        return (*(("level", name) for name in self.names), ("other", ""))

    def encode(self, values: Values) -> tuple[Floats, Mask]:
        """Give a one in the column of the level; values that are no text are known by their text."""
        codes, labels = _codes(pd.Series(values) if not isinstance(values, pd.Series) else values)
        positions = {name: position for position, name in enumerate(self.names)}
        position_of = np.array([*(positions.get(label, len(self.names)) for label in labels), -1], dtype=np.intp)
        position = position_of[codes]  # a missing value has the code -1, and so the last entry
        missing = position < 0
        ones = (position[:, np.newaxis] == np.arange(len(self.names) + 1)).astype(np.float64)
        return ones, missing

    def to_json(self) -> dict[str, Any]:
        """Give the names of frequent levels; of rare ones nothing is known."""
        return {"names": list(self.names)}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Levels:
        """Restore them."""
        return cls(tuple(kept["names"]))


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
        centres = np.clip(np.median(known, axis=0), -_LARGEST, _LARGEST)
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
        missing: Mask = np.isnan(matrix).any(axis=1)
        matrix[missing] = self.centres
        with np.errstate(over="ignore"):
            return _on_lattice((matrix - self.centres) / self.scales, HIGHEST_COORDINATE), missing

    def to_json(self) -> dict[str, Any]:
        """Give centres and scales."""
        return {"centres": self.centres.tolist(), "scales": self.scales.tolist()}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Vectors:
        """Restore them."""
        return cls(np.array(kept["centres"], dtype=np.float64), np.array(kept["scales"], dtype=np.float64))


def _on_lattice(numbers: Floats, highest: float) -> Floats:
    clipped = np.clip(numbers, -highest, highest)
    return np.round(clipped / STEP) * STEP + 0.0  # no negative zero


def _cell_ends(ascending: Floats, ranks: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Choose how many values lie below each knot: close to the ranks, never between equal values, never too few."""
    rows, kept = len(ascending), [0]
    ranks = np.unique(ranks[(ranks >= FEWEST_ROWS) & (ranks <= rows - FEWEST_ROWS)])
    for end in np.unique(np.searchsorted(ascending, ascending[ranks - 1], side="right")).tolist():
        if end - kept[-1] >= FEWEST_ROWS and (end == rows or rows - end >= FEWEST_ROWS):
            kept.append(end)
    return np.array(kept[1:], dtype=np.intp)


def _centres(ascending: Floats, knots: Floats, bounds: npt.NDArray[np.intp]) -> Floats:
    centres = np.zeros(len(bounds) - 1)
    for cell, (start, end) in enumerate(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)):
        if end - start >= FEWEST_ROWS:
            quarter = (end - start) // 4
            centres[cell] = ascending[start + quarter : end - quarter].mean()
        elif len(knots):  # beyond the last value
            centres[cell] = knots[min(cell, len(knots) - 1)]
    return centres


def read_numbers(values: Values) -> Floats:
    """Read a column as floats with NaN for what is missing or no number; moments are seconds since 1970 in UTC."""
    series = values if isinstance(values, pd.Series) else pd.Series(values)
    if series.dtype == np.float64:
        return np.asarray(series.to_numpy())
    if series.dtype.kind in "mM":
        moments = series.to_numpy(dtype=f"{series.dtype.kind}8[us]")
        return np.where(np.isnat(moments), np.nan, moments.astype(np.int64) / 1e6)
    if series.dtype.kind not in "iufb":
        series = pd.to_numeric(series.astype(object), errors="coerce")
    return np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan))


def _codes(values: pd.Series) -> tuple[npt.NDArray[np.intp], list[str]]:
    """Give each row the position of its label, -1 if it is missing, and the labels as text."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.codes.to_numpy(dtype=np.intp), [str(label) for label in values.cat.categories.tolist()]
    try:
        codes, labels = pd.factorize(values)
    except TypeError:  # lists and dicts have no hash
        codes, labels = pd.factorize(values.map(str, na_action="ignore"))
    return np.asarray(codes, dtype=np.intp), [str(label) for label in labels.tolist()]


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
