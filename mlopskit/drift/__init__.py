"""Drift: whether data has moved away from what the model was trained on.

The names below are loaded when first used.
"""

from importlib import import_module

from mlopskit.drift.streams import DETECTORS

_HOME = {
    "CorrelationChange": "mlopskit.drift.multivariate.correlation",
    "DomainClassifier": "mlopskit.drift.multivariate.domain_classifier",
    "DriftDetector": "mlopskit.drift.detector",
    "JointProfile": "mlopskit.drift.multivariate.joint_profile",
    "MMD": "mlopskit.drift.multivariate.mmd",
    "MultivariateTest": "mlopskit.drift.multivariate.family",
    "PerformanceEstimator": "mlopskit.drift.performance.estimator",
    "Profile": "mlopskit.drift.profile",
    "ReconstructionError": "mlopskit.drift.multivariate.reconstruction",
    "Statistic": "mlopskit.drift.statistics",
    "TextProfile": "mlopskit.drift.multivariate.text",
    "alpha_for": "mlopskit.drift.alarm_budget",
    "statistics": "mlopskit.drift.statistics",
    **DETECTORS,
}
__all__ = sorted(_HOME)  # noqa: PLE0605


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'mlopskit.drift' has no attribute {name!r}; it has {', '.join(__all__)}")
    module = import_module(_HOME[name])
    return globals().setdefault(name, getattr(module, name))


def __dir__() -> list[str]:
    return [*globals(), *__all__]
