"""The values of one column as Arrow arrays of the natural logical type, and back to exactly the dtype they had.

Arrow knows fewer distinctions than pandas. What it does not know is kept in a small JSON description beside the data;
what neither can tell is refused, and the ``columns`` format takes the whole frame.
"""

from __future__ import annotations

import io
from base64 import b64decode, b64encode
from typing import Any

import numpy as np
import pandas as pd

from mlopskit.errors import DamagedError, SerializationError
from mlopskit.storage.serializers.columns import (
    index_from_values,
    masked_array,
    read_index,
    values_of,
    write_index,
    zoned_array,
)
from mlopskit.storage.serializers.dtypes import dtype_from_json, dtype_to_json
from mlopskit.storage.serializers.sections import Buffer

Description = dict[str, Any]

_MISSING: dict[str, Any] = {"None": None, "NA": pd.NA, "nan": np.nan}
_MOST_CATEGORIES = 1 << 16
_EXACT_IN_PARQUET = frozenset(
    {
        *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float", "double", "bool"),
        *("string", "large_string", "binary", "date32[day]", "timestamp[ms]", "timestamp[us]", "timestamp[ns]"),
    }
)


def describe(values: Any) -> Description:
    """Return what Arrow does not know about these values; a `SerializationError` says that they would not come back."""
    if isinstance(values.dtype, pd.ArrowDtype):
        return _describe_arrow(values.dtype.pyarrow_dtype)
    description = dtype_to_json(values.dtype)
    if description["kind"] == "object":
        return description | {"missing": _only_missing_marker(values)}
    if description["kind"] == "category":
        if len(values.categories) > _MOST_CATEGORIES:
            raise SerializationError(f"more than {_MOST_CATEGORIES} categories do not fit beside a Parquet table")
        categories = describe(values_of(values.categories))
        return description | {"values": categories, "categories": index_to_text(values.categories)}
    return description


def to_arrow(values: Any, description: Description) -> Any:
    """Return the Arrow array of these values, or of a slice of the values that were described."""
    import pyarrow as pa

    match description:
        case {"kind": "numpy"}:
            return _without_seconds(pa.array(values, from_pandas=False))
        case {"kind": "zoned", "unit": unit}:
            utc = values.view("i8").view(f"M8[{unit}]")
            array = _without_seconds(pa.array(utc))
            return array.cast(pa.timestamp(array.type.unit, tz=_name_of(values.dtype.tz)))
        case {"kind": "masked"}:
            data = values.to_numpy(values.dtype.numpy_dtype, na_value=0)
            return pa.array(data, mask=values.isna(), from_pandas=False)
        case {"kind": "arrow"}:
            return pa.array(values)
        case {"kind": "string" | "object"}:
            return pa.array(values, type=pa.large_string(), from_pandas=True)
        case {"kind": "category", "values": inner}:
            codes = pa.array(values.codes, mask=values.codes < 0)
            return pa.DictionaryArray.from_arrays(codes, to_arrow(values_of(values.categories), inner))
    raise SerializationError(f"values of dtype {values.dtype} have no exact place in a Parquet table")


def from_arrow(array: Any, description: Description) -> Any:
    """Return the values that an Arrow chunked array was made from, in memory that may be written to."""
    match description:
        case {"kind": "numpy"}:
            return _to_numpy(array, dtype_from_json(description))
        case {"kind": "zoned", "unit": unit}:
            return zoned_array(dtype_from_json(description), _to_numpy(array, np.dtype(f"M8[{unit}]")))
        case {"kind": "masked"}:
            dtype = dtype_from_json(description)
            zero, mask = dtype.numpy_dtype.type(0).item(), _to_numpy(array.is_null(), np.dtype(bool))
            return masked_array(dtype, _to_numpy(array.fill_null(zero), dtype.numpy_dtype), mask)
        case {"kind": "arrow", "type": kind} if str(array.type) == kind:
            return pd.arrays.ArrowExtensionArray(array)
        case {"kind": "string"}:
            return _strings(array, dtype_from_json(description))
        case {"kind": "object", "missing": missing}:
            return _objects(array, _MISSING[missing])
        case {"kind": "category"}:
            return _category(array, description)
    raise DamagedError("a column is of a kind that is never written: restore the file from a copy")


def _describe_arrow(kind: Any) -> Description:
    name = str(kind)
    if name not in _EXACT_IN_PARQUET and not name.startswith("decimal128("):
        raise SerializationError(f"a column of the Arrow type {name} has no exact Parquet")
    return {"kind": "arrow", "type": name}


def index_to_text(index: pd.Index) -> str:
    """Return an index as text that fits into metadata."""
    file = io.BytesIO()
    write_index(file, index)
    return b64encode(file.getbuffer()).decode()


def index_from_text(text: str) -> pd.Index:
    """Return the index from its text."""
    return read_index(io.BytesIO(b64decode(text)))


def _only_missing_marker(values: Buffer) -> str:
    others = {id(cell): cell for cell in values if type(cell) is not str}.values()
    markers = {_marker_name(cell) for cell in others}
    if len(markers) > 1:
        raise SerializationError("a column that mixes several markers for missing text has no exact Parquet")
    return markers.pop() if markers else "None"


def _marker_name(cell: object) -> str:
    if cell is None:
        return "None"
    if cell is pd.NA:
        return "NA"
    if type(cell) is float and np.isnan(cell):
        return "nan"
    raise SerializationError(f"a column of objects with a {type(cell).__qualname__} among them has no exact Parquet")


def _without_seconds(array: Any) -> Any:
    # Parquet counts milliseconds at its coarsest; the cast refuses what would overflow
    return array.cast("timestamp[ms]") if str(array.type) == "timestamp[s]" else array


def _name_of(zone: Any) -> str:
    # Only for other readers of the file: the exact zone is in the description
    return str(zone) if hasattr(zone, "key") or hasattr(zone, "zone") else "UTC"


def _to_numpy(array: Any, dtype: np.dtype[Any]) -> Buffer:
    values: Buffer = array.to_numpy()
    if values.dtype.kind != dtype.kind:
        raise DamagedError("a column's data and its description disagree: restore the file from a copy")
    return values.astype(dtype, copy=not values.flags.writeable)


def _strings(array: Any, dtype: Any) -> Any:
    return _objects(array, np.nan) if isinstance(dtype, np.dtype) else dtype.__from_arrow__(array)


def _objects(array: Any, missing: object) -> Buffer:
    values: Buffer = array.to_numpy()
    if missing is not None:
        values[array.is_null().to_numpy()] = missing
    return values


def _category(array: Any, description: Description) -> pd.Categorical:
    dtype = pd.CategoricalDtype(index_from_text(description["categories"]), ordered=description["ordered"])
    encoded = array if hasattr(array.type, "index_type") else array.dictionary_encode()
    codes = [_codes(chunk, dtype.categories, description["values"]) for chunk in encoded.chunks]
    return pd.Categorical.from_codes(np.concatenate([np.empty(0, np.intp), *codes]), dtype=dtype)


def _codes(chunk: Any, categories: pd.Index, inner: Description) -> Buffer:
    import pyarrow as pa

    # A file keeps only the values that occur, in an order of its own
    occurring = index_from_values(from_arrow(pa.chunked_array([chunk.dictionary]), inner), None)
    places = categories.get_indexer(occurring)
    if (places < 0).any():
        raise DamagedError("a column holds values that are none of its categories: restore the file from a copy")
    codes: Buffer = np.append(places, -1)[chunk.indices.fill_null(-1).to_numpy()]
    return codes
