"""A step's own view of a value, so that an edit in place harms neither other steps nor the cache."""

from __future__ import annotations

import copy
import sys
from typing import Any

_IMMUTABLE = {type(None), bool, int, float, str, bytes}


def isolated(value: Any) -> Any:
    """Return what a step may do anything to.

    Frames are copied, which since pandas 3 costs nothing until they are written to. Arrays are
    read-only views, as copying them would cost their size. Dicts, lists, tuples and sets are
    rebuilt, their parts isolated. Anything else, such as a model, is copied deeply: one that is
    fitted again in place would otherwise change under the steps that come after. What can not be
    copied, such as a connection, is shared.

    Examples
    --------
    >>> settings = {"depths": [4, 6]}
    >>> isolated(settings)["depths"].append(8)
    >>> settings
    {'depths': [4, 6]}
    """
    if type(value) in _IMMUTABLE:
        return value
    if type(value) is dict:
        return {key: isolated(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(isolated, value))
    if _is_frame(value):
        return value.copy(deep=not _copies_on_write())
    if _is_array(value):
        view = value.view()
        view.flags.writeable = False
        return view
    try:
        return copy.deepcopy(value)
    except Exception:  # noqa: BLE001 - a class may refuse copying in any way it likes
        return value


def _is_frame(value: Any) -> bool:
    pandas = sys.modules.get("pandas")  # never imported: no value can be a frame
    return pandas is not None and isinstance(value, (pandas.DataFrame, pandas.Series))


def _is_array(value: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ndarray)


def _copies_on_write() -> bool:
    return int(sys.modules["pandas"].__version__.partition(".")[0]) >= 3
