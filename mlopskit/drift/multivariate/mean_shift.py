"""Do two samples of vectors have one mean? A regularised Hotelling test, from moments alone.

In place of Hotelling's ``d' S^-1 d`` for the difference d of the means, ``d' (S + l I)^-1 d`` stays well behaved where
numbers are many or nearly dependent. For features of a kernel this is the spectrally regularised MMD (O. Hagrass,
B. Sriperumbudur and B. Li, Spectral regularized kernel two-sample tests, Annals of Statistics 52, 2024), and the test of
Z. Harchaoui, F. Bach and E. Moulines, Testing for homogeneity with kernel Fisher discriminant analysis (2007): it looks
at directions in which rows hardly vary as closely as at others, which is where a change of dependence shows, while the
plain MMD drowns it in the noise of the rest.

If nothing has moved, the statistic is a sum of chi-squares with the weights ``s / (s + l)``, s being the eigenvalues of
the covariance. Since these are estimated, the weights are too small by the factor ``1 - sum(s / (s + l)) / rows``
(L. Chen, D. Paul, R. Prentice and P. Wang, A regularized Hotelling's T2 test for pathway analysis in proteomic studies,
JASA 106, 2011). The terms of a row with itself are left out (the *U-statistic*), which keeps the test honest where one
sample is far smaller than the other.
"""

from __future__ import annotations

import math

import attrs
import numpy as np
from scipy.special import ndtr

from mlopskit.drift.multivariate.moments import Floats, Moments
from mlopskit.drift.weighted_chi_square import survival


@attrs.frozen(eq=False)
class MeanShift:
    """The difference of two means.

    Attributes
    ----------
    statistic : float
        ``n m / (n + m)`` times `distance`.
    p_value : float
    distance : float
        The regularised squared distance of the means, in units of the spread of one row; unbiased, so that it may be
        below 0.
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
        The regularisation l, as a multiple of the mean eigenvalue.
    """
    known = reference if reference.rows >= current.rows else current
    if not np.trace(known.covariance) > 0:
        known = reference + current
        if not np.trace(known.covariance) > 0:
            return None
    values, vectors = known.spectrum
    regularised = values + ridge * values.mean()
    weights = values / regularised
    understated = max(1.0 - float(weights.sum()) / max(known.rows - 1, 1), 0.1)
    inverse = (vectors / regularised) @ vectors.T

    difference = current.mean - reference.mean
    direction = inverse @ difference
    own_terms = sum(
        float(np.vdot(inverse, sample.covariance)) / sample.rows / (understated if sample is known else 1.0)
        for sample in (reference, current)
    )
    distance = float(difference @ direction) - own_terms
    size = reference.rows * current.rows / (reference.rows + current.rows)
    weights /= understated
    chance = (vectors * (values / regularised**2)) @ vectors.T / size
    return MeanShift(
        statistic=size * distance,
        p_value=survival(size * distance + float(weights.sum()), weights),
        distance=distance,
        direction=direction,
        outer=np.outer(direction, direction) - chance,
    )
