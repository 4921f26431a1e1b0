"""Which serializer: by value when writing, by name when reading; plugins and built-ins alike."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from mlopskit.errors import MissingDependencyError
from mlopskit.storage.serializers.serializer import Serializer

ENTRY_POINT_GROUP = "mlopskit.serializers"

# In order of preference, by name: where the class is, and the library whose values it is about (None: any value),
# so that a serializer is imported only when such a value, or the name, turns up.
_BUILT_IN: dict[str, tuple[str, str | None]] = {
    "bytes": ("text:BytesSerializer", "builtins"),
    "text": ("text:TextSerializer", "builtins"),
    "json": ("text:JsonSerializer", "builtins"),
    "npy": ("arrays:ArraySerializer", "numpy"),
    "numpy-scalar": ("arrays:NumpyScalarSerializer", "numpy"),
    "parquet": ("parquet:ParquetSerializer", "pandas"),
    "columns": ("frames:ColumnsSerializer", "pandas"),
    "skops": ("estimators:SkopsSerializer", "sklearn"),
    "cloudpickle": ("objects:CloudpickleSerializer", None),
}
# Slower, and other bytes each time, so that equal models are not seen to be equal: chosen only by its name.
_ON_REQUEST = "skops"


def serializers_for(value: object, prefer: Collection[str] = ()) -> Iterator[Serializer]:
    """Yield the serializers to try for a value, the preferred one first.

    Plugins come before the built-in ones and cloudpickle comes last, which takes nearly everything but brings code
    along. Skops, which brings none along for estimators of scikit-learn, is only taken when it is named. A serializer
    may still refuse the value when it writes, with a `SerializationError`; then take the next.

    Parameters
    ----------
    value : object
        Anything.
    prefer : names of serializers
        Which to yield before all others, in this order, if they accept the value.

    Raises
    ------
    MissingDependencyError
        If a preferred serializer is not known here.

    Examples
    --------
    >>> [serializer.name for serializer in serializers_for("text")]
    ['text', 'json', 'cloudpickle']
    """
    library = type(value).__module__.partition(".")[0]
    for name in prefer:
        if _may_hold(name, library) and _accepts(serializer_named(name), value):
            yield serializer_named(name)
    for name, plugin in _plugins().items():
        if name not in prefer and _accepts(plugin, value):
            yield plugin
    for name in _BUILT_IN:
        if name not in prefer and name != _ON_REQUEST and _may_hold(name, library) and _built_in(name).accepts(value):
            yield _built_in(name)


def serializer_named(name: str) -> Serializer:
    """Return the serializer whose name is kept beside the bytes.

    Raises
    ------
    MissingDependencyError
        No serializer has this name here, most likely because the plugin that wrote the bytes is not installed.

    Examples
    --------
    >>> serializer_named("npy").carries_code
    False
    """
    if name in _BUILT_IN:
        return _built_in(name)
    if name in _plugins():
        return _plugins()[name]
    known = ", ".join([*_BUILT_IN, *_plugins()])
    raise MissingDependencyError(
        f"no serializer is named {name!r}; known are {known}. Install the plugin it was written with, "
        "or upgrade mlopskit if it is a newer built-in one"
    )


def _may_hold(name: str, library: str) -> bool:
    return name not in _BUILT_IN or _BUILT_IN[name][1] in (library, None)


@cache
def _built_in(name: str) -> Serializer:
    module, class_name = _BUILT_IN[name][0].split(":")
    serializer: Serializer = getattr(import_module(f"mlopskit.storage.serializers.{module}"), class_name)()
    return serializer


@cache
def _plugins() -> dict[str, Serializer]:
    plugins: dict[str, Serializer] = {}
    for entry_point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda entry: entry.name):
        try:
            plugin = _load(entry_point)
            if plugin.name in plugins:
                raise ValueError(f"the name {plugin.name!r} is taken by another plugin")
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one plugin, the others shall work
            warnings.warn(
                f"the serializer plugin {entry_point.value!r} is ignored: {error}", RuntimeWarning, stacklevel=4
            )
        else:
            plugins[plugin.name] = plugin
    return plugins


def _load(entry_point: EntryPoint) -> Serializer:
    plugin = entry_point.load()
    if not (isinstance(plugin, type) and issubclass(plugin, Serializer)):
        raise TypeError("it is not a subclass of mlopskit's Serializer")
    if plugin.name in _BUILT_IN:
        raise ValueError(f"the name {plugin.name!r} belongs to mlopskit")
    return plugin()


def _accepts(plugin: Serializer, value: object) -> bool:
    try:
        return plugin.accepts(value)
    except Exception as error:  # noqa: BLE001 - a plugin that chokes on a value must not keep the others from it
        _warn_once(plugin.name, type(error).__name__)
        return False


@cache
def _warn_once(plugin: str, error: str) -> None:
    warnings.warn(
        f"the serializer plugin {plugin!r} raised {error} in accepts and is skipped", RuntimeWarning, stacklevel=4
    )
