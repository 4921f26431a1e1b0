"""How a whole store looks: pages put together from all rooms.

The names below are loaded when first used.
"""

from importlib import import_module

_HOME = {
    "ml_test_score": "mlopskit.reports.ml_test_page",
    "write_page": "mlopskit.reports.store_page",
}
__all__ = sorted(_HOME)  # noqa: PLE0605


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'mlopskit.reports' has no attribute {name!r}; it has {', '.join(__all__)}")
    module = import_module(_HOME[name])
    return globals().setdefault(name, getattr(module, name))


def __dir__() -> list[str]:
    return [*globals(), *__all__]
