"""A fitted estimator as JSON: curves, their covariance and a few numbers, and never any code.

That holds for classifiers that were fitted without features. Models of losses and rows of features are kept as any
other object is: by cloudpickle, which asks for consent when it is loaded. Nothing heavy is imported before an estimator
turns up.
"""

from __future__ import annotations

import base64
import sys
from typing import TYPE_CHECKING, Any, BinaryIO

from mlopskit.storage import canonical_json
from mlopskit.storage.serializers import Serializer

if TYPE_CHECKING:
    from mlopskit.drift.performance.classification import ClassifierPerformance
    from mlopskit.drift.performance.estimator import PerformanceEstimator
    from mlopskit.drift.performance.outcomes import Array

_LABELS = (str, int, float, bool)


class PerformanceSerializer(Serializer):
    """Performance estimators of classifiers, fitted without features or not at all, as canonical JSON.

    Arrays are float64, little-endian, in base64. Of the reference there are counts' consequences alone: at most 16
    claimed log-odds per class and what they mean, and its metrics.

    Examples
    --------
    >>> import io
    >>> from mlopskit.drift import PerformanceEstimator
    >>> file = io.BytesIO()
    >>> PerformanceSerializer().write(PerformanceEstimator(["roc_auc"]), file)
    >>> PerformanceSerializer().read(io.BytesIO(file.getvalue()), version=1)
    PerformanceEstimator(metrics=['roc_auc'], confidence=0.95)
    """

    name = "performance-estimator"

    def accepts(self, value: object) -> bool:
        """Whether this is an estimator, not of a subclass, that holds neither rows nor models of losses."""
        module = sys.modules.get("mlopskit.drift.performance.estimator")
        if module is None or type(value) is not module.PerformanceEstimator:
            return False
        model = getattr(value, "model_", None)
        if model is None:
            return True
        classes = getattr(model, "classes", None)
        return classes is not None and model.kept is None and all(type(label) in _LABELS for label in classes.labels)

    def encode(self, value: PerformanceEstimator, file: BinaryIO) -> None:
        """Write parameters, calibration and reference values."""
        metrics = None if value.metrics is None else [str(name) for name in value.metrics]
        params = {"metrics": metrics, "confidence": float(value.confidence)}
        model: Any = getattr(value, "model_", None)
        kept = None if model is None else _model_to_json(model)
        file.write(canonical_json.encode({"params": params, "model": kept}))

    def decode(self, file: BinaryIO, version: int) -> PerformanceEstimator:  # noqa: ARG002 - there are no older ones
        """Return the estimator, ready to estimate."""
        from mlopskit.drift.performance.estimator import PerformanceEstimator

        kept = canonical_json.decode(file.read())
        estimator = PerformanceEstimator(**kept["params"])
        if kept["model"] is not None:
            estimator.model_ = _model_from_json(kept["model"])
        return estimator


def _model_to_json(model: ClassifierPerformance) -> dict[str, Any]:
    curves = [
        {"knots": _array_to_text(curve.knots), "values": _array_to_text(curve.values)}
        for curve in model.calibration.curves
    ]
    return {
        "classes": list(model.classes.labels),
        "curves": curves,
        "spread": _array_to_text(model.calibration.spread),
        "group_scatter": _array_to_text(model.calibration.group_scatter),
        "reference": model.reference,
        "own_labels": model.own_labels,
        "grouped": model.grouped,
    }


def _model_from_json(kept: dict[str, Any]) -> ClassifierPerformance:
    from mlopskit.drift.performance.calibration import Curve
    from mlopskit.drift.performance.classification import ClassifierPerformance
    from mlopskit.drift.performance.inputs import Classes
    from mlopskit.drift.performance.probabilities import Calibration

    curves = tuple(Curve(_array_from_text(each["knots"]), _array_from_text(each["values"])) for each in kept["curves"])
    size = sum(len(curve.knots) for curve in curves)
    spread, group_scatter = _array_from_text(kept["spread"]).reshape(-1, size), _array_from_text(kept["group_scatter"])
    return ClassifierPerformance(
        Classes(kept["classes"]), Calibration(curves, spread, group_scatter), kept["reference"], kept["own_labels"],
        kept["grouped"], kept=None,
    )  # fmt: skip


def _array_to_text(values: Array) -> str:
    return base64.b64encode(values.astype("<f8").tobytes()).decode()


def _array_from_text(text: str) -> Array:
    import numpy as np

    return np.frombuffer(base64.b64decode(text), dtype="<f8").astype(np.float64)
