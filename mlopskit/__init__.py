"""The whole machine-learning lifecycle as plain classes on one store, with no server to run.

The names below are loaded when first used, so that ``import mlopskit`` costs almost nothing.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOME = {
    "ContinuousTraining": "mlopskit.continuous_training",
    "Deployment": "mlopskit.deployment",
    "DriftDetector": "mlopskit.drift.detector",
    "Gate": "mlopskit.registry.gate",
    "Pipeline": "mlopskit.pipeline",
    "Registry": "mlopskit.registry.registry",
    "Step": "mlopskit.pipeline",
    "Store": "mlopskit.storage.store",
    "Tracker": "mlopskit.tracking.tracker",
    "Validator": "mlopskit.validation",
    "checks": "mlopskit.validation",
    "fingerprint": "mlopskit.storage.fingerprint",
}
__all__ = sorted(_HOME)  # noqa: PLE0605


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'mlopskit' has no attribute {name!r}; it has {', '.join(__all__)}")
    module = import_module(_HOME[name])
    return globals().setdefault(name, getattr(module, name))


def __dir__() -> list[str]:
    return [*globals(), *__all__]
