"""Losses of regressors, row by row, and the metrics that are means of them."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import numpy as np

from mlopskit.drift.performance.outcomes import Array


def _absolute(truth: Array, predicted: Array) -> Array:
    return np.abs(truth - predicted)


def _squared(truth: Array, predicted: Array) -> Array:
    return np.asarray((truth - predicted) ** 2)


def _percentage(truth: Array, predicted: Array) -> Array:
    return np.asarray(np.abs(truth - predicted) / np.maximum(np.abs(truth), np.finfo(float).eps))


def _squared_log(truth: Array, predicted: Array) -> Array:
    return np.asarray((np.log1p(truth) - np.log1p(predicted)) ** 2)


@attrs.frozen
class LossMetric:
    """A metric of regressors.

    Attributes
    ----------
    name : str
    loss : callable
        From truth and prediction to the loss of each row.
    root : bool
        Whether the metric is the square root of the mean loss.
    needs_positive : bool
        Whether truth and prediction have to be above -1.
    """

    name: str
    loss: Callable[[Array, Array], Array]
    root: bool = False
    needs_positive: bool = False
    higher_is_better: bool = False

    def is_defined(self, *numbers: Array) -> bool:
        """Whether there is such a loss of all these numbers."""
        return not self.needs_positive or all(bool((values > -1).all()) for values in numbers)

    def of_mean(self, mean: float) -> float:
        """Turn the mean loss into the metric."""
        return float(np.sqrt(mean)) if self.root else float(mean)


LOSS_METRICS = {
    metric.name: metric
    for metric in (
        LossMetric("mean_absolute_error", _absolute),
        LossMetric("mean_absolute_percentage_error", _percentage),
        LossMetric("mean_squared_error", _squared),
        LossMetric("mean_squared_log_error", _squared_log, needs_positive=True),
        LossMetric("rmse", _squared, root=True),
        LossMetric("rmsle", _squared_log, root=True, needs_positive=True),
    )
}
