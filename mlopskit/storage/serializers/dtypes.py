"""The dtypes of pandas as JSON, and back under whichever pandas is installed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd

from mlopskit.errors import SerializationError
from mlopskit.storage.serializers.cells import timezone_from_json, timezone_to_json

_MASKED = {
    kind.name: kind
    for kind in (
        *(pd.Int8Dtype, pd.Int16Dtype, pd.Int32Dtype, pd.Int64Dtype),
        *(pd.UInt8Dtype, pd.UInt16Dtype, pd.UInt32Dtype, pd.UInt64Dtype),
        *(pd.Float32Dtype, pd.Float64Dtype, pd.BooleanDtype),
    )
}
_KINDS_OF_NUMPY = "biufcmM"


def dtype_to_json(dtype: Any) -> dict[str, Any]:
    """Return what tells a dtype apart; a `SerializationError` says that it can not be kept.

    The categories of a category and the bounds' dtype of an interval are values, kept beside the data.
    """
    if isinstance(dtype, np.dtype):
        return _numpy_to_json(dtype)
    if type(dtype) in _MASKED.values():
        return {"kind": "masked", "dtype": dtype.name}
    if type(dtype) is pd.StringDtype:
        missing = "NA" if dtype.na_value is pd.NA else "nan"
        return {"kind": "string", "storage": dtype.storage.removesuffix("_numpy"), "missing": missing}
    if type(dtype) is pd.CategoricalDtype:
        return {"kind": "category", "ordered": dtype.ordered}
    if type(dtype) is pd.DatetimeTZDtype:
        return {"kind": "zoned", "unit": dtype.unit, "zone": timezone_to_json(dtype.tz)}
    if type(dtype) is pd.PeriodDtype:
        return {"kind": "period", "dtype": str(dtype)}
    if type(dtype) is pd.IntervalDtype:
        return {"kind": "interval", "closed": dtype.closed}
    raise SerializationError(f"a column or index of dtype {dtype} can not be kept exactly")


def dtype_from_json(description: dict[str, Any]) -> Any:
    """Return the dtype, for the kinds whose dtype is known without their values."""
    match description:
        case {"kind": "numpy", "dtype": name}:
            return np.dtype(name)
        case {"kind": "object"}:
            return np.dtype(object)
        case {"kind": "masked", "dtype": name}:
            return _MASKED[name]()
        case {"kind": "string", "storage": storage, "missing": missing}:
            return _string_dtype(storage, missing)
        case {"kind": "zoned", "unit": unit, "zone": zone}:
            return pd.DatetimeTZDtype(unit, timezone_from_json(zone))
        case {"kind": "period", "dtype": name}:
            return pd.PeriodDtype(name.removeprefix("period[").removesuffix("]"))
    raise ValueError("no such kind of dtype")


def _numpy_to_json(dtype: np.dtype[Any]) -> dict[str, Any]:
    if dtype.hasobject and dtype.kind == "O":
        return {"kind": "object"}
    if dtype.kind not in _KINDS_OF_NUMPY:
        raise SerializationError(f"a column or index of dtype {dtype} can not be kept exactly")
    return {"kind": "numpy", "dtype": dtype.str}


def _string_dtype(storage: str, missing: str) -> Any:
    # How strings lie in memory depends on what is installed; what they are and how they miss does not.
    storage = storage if find_spec("pyarrow") else "python"
    if missing == "NA":
        return pd.StringDtype(storage)
    try:
        return pd.StringDtype(storage, na_value=np.nan)
    except TypeError:  # pandas 2.2 has such strings over pyarrow alone, and else keeps them as objects
        return pd.StringDtype("pyarrow_numpy") if storage == "pyarrow" else np.dtype(object)
