"""All classes calibrated together, with how sure that is."""

from __future__ import annotations

import attrs
import numpy as np
from scipy.special import expit

from mlopskit.drift.performance.calibration import (
    Curve,
    Place,
    ScoreCells,
    curvature,
    fit_curve,
    log_odds,
)
from mlopskit.drift.performance.groups import Groups, group_variance
from mlopskit.drift.performance.outcomes import Array, Places

_MOST_ELEMENTS = 1_000_000
_LOGISTIC = (16 * np.sqrt(3) / (15 * np.pi)) ** 2  # of a normal effect on log-odds, see `Calibration.draw`


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
        estimation of misspecified models, Econometrica 50, 1982), clustered by groups if there are some: standard
        normal draws times this are errors of the values.
    group_scatter : ndarray, shape (curves,)
        The standard deviation of the log-odds that rows of one group have in common.
    """

    curves: tuple[Curve, ...]
    spread: Array
    group_scatter: Array

    @classmethod
    def learn(
        cls, probability: Array, codes: Places, weights: Array | None = None, groups: Groups | None = None
    ) -> Calibration:
        """Learn from rows with labels.

        Parameters
        ----------
        probability : ndarray, shape (rows, classes)
        codes : ndarray of int, shape (rows,)
            Places of the true classes.
        weights : ndarray, shape (rows,), optional
            How much each row counts.
        groups : Groups, optional
            Rows that are not independent.
        """
        classes, curves, errors, scatter = _classes(probability), [], [], []
        for one in classes:
            odds, positive = log_odds(probability[:, one]), (codes == one).astype(float)
            cells = ScoreCells.of(odds, positive, weights)
            effective = 1.0 if weights is None else weights.sum() / (weights**2).sum()  # rows per weight of 1
            curves.append(fit_curve(cells, rows=_rarer(cells) * effective))
            errors.append(_Errors(curves[-1], cells, odds, positive, weights))
            scatter.append(0.0 if groups is None else errors[-1].group_scatter(groups))
        return cls(tuple(curves), _spread(errors, len(codes), groups), np.array(scatter))

    def probabilities(self, probability: Array) -> Array:
        """Calibrate, shape (rows, classes)."""
        columns = zip(_classes(probability), self.curves, strict=True)
        found = [curve.probability(log_odds(probability[:, one])) for one, curve in columns]
        return _complete(np.stack(found, axis=-1))

    def draw(self, probability: Array, random: np.random.Generator, number: int, common: Array | None = None) -> Array:
        """Draw calibrated probabilities as the reference leaves them open, shape (number, rows, classes).

        Parameters
        ----------
        probability : ndarray, shape (rows, classes)
        random : Generator
        number : int
            How many draws.
        common : ndarray, shape (rows, dimensions), optional
            What rows have in common, see `Groups.factor`: normal effects on log-odds, of which each row stays as likely
            on average (S. Zeger, K.-Y. Liang and P. Albert, Models for longitudinal data: a generalized estimating
            equation approach, Biometrics 44, 1988).
        """
        errors = random.standard_normal((number, len(self.spread))) @ self.spread
        starts = np.cumsum([0, *(len(curve.knots) for curve in self.curves)])
        found = np.empty((number, len(probability), len(self.curves)))
        for place, (one, curve) in enumerate(zip(_classes(probability), self.curves, strict=True)):
            values = curve.values + errors[:, starts[place] : starts[place + 1]]
            odds = Place.among(curve.knots, log_odds(probability[:, one])).blend(values)
            if common is not None:
                effects = self.group_scatter[place] * common
                odds *= np.sqrt(1 + _LOGISTIC * (effects**2).sum(axis=1))
                odds += random.standard_normal((number, common.shape[1])) @ effects.T
            found[..., place] = expit(odds)
        return _complete(found)


class _Errors:
    """What rows of the reference do to the values of a curve."""

    def __init__(self, curve: Curve, cells: ScoreCells, odds: Array, positive: Array, weights: Array | None):
        self._curve, self._odds, self._positive, self._weights = curve, odds, positive, weights
        place = Place.among(curve.knots, cells.odds)
        q = expit(place.blend(curve.values))
        self._curvature = curvature(cells.rows, place.weights(len(curve.knots)), q, curve.values)

    @property
    def knots(self) -> int:
        """How many values there are."""
        return len(self._curve.knots)

    def of(self, rows: Places) -> Array:
        """Give the effect of rows on each value, shape (rows, knots)."""
        place = Place.among(self._curve.knots, self._odds[rows])
        residual = self._positive[rows] - expit(place.blend(self._curve.values))
        if self._weights is not None:
            residual = residual * self._weights[rows]
        parts = place.weights(self.knots) * residual[:, np.newaxis]
        return np.asarray(np.linalg.solve(self._curvature, parts.T).T)

    def group_scatter(self, groups: Groups) -> float:
        """Estimate the standard deviation of the log-odds that rows of one group have in common."""
        weights = np.ones(len(self._odds)) if self._weights is None else self._weights
        q = self._curve.probability(self._odds)
        slopes = weights * q * (1 - q)
        return float(np.sqrt(group_variance(weights * (self._positive - q), weights * slopes, slopes, groups)))


def _spread(errors: list[_Errors], number: int, groups: Groups | None) -> Array:
    """Sum up what each row or group, of a sample if rows are many, does to the values; give a factor of that."""
    units = number if groups is None else groups.count
    most = max(_MOST_ELEMENTS // sum(each.knots for each in errors), 1000)
    rows = np.arange(number)
    picked = units
    if number > most:
        picked = max(int(units * most / number), 2)
        chosen = np.random.default_rng(0).choice(units, picked, replace=False)
        rows = chosen if groups is None else np.flatnonzero(np.isin(groups.codes, chosen))
    found = np.hstack([each.of(rows) for each in errors])
    if groups is not None:
        found = groups.take(rows).sums(found)
    found = found * np.sqrt(units / picked * units / (units - 1))
    variances, directions = np.linalg.eigh(found.T @ found)
    return np.asarray(np.sqrt(np.maximum(variances, 0))[:, np.newaxis] * directions.T)


def _classes(probability: Array) -> list[int]:
    """Give the classes that get a curve."""
    classes = probability.shape[1]
    return [1] if classes == 2 else list(range(classes))


def _complete(found: Array) -> Array:
    """Make probabilities of all classes."""
    if found.shape[-1] == 1:
        return np.concatenate([1 - found, found], axis=-1)
    return np.asarray(found / found.sum(axis=-1, keepdims=True))


def _rarer(cells: ScoreCells) -> float:
    positives, rows = float(cells.positives.sum()), float(cells.rows.sum())
    return min(positives, rows - positives)
