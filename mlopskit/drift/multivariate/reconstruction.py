"""Reconstruction error: how well rows fit the principal components of the reference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import attrs
import numpy as np
import numpy.typing as npt
from scipy.special import stdtr

from mlopskit.drift.multivariate.encoding import Feature
from mlopskit.drift.multivariate.family import Found, MultivariateTest, beyond_chance
from mlopskit.drift.multivariate.mean_shift import effect_of
from mlopskit.drift.multivariate.moments import Floats, Moments
from mlopskit.drift.multivariate.sampling import drawn
from mlopskit.drift.parameters import PROBABILITY

_FINEST = 1024.0
_LEAST_SCALE = 0.25
"""Of a level that one row in 15 has; rarer ones would make the mean error that of a few rows."""


@attrs.define(eq=False, slots=False)
class ReconstructionError(MultivariateTest):
    """Do rows fit the reference's principal components as well as they did? The mean error of putting them together.

    Features are brought to variance 1, and components kept until they hold a given share of it. The error of a row is
    the length of what the components leave of it. Its mean is compared by Welch's test (1947), two-sided: rows that fit
    better have moved, too.

    Components fit the rows that they come from better than others. They are learned from one half of the reference
    therefore, drawn at random, and the errors of the other half are compared. So are centre and scale, but for scores:
    those of the whole reference have a mean and a variance that are known beforehand, and one half is always off them
    by as much as the other, to the other side, which with many columns shows as drift.

    The effect is ``2 AUC - 1`` for normal errors of the two means and their common standard deviation.

    Parameters
    ----------
    share : float, default 0.65
        The share of the variance that the components hold, between 0 and 1.
    """

    name: ClassVar[str] = "reconstruction error"
    share: float = attrs.field(default=0.65, validator=PROBABILITY)

    def learn(self, matrix: Floats) -> Mapping[str, Floats]:
        """Learn centre, scale and components."""
        centre, scale = _standardisation(matrix)
        scaled = (matrix - centre) / scale
        values, vectors = np.linalg.eigh(scaled.T @ scaled)
        values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
        enough = np.searchsorted(np.cumsum(values), self.share * values.sum()) + 1
        return {"centre": centre, "scale": scale, "components": vectors[:, :enough]}

    def restore(self, features: tuple[Feature, ...], learned: Mapping[str, Floats]) -> None:
        """Take up centre, scale and components."""
        super().restore(features, learned)
        columns = list(dict.fromkeys(feature.column for feature in features))
        self._columns = columns
        self._column_of = np.array([[feature.column == name for name in columns] for feature in features], dtype=float)

    def fit_summarize(self, matrix: Floats, features: Iterable[Feature]) -> Moments:
        """Learn from half of the rows, and give the moments of the others."""
        features = tuple(features)
        mine = drawn(len(matrix), -(-len(matrix) // 2))
        learned, is_score = self.learn(matrix[mine]), [feature.kind == "score" for feature in features]
        centre, scale = _standardisation(matrix)
        learned = {
            "centre": np.where(is_score, centre, learned["centre"]),
            "scale": np.where(is_score, scale, learned["scale"]),
            "components": learned["components"],
        }
        self.restore(features, learned)
        return self.summarize(matrix[~mine])

    def numbers(self, matrix: Floats) -> npt.NDArray[Any]:
        """Give the error of each row, then each column's part in its square, shape (rows, 1 + columns)."""
        components = self.learned_["components"]
        scaled = (matrix - self.learned_["centre"]) / self.learned_["scale"]
        left = np.square(scaled - scaled @ components @ components.T) @ self._column_of
        return np.rint(np.column_stack([np.sqrt(left.sum(axis=1)), left]) * _FINEST) / _FINEST

    def difference(self, reference: Moments, current: Moments) -> Found | None:
        """Compare the mean errors."""
        sizes = np.array([[reference.rows], [current.rows]], dtype=float)
        variances = np.array([np.diag(sample.covariance) for sample in (reference, current)])
        change = current.mean - reference.mean
        squared_errors = variances / sizes
        if not squared_errors[:, 0].sum() > 0:
            return None
        z = change / np.sqrt(np.maximum(squared_errors.sum(axis=0), 1e-12))
        freedom = squared_errors[:, 0].sum() ** 2 / (squared_errors**2 / (sizes - 1))[:, 0].sum()
        pooled = ((sizes - 1) * variances).sum(axis=0)[0] / (sizes - 1).sum()
        before, after = float(reference.mean[0]), float(current.mean[0])
        return Found(
            statistic=float(z[0]),
            p_value=2.0 * float(stdtr(freedom, -abs(z[0]))),
            effect=effect_of((after - before) ** 2 / pooled),
            contributions=dict(zip(self._columns, beyond_chance(z[1:]).tolist(), strict=True)),
            details=(f"mean error of rows put together from the main components: {before:.3g} -> {after:.3g}",),
        )


def _standardisation(matrix: Floats) -> tuple[Floats, Floats]:
    if not len(matrix):
        return np.zeros(matrix.shape[1]), np.ones(matrix.shape[1])
    return matrix.mean(axis=0), np.maximum(matrix.std(axis=0), _LEAST_SCALE)
