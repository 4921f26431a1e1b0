"""Classifiers: confidence-based performance estimation (CBPE).

If calibrated probabilities say how likely each class is, they also say how likely each prediction is right, so that
every metric has an expectation before any label arrives.

References
----------
J. Bialek, J. Perrakis and W. Kuberski, Estimating model performance under covariate shift without labels, 2024
(arXiv 2401.08348).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from mlopskit.drift.performance.features import FeatureEncoder
from mlopskit.drift.performance.groups import Groups, current_groups, reference_groups
from mlopskit.drift.performance.inputs import (
    LEAST_ROWS,
    Classes,
    check_length,
    classes_of,
    probabilities,
    probability_columns,
)
from mlopskit.drift.performance.metrics import METRICS, Metric
from mlopskit.drift.performance.outcomes import Array, Outcomes, Places, Predicted
from mlopskit.drift.performance.probabilities import Calibration
from mlopskit.drift.performance.simulation import Interval, intervals
from mlopskit.drift.performance.weighting import MOST_ROWS, find_shift
from mlopskit.errors import ValidationError
from mlopskit.records.performance import MetricEstimate, PerformanceReport, Shift

DEFAULT_METRICS = ("accuracy", "roc_auc")


@attrs.frozen(eq=False)
class ClassifierRows:
    """Rows to estimate on: what was predicted, and features, labels and groups if there are some."""

    predicted: Predicted
    features: Array | None
    codes: Places
    groups: Groups | None

    def __len__(self) -> int:
        return len(self.predicted)

    def take(self, rows: Places) -> ClassifierRows:
        """Return some of the rows."""
        features = None if self.features is None else self.features[rows]
        groups = None if self.groups is None else self.groups.take(rows)
        return ClassifierRows(self.predicted.take(rows), features, self.codes[rows], groups)


@attrs.frozen(eq=False)
class KeptRows:
    """Rows of the reference that are kept, so that they can be weighted when features have moved."""

    encoder: FeatureEncoder
    features: Array
    probability: Array
    codes: Places
    groups: Groups | None


@attrs.frozen(eq=False)
class ClassifierPerformance:
    """What a reference tells about a classifier.

    Attributes
    ----------
    classes : Classes
    calibration : Calibration
    reference : dict of str to float
        Metrics of the reference.
    own_labels : bool
        Whether predicted labels were passed, rather than taken to be the most probable class.
    grouped : bool
        Whether rows were told to belong together.
    kept : KeptRows or None
        At most 20,000 rows of the reference, if features were passed.
    """

    classes: Classes
    calibration: Calibration
    reference: dict[str, float]
    own_labels: bool
    grouped: bool
    kept: KeptRows | None

    @classmethod
    def learn(
        cls,
        metrics: Sequence[str],
        y_true: Any,
        y_proba: Any,
        y_pred: Any,
        X: Any,  # noqa: N803
        classes: Sequence[Any] | None,
        groups: Any,
    ) -> ClassifierPerformance:
        """Learn calibration and reference values from rows with labels."""
        known = classes_of(y_true, probability_columns(y_proba), classes)
        chosen = {name: _metric(name, len(known)) for name in metrics}
        probability = probabilities(y_proba, known)
        check_length(y_true, len(probability), "y_true")
        codes = known.codes(y_true, "y_true")
        _check_labels(codes, known)
        predicted = Predicted(probability, _predicted_labels(known, probability, y_pred))
        reference = _reference(chosen, Outcomes.known(predicted, codes))
        together = reference_groups(groups, len(codes))
        calibration = Calibration.learn(probability, codes, groups=together)
        kept = None if X is None else _keep(X, probability, codes, together)
        return cls(known, calibration, reference, y_pred is not None, together is not None, kept)

    def read(self, y_proba: Any, y_pred: Any, X: Any, y_true: Any, groups: Any) -> ClassifierRows:  # noqa: N803
        """Check rows to estimate on."""
        if y_proba is None:
            raise ValidationError(
                "y_proba is missing: this estimator was fitted on probabilities, so pass some here too"
            )
        if (y_pred is not None) != self.own_labels:
            found = "with y_pred: pass it" if self.own_labels else "without y_pred: fit with it, or leave it out"
            raise ValidationError(f"this estimator was fitted {found} here too, so that like is compared with like")
        probability = probabilities(y_proba, self.classes)
        predicted = Predicted(probability, _predicted_labels(self.classes, probability, y_pred))
        features = None
        if X is not None:
            check_length(X, len(predicted), "X")
            features = None if self.kept is None else self.kept.encoder.encode(X)
        together = current_groups(groups, len(predicted), self.grouped)
        codes = np.full(len(predicted), -1)
        if y_true is not None:
            check_length(y_true, len(predicted), "y_true")
            codes = self.classes.codes(y_true, "y_true")
        return ClassifierRows(predicted, features, codes, together)

    def report(self, rows: ClassifierRows, confidence: float) -> PerformanceReport:
        """Estimate every metric, and compute it where there are labels."""
        metrics = {name: METRICS[name] for name in self.reference}
        labelled = np.flatnonzero(rows.codes >= 0)
        realised = _realised(metrics, rows.take(labelled)) if len(labelled) else {}
        shift, found = self._estimates(metrics, rows, confidence) if len(rows) >= LEAST_ROWS else (Shift(), {})
        estimates = tuple(
            self._estimate(name, metric, found.get(name), realised.get(name), confidence)
            for name, metric in metrics.items()
        )
        return PerformanceReport(estimates, len(rows), len(labelled), float(confidence), shift)

    def _estimates(
        self, metrics: dict[str, Metric], rows: ClassifierRows, confidence: float
    ) -> tuple[Shift, dict[str, Interval]]:
        kept, calibration, unweighted, record = self.kept, self.calibration, None, Shift()
        if kept is not None and rows.features is not None:
            groups = None if kept.groups is None or rows.groups is None else (kept.groups, rows.groups)
            shift = find_shift(kept.features, rows.features, kept.encoder.categorical, groups)
            record = shift.record
            if shift.status == "too far":
                return record, {}
            if shift.status == "corrected":
                unweighted = calibration
                calibration = Calibration.learn(kept.probability, kept.codes, shift.weights, kept.groups)
        found = intervals(metrics, rows.predicted, calibration, confidence, unweighted=unweighted, groups=rows.groups)
        return record, found

    def _estimate(
        self, name: str, metric: Metric, found: Interval | None, realised: float | None, confidence: float
    ) -> MetricEstimate:
        estimate = MetricEstimate(name, None, None, None, self.reference[name], metric.higher_is_better, realised)
        if found is None or np.isnan(found.value) or found.undefined > 1 - confidence:
            return estimate
        return attrs.evolve(estimate, value=found.value, lower=found.lower, upper=found.upper)


def _metric(name: str, classes: int) -> Metric:
    if name not in METRICS:
        raise ValueError(f"there is no metric {name!r} of classifications; choose from {', '.join(METRICS)}")
    if METRICS[name].binary_only and classes != 2:
        raise ValueError(f"{name!r} needs two classes, here are {classes}; choose another metric")
    return METRICS[name]


def _reference(metrics: dict[str, Metric], truth: Outcomes) -> dict[str, float]:
    found = {name: float(metric(truth)) for name, metric in metrics.items()}
    undefined = [name for name, value in found.items() if np.isnan(value)]
    if undefined:
        raise ValidationError(
            f"{', '.join(undefined)} has no value on the reference, where the model predicts too few classes: "
            "choose another metric, or pass y_pred by another rule"
        )
    return found


def _check_labels(codes: Places, classes: Classes) -> None:
    missing = int((codes < 0).sum())
    if missing:
        raise ValidationError(
            f"y_true lacks labels in {missing} of {len(codes)} rows: leave those rows out of the reference"
        )
    if len(codes) < LEAST_ROWS:
        raise ValidationError(f"the reference has {len(codes)} rows: at least {LEAST_ROWS} are needed to learn from")
    absent = int((np.bincount(codes, minlength=len(classes)) == 0).sum())
    if absent:
        raise ValidationError(
            f"the reference has no rows of {absent} of the {len(classes)} classes: take a longer one that has them all"
        )


def _predicted_labels(classes: Classes, probability: Array, y_pred: Any) -> Places:
    if y_pred is None:
        return np.asarray(probability.argmax(axis=1))
    check_length(y_pred, len(probability), "y_pred")
    codes = classes.codes(y_pred, "y_pred")
    if (codes < 0).any():
        raise ValidationError(
            f"y_pred is missing in {int((codes < 0).sum())} of {len(codes)} rows: leave those rows out"
        )
    return codes


def _keep(X: Any, probability: Array, codes: Places, groups: Groups | None) -> KeptRows:  # noqa: N803
    check_length(X, len(codes), "X")
    encoder = FeatureEncoder(X)
    features = encoder.encode(X)
    rows = np.arange(len(codes))
    if len(rows) > MOST_ROWS:
        rows = np.random.default_rng(0).choice(len(codes), MOST_ROWS, replace=False)
    together = None if groups is None else groups.take(rows)
    return KeptRows(encoder, features[rows], probability[rows], codes[rows], together)


def _realised(metrics: dict[str, Metric], rows: ClassifierRows) -> dict[str, float | None]:
    known = Outcomes.known(rows.predicted, rows.codes)
    found = {name: float(metric(known)) for name, metric in metrics.items()}
    return {name: None if np.isnan(value) else value for name, value in found.items()}
