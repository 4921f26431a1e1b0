"""A step's own view of a value, so that an edit in place harms neither other steps nor the cache."""

from __future__ import annotations

import copy
import sys
from typing import Any

_IMMUTABLE = {type(None), bool, int, float, complex, str, bytes}


def isolated(value: Any) -> Any:
    """Return what a step may do anything to.

    Frames are copied, which under copy-on-write (always since pandas 3, by an option before) costs nothing until they
    are written to; cells that hold lists and the like are copied too. Arrays are read-only views, as copying them
    would cost their size. Dicts, lists, tuples and sets are rebuilt, their parts isolated. Anything else, such as a
    model, is copied deeply: one that is fitted again in place would otherwise change under the steps that
    come after. What can not be copied, such as a connection, is shared.

    Examples
    --------
    >>> settings = {"depths": [4, 6]}
    >>> isolated(settings)["depths"].append(8)
    >>> settings
    {'depths': [4, 6]}
    """
    return _isolated(value, {})


def _isolated(value: Any, known: dict[int, Any]) -> Any:
    """Isolate a value once, so that parts that are one object stay one, also where a value contains itself.

    What is known is that of one `copy.deepcopy`: copies by the identity of the original.
    """
    kind = type(value)
    if kind in _IMMUTABLE:
        return value
    if id(value) in known:
        return known[id(value)]
    if kind is dict:
        filled = known[id(value)] = {}
        filled.update((key, _isolated(item, known)) for key, item in value.items())
        return filled
    if kind is list:
        items = known[id(value)] = value[:]
        if not _IMMUTABLE.issuperset(map(type, value)):
            items[:] = [_isolated(item, known) for item in value]
        return items
    if isinstance(value, tuple) and (kind is tuple or hasattr(kind, "_make")):
        parts = value if _IMMUTABLE.issuperset(map(type, value)) else [_isolated(item, known) for item in value]
        return known.setdefault(id(value), tuple(parts) if kind is tuple else kind._make(parts))
    known[id(value)] = _isolated_whole(value, known)
    return known[id(value)]


def _isolated_whole(value: Any, known: dict[int, Any]) -> Any:
    if _is_frame(value):
        return _isolated_frame(value)
    if _is_plain_array(value):
        view = value.view()
        view.flags.writeable = False
        return view
    try:
        return copy.deepcopy(value, known)
    except Exception:  # noqa: BLE001 - a class may refuse copying in any way it likes
        return value


def _isolated_frame(frame: Any) -> Any:
    copied = frame.copy(deep=not _copies_on_write())
    if copied.ndim == 1:
        return copied.map(copy.deepcopy) if _holds_containers(copied) else copied
    for position in range(copied.shape[1]):
        if _holds_containers(column := copied.iloc[:, position]):
            copied.isetitem(position, column.map(copy.deepcopy))
    return copied


def _holds_containers(column: Any) -> bool:
    """Whether cells may be changed in place, without anybody writing to the frame."""
    if column.dtype != object:
        return False
    infer_dtype = sys.modules["pandas"].api.types.infer_dtype
    return infer_dtype(column, skipna=True).startswith("mixed") and not _IMMUTABLE.issuperset(map(type, column))


def _is_frame(value: Any) -> bool:
    pandas = sys.modules.get("pandas")  # never imported: no value can be a frame
    return pandas is not None and isinstance(value, (pandas.DataFrame, pandas.Series))


def _is_plain_array(value: Any) -> bool:
    """Whether all there is to change in place are the elements."""
    numpy = sys.modules.get("numpy")
    if numpy is None or not isinstance(value, numpy.ndarray):
        return False
    return not value.dtype.hasobject and not isinstance(value, numpy.ma.MaskedArray)


def _copies_on_write() -> bool:
    pandas = sys.modules["pandas"]
    return int(pandas.__version__.partition(".")[0]) >= 3 or pandas.options.mode.copy_on_write is True
