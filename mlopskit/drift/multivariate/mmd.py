"""Maximum mean discrepancy, for distributions that differ in whatever way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import attrs
import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from mlopskit.drift.multivariate.encoding import Feature
from mlopskit.drift.multivariate.family import Found, MultivariateTest
from mlopskit.drift.multivariate.mean_shift import mean_shift
from mlopskit.drift.multivariate.moments import Floats, Moments
from mlopskit.drift.parameters import NOT_NEGATIVE, whole

_MOST_ROWS_FOR_BANDWIDTH = 500
_FINEST = 128.0
_FINEST_FREQUENCY = 2.0**20
_LEAST_SPREAD = 0.02


@attrs.define(eq=False, slots=False)
class MMD(MultivariateTest):
    """Do two samples come from one distribution? The regularised MMD of random Fourier features.

    A row's numbers are ``cos(w' x)`` and ``sin(w' x)`` for random frequencies w, whose mean is the characteristic
    function at w: the means of two samples differ wherever their distributions do. Frequencies drawn from a normal
    distribution stand for the kernel ``exp(-|x - y|^2 / (2 b^2))`` (A. Rahimi and B. Recht, Random features for
    large-scale kernel machines, 2007), with the median distance of rows of the reference as bandwidth b. The means are
    compared by `mlopskit.drift.multivariate.mean_shift`, which also gives the p-value.

    Numbers are rounded to 1/128, and added up exactly.

    Parameters
    ----------
    frequencies : int, default 128
        How many; a sample is kept as ``(1 + 2 * frequencies)^2`` sums.
    ridge : float, default 0.3
        The regularisation, as a multiple of the mean variance of a number. Larger ones find broad changes, smaller ones
        fine changes of dependence.
    seed : int, default 0
        Chooses the frequencies.
    """

    name: ClassVar[str] = "mmd"
    frequencies: int = attrs.field(default=128, validator=whole(1))
    ridge: float = attrs.field(default=0.3, validator=NOT_NEGATIVE)
    seed: int = attrs.field(default=0, validator=whole(0))

    def learn(self, matrix: Floats) -> Mapping[str, Floats]:
        """Learn the bandwidth, and how far each feature spreads."""
        step = -(-len(matrix) // _MOST_ROWS_FOR_BANDWIDTH) or 1
        rows = matrix[::step] * self._scales()
        squares = np.square(rows).sum(axis=1)
        distances = squares[:, np.newaxis] + squares - 2.0 * rows @ rows.T
        positive = distances[np.triu_indices(len(rows), 1)]
        positive = positive[positive > 1e-9]
        median = float(np.median(positive)) if len(positive) else 1.0
        spreads = matrix.var(axis=0) if len(matrix) else np.zeros(matrix.shape[1])
        return {"bandwidth": np.array([np.sqrt(median)]), "spreads": spreads}

    def restore(self, features: tuple[Feature, ...], learned: Mapping[str, Floats]) -> None:
        """Draw the frequencies anew from seed and bandwidth."""
        super().restore(features, learned)
        self._frequencies = _normal(self.seed, (len(features), self.frequencies))
        self._frequencies *= self._scales()[:, np.newaxis] / learned["bandwidth"]
        self._frequencies = np.rint(self._frequencies * _FINEST_FREQUENCY) / _FINEST_FREQUENCY

    def numbers(self, matrix: Floats) -> npt.NDArray[Any]:
        """Give cosines, then sines, shape (rows, 2 * frequencies)."""
        angles = (matrix @ self._frequencies).astype(np.float32)
        waves = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
        waves *= np.float32(_FINEST)
        np.rint(waves, out=waves)
        waves /= np.float32(_FINEST)
        return waves

    def difference(self, reference: Moments, current: Moments) -> Found | None:
        """Compare the mean waves."""
        shift = mean_shift(reference, current, self.ridge)
        if shift is None:
            return None
        contributions = self._sensitivity(shift.outer, reference)
        return Found(shift.statistic, shift.p_value, shift.effect, contributions)

    def _scales(self) -> Floats:
        """Let a vector count as much as one column, however many dimensions it has."""
        dimensions: dict[str, int] = {}
        for feature in self.features_:
            dimensions[feature.column] = dimensions.get(feature.column, 0) + (feature.kind == "dimension")
        return np.array(
            [dimensions[each.column] ** -0.5 if each.kind == "dimension" else 1.0 for each in self.features_]
        )

    def _sensitivity(self, outer: Floats, reference: Moments) -> dict[str, float]:
        """Tell how much the score that tells the samples apart varies with each column.

        The score is a sum of waves, so that its derivative by a feature is one too, whose mean square follows from the
        moments; times the variance of the feature it bounds the feature's share in the variance of the score, alone and
        together with others (I. Sobol and S. Kucherenko, Derivative based global sensitivity measures, 2009).
        """
        half = self.frequencies
        mean_products = reference.products[1:, 1:] / reference.rows
        by_frequency = (
            outer[half:, half:] * mean_products[:half, :half]
            - outer[half:, :half] * mean_products[:half, half:]
            - outer[:half, half:] * mean_products[half:, :half]
            + outer[:half, :half] * mean_products[half:, half:]
        )
        slopes = np.einsum("fk,kl,fl->f", self._frequencies, by_frequency, self._frequencies, optimize=True)
        return self.by_column(slopes * np.maximum(self.learned_["spreads"], _LEAST_SPREAD))


def _normal(seed: int, shape: tuple[int, int]) -> Floats:
    """Draw normal numbers that no release of NumPy will change: from the bits of PCG-64 itself."""
    bits = np.random.PCG64(seed).random_raw(shape[0] * shape[1])
    return np.asarray(ndtri(((bits >> np.uint64(11)) + 0.5) * 2.0**-53).reshape(shape))
