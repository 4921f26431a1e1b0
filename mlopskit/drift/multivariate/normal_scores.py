"""Numbers as normal scores: by their rank in the reference, so that no value is too large."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from mlopskit.drift.multivariate.column_encoding import (
    FEWEST_ROWS,
    HIGHEST_SCORE,
    LARGEST,
    STEP,
    ColumnEncoding,
    FeatureKind,
    Floats,
    Mask,
    Values,
    middle_mean,
    on_lattice,
    read_numbers,
)
from mlopskit.drift.multivariate.knot_search import KnotSearch


@attrs.frozen(eq=False)
class NormalScores(ColumnEncoding):
    """Numbers by rank: the normal quantile of the share of the reference that lies below, as van der Waerden's scores.

    Knots near 96 quantiles, which lie densest at the ends, cut the line into cells of at least ten rows of the
    reference, and one beyond either end where a common value is the last; all values in a cell have the score of its
    middle. A knot lies between two values of the reference, so that it is neither of them, and where a new row is
    below it as often as one of the reference: scores of many columns would drift together otherwise, by next to
    nothing each.

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
    >>> import pandas as pd
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
        ascending = np.clip(np.sort(values), -LARGEST, LARGEST)
        rows = len(ascending)
        shares = ndtr(np.arange(-HIGHEST_SCORE + STEP / 2, HIGHEST_SCORE, STEP))
        ends = _cell_ends(ascending, np.rint(shares * rows).astype(np.intp))
        knots = _between(ascending, ends)
        if len(ends) and ascending[0] == ascending[ends[0] - 1]:
            knots, ends = np.r_[np.nextafter(ascending[0], -np.inf), knots], np.r_[0, ends]
        bounds = np.r_[0, ends, rows]
        middles = (bounds[:-1] + bounds[1:]) / (2 * max(rows, 1))
        scores = on_lattice(ndtri(middles) if len(knots) else np.zeros(1), HIGHEST_SCORE)
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


def _cell_ends(ascending: Floats, ranks: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Choose how many values lie below each knot: close to the ranks, never between equal values, never too few."""
    rows, kept = len(ascending), [0]
    ranks = np.unique(ranks[(ranks >= FEWEST_ROWS) & (ranks <= rows - FEWEST_ROWS)])
    for end in np.unique(np.searchsorted(ascending, ascending[ranks - 1], side="right")).tolist():
        if end - kept[-1] >= FEWEST_ROWS and (end == rows or rows - end >= FEWEST_ROWS):
            kept.append(end)
    return np.array(kept[1:], dtype=np.intp)


def _between(ascending: Floats, ends: npt.NDArray[np.intp]) -> Floats:
    """Lay knots where a new row lies below as often as a row of the reference.

    A new one falls into each of the ``rows + 1`` gaps between the values alike. With ``below`` of them and the share
    ``below / rows`` of the next, it is below with the probability ``below / rows``.
    """
    rows = len(ascending)
    lower, upper = ascending[ends - 1], np.append(ascending, ascending[-1:])[ends]
    knots = lower + ends / rows * (upper - lower)
    return np.maximum(lower, np.minimum(knots, np.nextafter(upper, -np.inf)))


def _centres(ascending: Floats, knots: Floats, bounds: npt.NDArray[np.intp]) -> Floats:
    centres = np.zeros(len(bounds) - 1)
    for cell, (start, end) in enumerate(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)):
        if end - start >= FEWEST_ROWS:
            centres[cell] = middle_mean(ascending[start:end])
        elif len(knots):  # beyond the last value
            centres[cell] = knots[min(cell, len(knots) - 1)]
    return centres
