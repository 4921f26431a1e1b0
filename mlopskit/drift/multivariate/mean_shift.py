"""A regularised Hotelling test of whether two samples of vectors have one mean, from moments alone.

In place of Hotelling's ``d' S^-1 d`` for the difference d of the means, ``d' (S + l I)^-1 d`` stays well behaved where
numbers are many or nearly dependent. For features of a kernel this is the spectrally regularised MMD (O. Hagrass,
B. Sriperumbudur and B. Li, Spectral regularized kernel two-sample tests, Annals of Statistics 52, 2024), and the test
of Z. Harchaoui, F. Bach and E. Moulines, Testing for homogeneity with kernel Fisher discriminant analysis (2007): it
looks at directions in which rows hardly vary as closely as at others, which is where a change of dependence shows,
while the plain MMD drowns it in the noise of the rest.

If nothing has moved, the statistic is a sum of chi-squares with the weights ``s / (s + l)``, s being the eigenvalues of
the covariance. Since these are estimated, the weights are too small by the factor ``1 - sum(s / (s + l)) / rows``
(L. Chen, D. Paul, R. Prentice and P. Wang, A regularized Hotelling's T2 test for pathway analysis in proteomic studies,
JASA 106, 2011). The terms of a row with itself are left out (the *U-statistic*), which keeps the test honest where one
sample is far smaller than the other.
"""

from __future__ import annotations

import math
from functools import lru_cache

import attrs
import numpy as np
from scipy.special import ndtr

from mlopskit.drift.multivariate.moments import Floats, Moments
from mlopskit.drift.weighted_chi_square import survival

_ROWS_PER_DIRECTION = 10
_LEAST_RIDGE = 1e-6
_ROWS_PER_NUMBER = 20


@attrs.frozen(eq=False)
class MeanShift:
    """The difference of two means.

    Attributes
    ----------
    statistic : float
        ``n m / (n + m)`` times `distance`.
    p_value : float
    distance : float
        The regularised squared distance of the means, in units of the spread of one row, less what it is by chance, so
        that it may be below 0.
    direction : ndarray of float64, shape (numbers,)
        Along which the samples differ most: weights of the numbers in the score that tells them apart.
    outer : ndarray of float64, shape (numbers, numbers)
        The outer product of the direction with itself, less what chance alone makes of it.
    """

    statistic: float
    p_value: float
    distance: float
    direction: Floats
    outer: Floats

    @property
    def effect(self) -> float:
        """How well the score tells one row of each sample apart: 2 AUC - 1 for normal scores, from 0 to 1."""
        return effect_of(self.distance)


def effect_of(squared_distance: float) -> float:
    """Turn a squared distance in standard deviations into ``2 AUC - 1``, with ``AUC = Phi(distance / sqrt(2))``.

    Examples
    --------
    >>> round(effect_of(0.25**2), 2)
    0.14
    """
    return float(2.0 * ndtr(math.sqrt(max(squared_distance, 0.0) / 2.0)) - 1.0)


def mean_shift(reference: Moments, current: Moments, ridge: float) -> MeanShift | None:
    """Compare the means of two samples; None if nothing varies.

    Parameters
    ----------
    reference, current : Moments
        Of the same numbers, of at least two rows each.
    ridge : float
        The regularisation l, as a multiple of the mean eigenvalue; raised until ``sum(s / (s + l))``, the number of
        directions looked at, is at most a tenth of the rows that the covariance comes from.
    """
    whitening, noise = _whiten(reference, current, ridge)
    if whitening is None:
        return None
    difference = current.mean - reference.mean
    direction = whitening.inverse @ difference
    distance = float(difference @ direction) - noise
    size = reference.rows * current.rows / (reference.rows + current.rows)
    return MeanShift(
        statistic=size * distance,
        p_value=survival(size * distance + float(whitening.weights.sum()), whitening.weights),
        distance=distance,
        direction=direction,
        outer=np.outer(direction, direction) - whitening.chance / size,
    )


@attrs.frozen(eq=False)
class _Whitening:
    """What a covariance S says of directions.

    Attributes
    ----------
    inverse : ndarray of float64, shape (numbers, numbers)
        ``(S + l I)^-1``.
    weights : ndarray of float64, shape (numbers,)
        Of the chi-squares.
    chance : ndarray of float64, shape (numbers, numbers)
        ``(S + l I)^-1 S (S + l I)^-1``, the covariance of the direction where nothing has moved.
    understated : float
        By what factor numbers that follow from S and its own inverse are too small.
    """

    inverse: Floats
    weights: Floats
    chance: Floats
    understated: float

    @classmethod
    def of(cls, covariance: Floats, freedom: int, ridge: float) -> _Whitening | None:
        values, vectors = np.linalg.eigh(covariance)
        values = np.maximum(values, 0.0)
        if not values.any():
            return None
        added = max(ridge, _LEAST_RIDGE) * values.mean()
        while (values / (values + added)).sum() > max(freedom / _ROWS_PER_DIRECTION, 1.0):
            added *= 1.5
        regularised = values + added
        weights = values / regularised
        understated = 1.0 - float(weights.sum()) / freedom
        return cls(
            inverse=(vectors / regularised) @ vectors.T,
            weights=weights / understated,
            chance=(vectors * (weights / regularised)) @ vectors.T,
            understated=understated,
        )


@lru_cache(maxsize=8)  # a large reference is compared with many batches
def _whitening_of(sample: Moments, ridge: float) -> _Whitening | None:
    return _Whitening.of(sample.covariance, sample.rows - 1, ridge)


def _whiten(reference: Moments, current: Moments, ridge: float) -> tuple[_Whitening | None, float]:
    """Choose the covariance, and give what a squared distance of means in its terms is by chance.

    That of the larger sample alone, if it is large; else that of both within. If nothing varies within, that of all.
    """
    large, other = (reference, current) if reference.rows >= current.rows else (current, reference)
    if large.rows >= _ROWS_PER_NUMBER * len(large.mean) and (whitening := _whitening_of(large, ridge)):
        own = float(whitening.weights.sum()) / large.rows
        return whitening, own + float(np.vdot(whitening.inverse, other.covariance)) / other.rows
    freedom = reference.rows + current.rows - 2
    within = ((reference.rows - 1) * reference.covariance + (current.rows - 1) * current.covariance) / freedom
    both = reference + current
    whitening = _Whitening.of(within, freedom, ridge) or _Whitening.of(both.covariance, both.rows - 1, ridge)
    if whitening is None:
        return None, 0.0
    mean_noise = reference.covariance / reference.rows + current.covariance / current.rows
    return whitening, float(np.vdot(whitening.inverse, mean_noise)) / whitening.understated
