"""Correlation change: the one thing that two columns do together and neither shows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

import attrs
import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr

from mlopskit.drift.multivariate.column_encoding import HIGHEST_SCORE
from mlopskit.drift.multivariate.encoding import Feature
from mlopskit.drift.multivariate.family import Found, MultivariateTest, beyond_chance
from mlopskit.drift.multivariate.moments import Floats, Moments

_MOST_SHOWN = 5
_SURE = math.log(0.05)
"""The logarithm of the p-value, corrected for all pairs, below which a change counts for the effect."""
_POWERS = ((1, 1), (2, 1), (2, 2), (3, 1))


@attrs.define(eq=False, slots=False)
class CorrelationChange(MultivariateTest):
    """Has the correlation of any two columns changed, though no column may have moved by itself? Pairs are compared.

    Numbers are compared by their normal scores, so that no outlier counts; booleans, levels and missing values by ones
    and zeros. Dimensions of vectors are left out, and pairs within one column.

    The change of r is divided by its standard error, which takes nothing to be normal: each row moves a correlation by
    ``u v - r (u^2 + v^2) / 2``, where u and v are its two values less their mean, by their standard deviation; the
    variance of that follows from the fourth moments (A. van der Vaart, Asymptotic Statistics, example 3.6), taken of
    both samples together. Where the largest value that ``u v`` can have outweighs it, the error is raised to what one
    such row moves: two rare levels that meet once are no drift. The p-value is that of the change that is largest in
    standard errors, times the number of pairs (Bonferroni).

    The effect is the largest absolute change among those whose own p-value, corrected in this way, is below 0.05, and
    at most 1. It may be another pair's: of two columns that go together closely, the least change is sure.
    """

    name: ClassVar[str] = "correlation change"

    def restore(self, features: tuple[Feature, ...], learned: Mapping[str, Floats]) -> None:
        """Sort the features into scores, whose powers are kept, and indicators, which are their own powers."""
        super().restore(features, learned)
        positions = np.arange(len(features))
        is_score = np.array([feature.kind == "score" for feature in features], dtype=bool)
        is_indicator = np.array([feature.kind not in ("score", "dimension") for feature in features], dtype=bool)
        self._scores, self._indicators = positions[is_score], positions[is_indicator]
        self._order = np.r_[self._scores, self._indicators]
        columns = np.array([features[position].column for position in self._order], dtype=object)
        self._may_pair = np.triu(columns[:, np.newaxis] != columns)

    def numbers(self, matrix: Floats) -> npt.NDArray[Any]:
        """Give scores, their squares and cubes, then indicators."""
        scores = matrix[:, self._scores]
        squares = scores * scores
        return np.concatenate([scores, squares, squares * scores, matrix[:, self._indicators]], axis=1)

    def difference(self, reference: Moments, current: Moments) -> Found | None:
        """Compare each pair of columns."""
        chosen = np.flatnonzero(self._varies(reference) & self._varies(current))
        first, second = np.nonzero(self._may_pair[np.ix_(chosen, chosen)])
        if not len(first):
            return None
        before, after, together = (self._pairs(each, chosen) for each in (reference, current, reference + current))
        order, sizes = self._order[chosen], (reference.rows, current.rows)
        row_variance = np.maximum(together.row_variance, together.largest_product**2 / min(sizes))
        error = np.sqrt(row_variance * (1.0 / sizes[0] + 1.0 / sizes[1]))
        change = (after.correlation - before.correlation)[first, second]
        z = change / error[first, second]
        evidence = beyond_chance(z)
        amounts = np.zeros(len(self.features_))
        np.add.at(amounts, order[np.r_[first, second]], np.r_[evidence, evidence])

        log_p = np.minimum(math.log(2.0 * len(z)) + log_ndtr(-np.abs(z)), 0.0)
        sure = np.flatnonzero((log_p < _SURE) | (np.abs(z) == np.abs(z).max()))
        shown = sure[np.argsort(-np.abs(change[sure]), kind="stable")][:_MOST_SHOWN]
        return Found(
            statistic=float(np.abs(z).max()),
            p_value=math.exp(float(log_p.min())),
            effect=min(1.0, abs(float(change[shown[0]]))),
            contributions=self.by_column(amounts),
            details=tuple(
                f"correlation of {self.features_[order[a]].name} and {self.features_[order[b]].name}: "
                f"{before.correlation[a, b]:.2f} -> {after.correlation[a, b]:.2f}"
                for a, b in zip(first[shown], second[shown], strict=True)
            ),
        )

    def _powers(self, chosen: npt.NDArray[np.intp]) -> list[npt.NDArray[np.intp]]:
        """Where the moments have the first, second and third power of the chosen features."""
        scores, indicators = np.arange(len(self._scores)), np.arange(len(self._indicators))
        return [np.r_[scores + power * len(scores), indicators + 3 * len(scores)][chosen] for power in range(3)]

    def _varies(self, moments: Moments) -> npt.NDArray[np.bool_]:
        first, second, _ = self._powers(np.arange(len(self._order)))
        sums = moments.products[0, 1:] / moments.rows
        return np.asarray(sums[second] - sums[first] ** 2 > 1e-9)

    def _pairs(self, moments: Moments, chosen: npt.NDArray[np.intp]) -> _Pairs:
        powers = self._powers(chosen)
        sums, products = moments.products[0, 1:] / moments.rows, moments.products[1:, 1:] / moments.rows
        return _Pairs(
            sums=[sums[power] for power in powers],
            products={each: products[np.ix_(powers[each[0] - 1], powers[each[1] - 1])] for each in _POWERS},
            is_score=chosen < len(self._scores),
        )


@attrs.frozen(eq=False, slots=False)
class _Pairs:
    """All pairs of features x and y of one sample, from their raw moments.

    Attributes
    ----------
    sums : list of ndarray, shape (features,)
        ``E x``, ``E x^2`` and ``E x^3``.
    products : dict of (int, int) to ndarray of shape (features, features)
        ``E x^a y^b``.
    is_score : ndarray of bool, shape (features,)
    """

    sums: list[Floats]
    products: dict[tuple[int, int], Floats]
    is_score: npt.NDArray[np.bool_]

    @cached_property
    def _deviation(self) -> Floats:
        return np.sqrt(self.sums[1] - self.sums[0] ** 2)

    @cached_property
    def correlation(self) -> Floats:
        """Correlations, from -1 to 1."""
        covariance = self.products[1, 1] - np.outer(self.sums[0], self.sums[0])
        return np.clip(covariance / np.outer(self._deviation, self._deviation), -1.0, 1.0)

    @property
    def row_variance(self) -> Floats:
        """The variance of ``u v - r (u^2 + v^2) / 2``."""
        a, b = self.sums[0][:, np.newaxis], self.sums[0]
        squares, cubes = self.sums[1][:, np.newaxis], self.sums[2][:, np.newaxis]
        xy, x2y, x2y2, x3y = (self.products[each] for each in _POWERS)
        xy2 = x2y.T
        central_22 = x2y2 - 2 * (b * x2y + a * xy2) + b**2 * squares + a**2 * squares.T + a * b * (4 * xy - 3 * a * b)
        central_31 = x3y - 3 * a * x2y + 3 * a**2 * xy + b * (3 * a * squares - cubes - 3 * a**3)
        deviation, r = self._deviation, self.correlation
        fourth = central_22 / np.outer(deviation**2, deviation**2)
        cubed = central_31 / np.outer(deviation**3, deviation)
        kurtosis = np.diag(fourth)
        sides = kurtosis[:, np.newaxis] + kurtosis
        return np.asarray(fourth * (1.0 + r**2 / 2.0) + r**2 / 4.0 * sides - r * (cubed + cubed.T))

    @property
    def largest_product(self) -> Floats:
        """The largest value that ``|u v|`` can have."""
        mean = self.sums[0]
        largest = np.where(self.is_score, HIGHEST_SCORE + np.abs(mean), np.maximum(mean, 1.0 - mean)) / self._deviation
        return np.outer(largest, largest)
