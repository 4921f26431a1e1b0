"""Direct loss estimation: how wrong a regressor will be on a row, learned from how wrong it was on others."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from scipy.special import ndtri

from mlopskit.drift.performance.groups import Groups, dealt
from mlopskit.drift.performance.outcomes import Array, Places
from mlopskit.drift.performance.weighting import DOUBT, MOST_ROWS

_FOLDS = 3
_BINS = 20
_LEAST_PER_BIN = 50


@attrs.frozen(eq=False)
class LossModel:
    """Estimates the mean of one loss.

    Models of the loss are fitted on all but one fold of the reference each. On the fold left out their predictions are
    compared with the losses: what they are off by on average is corrected, and how much losses scatter, in bins of
    equal size, gives the interval.

    Attributes
    ----------
    unit : float
        The mean loss of the reference, in which all else is measured: trees have few digits.
    models : tuple of HistGradientBoostingRegressor
        One per fold; their mean predicts.
    offset : float
        By how much losses exceed what is predicted.
    edges : ndarray, shape (bins - 1,)
        Predicted losses that part the bins.
    variances, sizes : ndarray, shape (bins,)
        How losses scatter around what is expected, and how many were seen.
    residuals : ndarray, shape (rows,)
        By how much losses exceed what models that have not seen them expect, of the first 20,000 rows.
    groups : Groups or None
        Which of those rows belong together.
    group_variance : float
        The variance of what losses of one group have in common.
    """

    unit: float
    models: tuple[Any, ...]
    offset: float
    edges: Array
    variances: Array
    sizes: Array
    residuals: Array
    groups: Groups | None
    group_variance: float

    @classmethod
    def learn(cls, features: Array, loss: Array, categorical: list[int], groups: Groups | None = None) -> LossModel:
        """Learn from the losses of a reference."""
        unit = float(np.mean(loss)) or 1.0
        loss = loss / unit
        fold = dealt(len(loss), groups, _FOLDS, np.random.default_rng(0))
        models = [_fit(features[fold != part], loss[fold != part], categorical) for part in range(_FOLDS)]
        predicted = np.empty(len(loss))
        for part, model in enumerate(models):
            predicted[fold == part] = model.predict(features[fold == part])
        bins = int(np.clip(len(loss) // _LEAST_PER_BIN, 1, _BINS))
        edges = np.unique(np.quantile(predicted, np.arange(1, bins) / bins))
        place = _bins(edges, predicted)
        sizes = np.maximum(np.bincount(place, minlength=len(edges) + 1), 1).astype(float)
        offset = float(np.mean(loss - predicted))
        residuals = loss - predicted - offset
        variances = np.bincount(place, residuals**2, len(sizes)) / sizes
        scatter, kept = 0.0, None
        if groups is not None:
            scatter, kept = _common_variance(residuals, groups), groups.take(np.arange(len(loss))[:MOST_ROWS])
        return cls(unit, tuple(models), offset, edges, variances, sizes, residuals[:MOST_ROWS], kept, scatter)

    def mean(self, features: Array, weights: Array | None = None, groups: Groups | None = None) -> tuple[float, float]:
        """Give the expected mean loss of rows, and the standard error of what it will be once labels come.

        The error adds how losses scatter on these rows to how well the reference tells their expectation.

        Parameters
        ----------
        features : ndarray, shape (rows, features)
        weights : ndarray, shape (w,), optional
            How much each of the first w residuals counts, so that they look like these rows. Their mean then corrects
            what models get wrong there, which is right if either models or weights are (H. Bang and J. Robins, Doubly
            robust estimation in missing data and causal inference models, Biometrics 61, 2005). Weights are estimates
            themselves: a tenth of the correction is added as a standard error.
        groups : Groups, optional
            Rows whose losses have something in common.
        """
        predicted = np.mean([model.predict(features) for model in self.models], axis=0)
        share = np.bincount(_bins(self.edges, predicted), minlength=len(self.sizes)) / len(predicted)
        mean, sampling = float(np.mean(predicted)) + self.offset, share @ self.variances / len(predicted)
        if groups is not None:
            sampling += self.group_variance * groups.pairs / len(predicted) ** 2
        if weights is None:
            learning = share**2 @ (self.variances / self.sizes) if self.groups is None else self._scatter(None)
        else:
            correction = weights @ self.residuals[: len(weights)] / weights.sum()
            mean += correction
            learning = self._scatter(weights) + (DOUBT * correction) ** 2
        return self.unit * max(mean, 0.0), self.unit * float(np.sqrt(sampling + learning))

    def _scatter(self, weights: Array | None) -> float:
        """Give the variance of the weighted mean of residuals, of which those of a group are not independent."""
        weights = np.ones(len(self.residuals)) if weights is None else weights
        parts = weights * self.residuals[: len(weights)]
        parts = parts if self.groups is None else self.groups.sums(parts)
        return float((parts**2).sum() / weights.sum() ** 2)


def positive_interval(mean: float, error: float, confidence: float) -> tuple[float, float]:
    """Give an interval of a positive mean: of the log-normal distribution of that mean and standard error.

    Means of losses are skewed to the right, the more so the larger the error is beside them.
    """
    if mean <= 0:
        return 0.0, float(ndtri((1 + confidence) / 2) * error)
    variance = np.log1p((error / mean) ** 2)
    middle, reach = mean * np.exp(-variance / 2), np.exp(ndtri((1 + confidence) / 2) * np.sqrt(variance))
    return min(float(middle / reach), mean), max(float(middle * reach), mean)


def _bins(edges: Array, predicted: Array) -> Places:
    return np.asarray(np.searchsorted(edges, predicted, side="right"))


def _common_variance(residuals: Array, groups: Groups) -> float:
    """Estimate it from pairs of rows within groups."""
    excess = (groups.sums(residuals) ** 2).sum() - (residuals**2).sum()
    return max(0.0, float(excess / max(groups.pairs, 1)))


def _fit(features: Array, loss: Array, categorical: list[int]) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    model = HistGradientBoostingRegressor(
        max_iter=100, max_leaf_nodes=15, min_samples_leaf=40, random_state=0, categorical_features=categorical
    )
    return model.fit(features, loss)
