"""Has the correlation of any two columns changed?"""

from __future__ import annotations

import math
from collections.abc import Mapping
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


@attrs.define(eq=False, slots=False)
class CorrelationChange(MultivariateTest):
    """Has the correlation of any two columns changed, though no column may have moved by itself?

    Numbers are compared by their normal scores, so that no outlier counts; booleans, levels and missing values by ones
    and zeros. Dimensions of vectors are left out, and pairs within one column.

    The change of r is divided by its standard error, which takes nothing to be normal: each row moves a correlation by
    ``u v - r (u^2 + v^2) / 2``, where u and v are its two values less their mean, by their standard deviation; the
    variance of that follows from the fourth moments (A. van der Vaart, Asymptotic Statistics, example 3.6), taken of both
    samples together. Where the largest value that ``u v`` can have outweighs it, the error is raised to what one such
    row moves: two rare levels that meet once are no drift. The p-value is that of the change that is largest in standard
    errors, times the number of pairs (Bonferroni).

    The effect is the absolute change of that correlation, at most 1.
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
        before, after, together = map(self._pairs, (reference, current, reference + current))
        varies = before.varies & after.varies
        first, second = np.nonzero(self._may_pair & varies & varies[:, np.newaxis])
        if not len(first):
            return None
        sizes = (reference.rows, current.rows)
        row_variance = np.maximum(together.row_variance, together.largest_product**2 / min(sizes))
        error = np.sqrt(row_variance * (1.0 / sizes[0] + 1.0 / sizes[1]))
        z = ((after.correlation - before.correlation) / error)[first, second]
        evidence = beyond_chance(z)
        amounts = np.zeros(len(self.features_))
        np.add.at(amounts, self._order[np.r_[first, second]], np.r_[evidence, evidence])

        top = np.argsort(-np.abs(z), kind="stable")[:_MOST_SHOWN]
        pairs = [(self._order[a], self._order[b], before.correlation[a, b], after.correlation[a, b])
                 for a, b in zip(first[top], second[top], strict=True)]  # fmt: skip
        largest = float(np.abs(z[top[0]]))
        return Found(
            statistic=largest,
            p_value=min(1.0, len(z) * 2.0 * math.exp(float(log_ndtr(-largest)))),
            effect=min(1.0, abs(float(pairs[0][3] - pairs[0][2]))),
            contributions=self.by_column(amounts),
            details=tuple(
                f"correlation of {self.features_[a].name} and {self.features_[b].name}: {r_before:.2f} -> {r_after:.2f}"
                for (a, b, r_before, r_after), exceeds in zip(pairs, evidence[top], strict=True)
                if exceeds
            ),
        )

    def _pairs(self, moments: Moments) -> _Pairs:
        """Turn raw moments into central ones, by their binomial formulas."""
        scores, indicators = len(self._scores), len(self._indicators)
        power = [np.r_[np.arange(scores) + offset * scores, np.arange(indicators) + 3 * scores] for offset in range(3)]
        sums, products = moments.products[0, 1:] / moments.rows, moments.products[1:, 1:] / moments.rows
        x, x2, x3 = (sums[each] for each in power)
        xy, x2y, x2y2, x3y = (products[np.ix_(power[a], power[b])] for a, b in ((0, 0), (1, 0), (1, 1), (2, 0)))
        a, b = x[:, np.newaxis], x
        squares = x2[:, np.newaxis]
        covariance = xy - a * b
        fourth = (
            x2y2 - 2 * b * x2y - 2 * a * x2y.T + b**2 * squares + a**2 * squares.T + 4 * a * b * xy - 3 * (a * b) ** 2
        )
        cubed = x3y - 3 * a * x2y + 3 * a**2 * xy - b * x3[:, np.newaxis] + 3 * a * b * squares - 3 * a**3 * b
        variance = np.maximum(x2 - x**2, 0.0)
        largest = np.r_[HIGHEST_SCORE + np.abs(x[:scores]), np.maximum(x[scores:], 1.0 - x[scores:])]
        return _Pairs(variance, covariance, fourth, cubed, largest)


@attrs.frozen(eq=False)
class _Pairs:
    """Central moments of all pairs of features u and v, shape (features, features).

    Attributes
    ----------
    variance, largest : ndarray, shape (features,)
        ``E u^2``, and the largest value that ``|u|`` can have.
    covariance, fourth, cubed : ndarray, shape (features, features)
        ``E u v``, ``E u^2 v^2`` and ``E u^3 v``.
    """

    variance: Floats
    covariance: Floats
    fourth: Floats
    cubed: Floats
    largest: Floats

    @property
    def varies(self) -> npt.NDArray[np.bool_]:
        return np.asarray(self.variance > 1e-12)

    @property
    def _deviation(self) -> Floats:
        return np.sqrt(np.where(self.varies, self.variance, 1.0))

    @property
    def correlation(self) -> Floats:
        return np.clip(self.covariance / np.outer(self._deviation, self._deviation), -1.0, 1.0)

    @property
    def row_variance(self) -> Floats:
        """The variance of ``u v - r (u^2 + v^2) / 2`` for u and v of variance 1."""
        deviation, r = self._deviation, self.correlation
        fourth = self.fourth / np.outer(deviation**2, deviation**2)
        cubed = self.cubed / np.outer(deviation**3, deviation)
        kurtosis = np.diag(fourth)
        return np.asarray(
            fourth * (1.0 + r**2 / 2.0)
            + r**2 / 4.0 * (kurtosis[:, np.newaxis] + kurtosis)
            - r * (cubed + cubed.T)
        )  # fmt: skip

    @property
    def largest_product(self) -> Floats:
        scaled = self.largest / self._deviation
        return np.outer(scaled, scaled)
