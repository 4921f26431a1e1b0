"""Calibration: from the probabilities that a model claims to those that its reference shows."""

from __future__ import annotations

import attrs
import numpy as np
from scipy.special import expit, logit

from mlopskit.drift.performance.outcomes import Array, Places

_LEAST = 1e-6  # claimed probabilities nearer to 0 or 1 are taken to be this near
_LIMIT = float(-logit(_LEAST))
_CELLS = 4096
_MOST_KNOTS = 16
_ROWS_PER_KNOT = 30  # of the rarer outcome
_STEPS, _LONGEST_STEP, _TOLERANCE = 100, 4.0, 1e-9


def log_odds(probability: Array) -> Array:
    """Turn probabilities into log-odds, all of them finite."""
    return np.asarray(logit(np.clip(probability, _LEAST, 1 - _LEAST)))


@attrs.frozen(eq=False)
class Place:
    """Where log-odds lie among knots: between which two, how far, and how far beyond the last one."""

    left: Places
    share: Array
    beyond: Array

    @classmethod
    def among(cls, knots: Array, odds: Array) -> Place:
        """Find the places of log-odds."""
        within = np.clip(odds, knots[0], knots[-1])
        if len(knots) == 1:
            return cls(np.zeros(len(odds), dtype=np.intp), np.zeros(len(odds)), odds - within)
        left = np.clip(np.searchsorted(knots, within, side="right") - 1, 0, len(knots) - 2)
        return cls(left, (within - knots[left]) / (knots[left + 1] - knots[left]), odds - within)

    def blend(self, values: Array) -> Array:
        """Interpolate values at the knots, shape (..., knots), and go on with a slope of 1 beyond them."""
        right = np.minimum(self.left + 1, values.shape[-1] - 1)
        return values[..., self.left] * (1 - self.share) + values[..., right] * self.share + self.beyond

    def weights(self, knots: int) -> Array:
        """Give the weight of each knot for each row, shape (rows, knots)."""
        found, rows = np.zeros((len(self.left), knots)), np.arange(len(self.left))
        found[rows, self.left] = 1 - self.share
        found[rows, np.minimum(self.left + 1, knots - 1)] += self.share
        return found


@attrs.frozen(eq=False)
class ScoreCells:
    """Rows counted in narrow cells of log-odds; what calibration is learned from.

    Attributes
    ----------
    odds : ndarray, shape (cells,)
        The mean of the rows of a cell.
    rows, positives : ndarray, shape (cells,)
        All rows, and those of the class; sums of weights if rows have some.
    """

    odds: Array
    rows: Array
    positives: Array

    @classmethod
    def of(cls, odds: Array, positive: Array, weights: Array | None = None) -> ScoreCells:
        """Count rows; cells without any are left out."""
        cell = ((odds + _LIMIT) * (_CELLS / (2 * _LIMIT))).astype(np.intp).clip(0, _CELLS - 1)
        weights = np.ones(len(odds)) if weights is None else weights
        rows, total, positives = (
            np.bincount(cell, values, _CELLS).astype(float) for values in (weights, weights * odds, weights * positive)
        )
        used = rows > 0
        return cls(total[used] / rows[used], rows[used], positives[used])

    def knots(self, number: int) -> Array:
        """Choose log-odds between which lie equal shares, half of the rows and half of what they tell about labels."""
        telling = self.rows * expit(self.odds) * expit(-self.odds)
        share = np.cumsum(self.rows / self.rows.sum() + telling / telling.sum()) / 2
        wanted = (np.arange(number) + 0.5) / number
        return np.unique(self.odds[np.minimum(np.searchsorted(share, wanted), len(share) - 1)])


@attrs.frozen(eq=False)
class Curve:
    """The log-odds of a class, piecewise linear in those that the model claims.

    Attributes
    ----------
    knots, values : ndarray, shape (knots,)
        Claimed log-odds in ascending order, and what they mean.
    """

    knots: Array
    values: Array

    def probability(self, odds: Array) -> Array:
        """Calibrate."""
        return np.asarray(expit(Place.among(self.knots, odds).blend(self.values)))


def fit_curve(cells: ScoreCells, *, rows: float | None = None) -> Curve:
    """Fit a logistic regression on the hat functions of a few knots.

    To each knot one more row is added that agrees with the model, so that a run of equal labels gives no infinite odds.
    The curve is taken even if the model's own probabilities look as good: to choose between them by what the reference
    shows is chance where they differ little, and no interval that is made afterwards would know of it (H. Leeb and
    B. M. Poetscher, Model selection and inference: facts and fiction, Econometric Theory 21, 2005).

    Parameters
    ----------
    cells : ScoreCells
    rows : float, optional
        How many rows of the rarer outcome there are, if weights make them fewer than they seem.
    """
    rarer = min(cells.positives.sum(), (cells.rows - cells.positives).sum()) if rows is None else rows
    knots = cells.knots(int(np.clip(rarer // _ROWS_PER_KNOT, 2, _MOST_KNOTS)))
    place = Place.among(knots, cells.odds)
    weights, prior = place.weights(len(knots)), expit(knots)
    values = np.asarray(logit((weights.T @ cells.positives + prior) / (weights.T @ cells.rows + 1)))
    for _ in range(_STEPS):
        q = expit(place.blend(values))
        gradient = weights.T @ (cells.positives - cells.rows * q) + prior - expit(values)
        step = np.linalg.solve(curvature(cells.rows, weights, q, values), gradient)
        longest = np.abs(step).max()
        values = values + step * min(1.0, _LONGEST_STEP / max(longest, _TOLERANCE))
        if longest < _TOLERANCE:
            break
    return Curve(knots, values)


def curvature(rows: Array, weights: Array, q: Array, values: Array) -> Array:
    """Give the negative second derivative of the log-likelihood by the values at the knots."""
    return np.asarray((weights.T * (rows * q * (1 - q))) @ weights + np.diag(expit(values) * expit(-values)))
