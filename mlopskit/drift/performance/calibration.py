"""Calibration: from the probabilities that a model claims to those that its reference shows."""

from __future__ import annotations

import attrs
import numpy as np
from scipy.special import expit, logit

from mlopskit.drift.performance.groups import Groups
from mlopskit.drift.performance.outcomes import Array, Places

_LEAST = 1e-6  # claimed probabilities nearer to 0 or 1 are taken to be this near
_LIMIT = float(-logit(_LEAST))
_CELLS = 4096
_MOST_KNOTS = 16
_ROWS_PER_KNOT = 30  # of the rarer outcome
_FOLDS = 5
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

    def split(self, random: np.random.Generator) -> list[ScoreCells]:
        """Deal the rows, which must not be weighted, to folds."""
        even = [1 / _FOLDS] * _FOLDS
        positives = random.multinomial(self.positives.astype(np.int64), even).astype(float)
        negatives = random.multinomial((self.rows - self.positives).astype(np.int64), even).astype(float)
        return [ScoreCells(self.odds, p + n, p) for p, n in zip(positives.T, negatives.T, strict=True)]

    def without(self, part: ScoreCells) -> ScoreCells:
        """Leave a fold out."""
        return ScoreCells(self.odds, self.rows - part.rows, self.positives - part.positives)

    def brier(self, probability: Array) -> float:
        """Give the sum of squared distances of labels and one probability per cell."""
        negatives = self.rows - self.positives
        return float(self.positives @ (1 - probability) ** 2 + negatives @ probability**2)


@attrs.frozen(eq=False)
class Curve:
    """The log-odds of a class, piecewise linear in those that the model claims.

    Attributes
    ----------
    knots, values : ndarray, shape (knots,)
        Claimed log-odds in ascending order, and what they mean.
    helps : bool
        Whether it came closer to labels it had not seen than the model's own probabilities; otherwise values are the
        knots, which leaves probabilities as they are.
    brier_before, brier_after : float
        By how much, cross-fitted.
    """

    knots: Array
    values: Array
    helps: bool = True
    brier_before: float = np.nan
    brier_after: float = np.nan

    def probability(self, odds: Array) -> Array:
        """Calibrate."""
        return np.asarray(expit(Place.among(self.knots, odds).blend(self.values)))


def fit_curve(cells: ScoreCells, *, rows: float | None = None) -> Curve:
    """Fit a logistic regression on the hat functions of a few knots.

    To each knot one more row is added that agrees with the model, so that a run of equal labels gives no infinite odds.

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


Folds = list[tuple[ScoreCells, ScoreCells]]


def folds_of_rows(cells: ScoreCells) -> Folds:
    """Deal independent rows at random to folds: all but one to learn from, and that one."""
    return [(cells.without(part), part) for part in cells.split(np.random.default_rng(0))]


def folds_of_groups(odds: Array, positive: Array, groups: Groups) -> Folds:
    """Deal whole groups to folds."""
    fold = groups.folds(_FOLDS, np.random.default_rng(0))
    parts = [fold == part for part in range(_FOLDS)]
    return [(ScoreCells.of(odds[~part], positive[~part]), ScoreCells.of(odds[part], positive[part])) for part in parts]


def calibrate(cells: ScoreCells, folds: Folds) -> Curve:
    """Fit a curve, and keep the model's own probabilities unless the curve is closer to labels it has not seen."""
    before = after = 0.0
    for others, part in folds:
        before += part.brier(expit(part.odds))
        after += part.brier(fit_curve(others).probability(part.odds))
    curve, total = fit_curve(cells), cells.rows.sum()
    helps = after < before
    values = curve.values if helps else curve.knots
    return attrs.evolve(curve, values=values, helps=helps, brier_before=before / total, brier_after=after / total)
