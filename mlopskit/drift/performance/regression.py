"""Regressors: direct loss estimation (DLE)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from mlopskit.drift.performance.features import FeatureEncoder
from mlopskit.drift.performance.groups import Groups, current_groups, reference_groups
from mlopskit.drift.performance.inputs import LARGEST, LEAST_ROWS, check_length, numbers
from mlopskit.drift.performance.loss_model import LossModel, positive_interval
from mlopskit.drift.performance.losses import LOSS_METRICS, LossMetric
from mlopskit.drift.performance.outcomes import Array, Places
from mlopskit.drift.performance.weighting import MOST_ROWS, find_shift
from mlopskit.errors import ValidationError
from mlopskit.records.performance import MetricEstimate, PerformanceReport, Shift

DEFAULT_METRICS = ("mean_absolute_error", "rmse")
_LEAST_REFERENCE = 150
_MOST_LEARNED = 100_000


@attrs.frozen(eq=False)
class RegressorRows:
    """Rows to estimate on: features, the prediction as the last one, truth, NaN where it is missing, and groups."""

    features: Array
    truth: Array
    groups: Groups | None

    def __len__(self) -> int:
        return len(self.truth)

    def take(self, rows: Places) -> RegressorRows:
        """Return some of the rows."""
        groups = None if self.groups is None else self.groups.take(rows)
        return RegressorRows(self.features[rows], self.truth[rows], groups)


@attrs.frozen(eq=False)
class RegressorPerformance:
    """What a reference tells about a regressor.

    Attributes
    ----------
    encoder : FeatureEncoder or None
        Of features, if some were passed; without any, losses are learned from predictions alone.
    features : ndarray, shape (rows, features)
        At most 20,000 rows of the reference, to be weighted when features have moved.
    groups : Groups or None
        Which of those rows belong together.
    models : dict of callable to LossModel
        By loss.
    reference : dict of str to float
        Metrics of the reference.
    """

    encoder: FeatureEncoder | None
    features: Array
    groups: Groups | None
    models: dict[Any, LossModel]
    reference: dict[str, float]

    @classmethod
    def learn(
        cls,
        metrics: Sequence[str],
        y_true: Any,
        y_pred: Any,
        X: Any,  # noqa: N803
        groups: Any,
    ) -> RegressorPerformance:
        """Learn losses from rows with labels, from 100,000 if there are more."""
        chosen = {name: _metric(name) for name in metrics}
        truth, predicted = numbers(y_true, "y_true"), numbers(y_pred, "y_pred")
        check_length(truth, len(predicted), "y_true")
        if len(truth) < _LEAST_REFERENCE:
            raise ValidationError(
                f"the reference has {len(truth)} rows: at least {_LEAST_REFERENCE} are needed to learn from"
            )
        if X is not None:
            check_length(X, len(predicted), "X")
        encoder = None if X is None else FeatureEncoder(X)
        losses = {metric.loss: _losses(metric, truth, predicted) for metric in chosen.values()}
        rows = np.random.default_rng(0).permutation(len(truth))[:_MOST_LEARNED]
        together = reference_groups(groups, len(truth))
        together = None if together is None else together.take(rows)
        features, codes = _features(encoder, X, predicted)[rows], _categorical(encoder)
        models = {loss: LossModel.learn(features, values[rows], codes, together) for loss, values in losses.items()}
        reference = {name: metric.of_mean(losses[metric.loss].mean()) for name, metric in chosen.items()}
        features = features[:MOST_ROWS]
        kept = None if together is None else together.take(np.arange(len(features)))
        return cls(encoder, features, kept, models, reference)

    def read(self, y_proba: Any, y_pred: Any, X: Any, y_true: Any, groups: Any) -> RegressorRows:  # noqa: N803
        """Check rows to estimate on."""
        if y_pred is None or y_proba is not None:
            raise ValidationError(
                "this estimator was fitted on the predictions of a regression: pass y_pred=, not y_proba"
            )
        if self.encoder is not None and X is None:
            raise ValidationError("X is missing: this estimator was fitted with features, so pass some here too")
        predicted = numbers(y_pred, "y_pred")
        if X is not None:
            check_length(X, len(predicted), "X")
        truth = np.full(len(predicted), np.nan) if y_true is None else numbers(y_true, "y_true", gaps=True)
        check_length(truth, len(predicted), "y_true")
        together = current_groups(groups, len(predicted), self.groups is not None)
        return RegressorRows(_features(self.encoder, X, predicted), truth, together)

    def report(self, rows: RegressorRows, confidence: float) -> PerformanceReport:
        """Estimate every metric, and compute it where there are labels."""
        labelled = rows.take(np.flatnonzero(~np.isnan(rows.truth)))
        shift, means = self._means(rows) if len(rows) >= LEAST_ROWS else (Shift(), {})
        estimates = []
        for name, reference in self.reference.items():
            metric = LOSS_METRICS[name]
            realised = _realised(metric, labelled) if len(labelled) else None
            estimate = MetricEstimate(name, None, None, None, reference, metric.higher_is_better, realised)
            if metric.loss in means and metric.is_defined(rows.features[:, -1]):
                mean, error = means[metric.loss]
                lower, upper = map(metric.of_mean, positive_interval(mean, error, confidence))
                estimate = attrs.evolve(estimate, value=metric.of_mean(mean), lower=lower, upper=upper)
            estimates.append(estimate)
        return PerformanceReport(tuple(estimates), len(rows), len(labelled), float(confidence), shift)

    def _means(self, rows: RegressorRows) -> tuple[Shift, dict[Any, tuple[float, float]]]:
        groups = None if self.groups is None or rows.groups is None else (self.groups, rows.groups)
        shift = find_shift(self.features, rows.features, _categorical(self.encoder), groups)
        if shift.status == "too far":
            return shift.record, {}
        weights = shift.weights if shift.status == "corrected" else None
        means = {loss: model.mean(rows.features, weights, rows.groups) for loss, model in self.models.items()}
        return shift.record, means


def _metric(name: str) -> LossMetric:
    if name not in LOSS_METRICS:
        raise ValueError(f"there is no metric {name!r} of regressions; choose from {', '.join(LOSS_METRICS)}")
    return LOSS_METRICS[name]


def _losses(metric: LossMetric, truth: Array, predicted: Array) -> Array:
    if not metric.is_defined(truth, predicted):
        raise ValidationError(
            f"{metric.name} needs numbers above -1, which y_true or y_pred are not: choose another metric"
        )
    losses = metric.loss(truth, predicted)
    if losses.max() > LARGEST:
        raise ValidationError(
            f"{metric.name} has losses beyond {LARGEST:g}: pass y_true and y_pred in a larger unit, or choose another "
            "metric"
        )
    return losses


def _realised(metric: LossMetric, labelled: RegressorRows) -> float | None:
    truth, predicted = labelled.truth, labelled.features[:, -1]
    return metric.of_mean(metric.loss(truth, predicted).mean()) if metric.is_defined(truth, predicted) else None


def _features(encoder: FeatureEncoder | None, X: Any, predicted: Array) -> Array:  # noqa: N803
    if encoder is None:
        return predicted[:, np.newaxis]
    return np.column_stack([encoder.encode(X), predicted])


def _categorical(encoder: FeatureEncoder | None) -> list[int]:
    return [] if encoder is None else encoder.categorical
