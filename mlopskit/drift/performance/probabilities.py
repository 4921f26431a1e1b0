"""All classes calibrated together, with how sure that is."""

from __future__ import annotations

import attrs
import numpy as np
from scipy.special import expit

from mlopskit.drift.performance.calibration import Curve, Place, ScoreCells, calibrate, curvature, fit_curve, log_odds
from mlopskit.drift.performance.outcomes import Array, Places

_MOST_ELEMENTS = 1_000_000


@attrs.frozen(eq=False)
class Calibration:
    """Curves that turn what a model claims into what its reference shows.

    Of two classes there is one curve, for the second; of more there is one per class against all others, and what they
    give is divided by its sum (B. Zadrozny and C. Elkan, Transforming classifier scores into accurate multiclass
    probability estimates, KDD 2002).

    Attributes
    ----------
    curves : tuple of Curve
    spread : ndarray, shape (dimensions, values of all curves)
        A factor of the covariance of the values, which is the sandwich estimate (H. White, Maximum likelihood
        estimation of misspecified models, Econometrica 50, 1982): standard normal draws times this are errors of them.
    """

    curves: tuple[Curve, ...]
    spread: Array

    @classmethod
    def learn(cls, probability: Array, codes: Places, weights: Array | None = None) -> Calibration:
        """Learn from rows with labels.

        Parameters
        ----------
        probability : ndarray, shape (rows, classes)
        codes : ndarray of int, shape (rows,)
            Places of the true classes.
        weights : ndarray, shape (rows,), optional
            How much each row counts. Rows of other weights are not from where the model was checked, so that its own
            probabilities are no candidate then.
        """
        columns = _columns(probability)
        cells = [ScoreCells.of(log_odds(p), codes == one, weights) for one, p in columns]
        if weights is None:
            curves = tuple(calibrate(each) for each in cells)
        else:
            shrunk = weights.sum() / (weights**2).sum()  # effective rows for each row of weight 1
            curves = tuple(fit_curve(each, rows=_rarer(each) * shrunk) for each in cells)
        return cls(curves, _spread(columns, codes, weights, curves, cells))

    def probabilities(self, probability: Array) -> Array:
        """Calibrate, shape (rows, classes)."""
        found = [
            curve.probability(log_odds(p)) for (_, p), curve in zip(_columns(probability), self.curves, strict=True)
        ]
        return _complete(np.stack(found, axis=-1))

    def draw(self, probability: Array, random: np.random.Generator, number: int) -> Array:
        """Draw calibrated probabilities as the reference leaves them open, shape (number, rows, classes)."""
        errors = random.standard_normal((number, len(self.spread))) @ self.spread
        starts = np.cumsum([0, *(len(curve.knots) for curve in self.curves)])
        found = np.empty((number, len(probability), len(self.curves)))
        for place, ((_, p), curve) in enumerate(zip(_columns(probability), self.curves, strict=True)):
            values = curve.values + errors[:, starts[place] : starts[place + 1]]
            found[..., place] = expit(Place.among(curve.knots, log_odds(p)).blend(values))
        return _complete(found)


def _columns(probability: Array) -> list[tuple[int, Array]]:
    """Give the classes that get a curve, with their probabilities."""
    classes = probability.shape[1]
    return [(one, probability[:, one]) for one in ([1] if classes == 2 else range(classes))]


def _complete(found: Array) -> Array:
    """Make probabilities of all classes."""
    if found.shape[-1] == 1:
        return np.concatenate([1 - found, found], axis=-1)
    return np.asarray(found / found.sum(axis=-1, keepdims=True))


def _rarer(cells: ScoreCells) -> float:
    positives, rows = float(cells.positives.sum()), float(cells.rows.sum())
    return min(positives, rows - positives)


def _spread(
    columns: list[tuple[int, Array]], codes: Places, weights: Array | None, curves: tuple[Curve, ...],
    cells: list[ScoreCells],
) -> Array:  # fmt: skip
    """Sum up what each row, of a sample if there are many, does to the values; give a factor of that covariance."""
    rows = np.arange(len(codes))
    most = max(_MOST_ELEMENTS // sum(len(curve.knots) for curve in curves), 1000)
    if len(rows) > most:
        rows = np.random.default_rng(0).choice(len(codes), most, replace=False)
    parts = []
    for (one, p), curve, counted in zip(columns, curves, cells, strict=True):
        knots = len(curve.knots)
        place = Place.among(curve.knots, log_odds(p[rows]))
        residual = (codes[rows] == one) - expit(place.blend(curve.values))
        if weights is not None:
            residual = residual * weights[rows]
        inner = Place.among(curve.knots, counted.odds)
        bend = curvature(counted.rows, inner.weights(knots), expit(inner.blend(curve.values)), curve.values)
        parts.append(np.linalg.solve(bend, (place.weights(knots) * residual[:, np.newaxis]).T).T)
    errors = np.hstack(parts) * np.sqrt(len(codes) / len(rows))
    sizes, directions = np.linalg.eigh(errors.T @ errors)
    return np.asarray(np.sqrt(np.maximum(sizes, 0))[:, np.newaxis] * directions.T)
