"""The values of one column or index, of every dtype that pandas has no need of pickle for, as sections of a file.

Each kind of dtype is one pair of functions here: what it writes, and how that is read back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import countOf
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset

from mlopskit.errors import DamagedError, SerializationError
from mlopskit.storage import canonical_json
from mlopskit.storage.serializers.cells import cell_from_json, cell_to_json
from mlopskit.storage.serializers.dtypes import dtype_from_json, dtype_to_json
from mlopskit.storage.serializers.sections import Buffer, read_section, write_section
from mlopskit.storage.serializers.texts import (
    arrow_from_buffers,
    arrow_to_buffers,
    texts_from_buffers,
    texts_to_buffers,
)

Header = dict[str, Any]

_TEXT, _NONE, _NAN, _NA, _NAT, _OTHER = range(6)
_CODES = {str: _TEXT, type(None): _NONE, type(pd.NA): _NA, type(pd.NaT): _NAT}
_MISSING = {_NONE: None, _NAN: np.nan, _NA: pd.NA, _NAT: pd.NaT}


def values_of(column: Any) -> Any:
    """Return the values of a Series or Index: a NumPy array, or the extension array of a dtype that is pandas' own."""
    return column.to_numpy() if isinstance(column.dtype, np.dtype) else column.array


def write_values(file: BinaryIO, values: Any) -> None:
    """Write the values of one column."""
    header = dtype_to_json(values.dtype)
    write, _ = _KINDS[header["kind"]]
    write(file, header, values)


def read_values(file: BinaryIO) -> Any:
    """Return the values of the next column."""
    header, buffers = read_section(file)
    _, read = _KINDS[header["kind"]]
    return read(file, header, buffers)


def write_index(file: BinaryIO, index: pd.Index) -> None:
    """Write an index of any kind with its names, and with its freq when it has one."""
    names = [cell_to_json(name) for name in index.names]
    if type(index) is pd.RangeIndex:
        write_section(file, {"kind": "range", "names": names, "range": [index.start, index.stop, index.step]})
    elif type(index) is pd.MultiIndex:
        write_section(file, {"kind": "multi", "names": names}, *(np.asarray(codes) for codes in index.codes))
        for level in index.levels:
            write_index(file, level)
    else:
        write_section(file, {"kind": "index", "names": names, "freq": freq_to_json(index)})
        write_values(file, values_of(index))


def read_index(file: BinaryIO) -> pd.Index:
    """Return the next index."""
    header, codes = read_section(file)
    names = [cell_from_json(name) for name in header["names"]]
    if header["kind"] == "range":
        return pd.RangeIndex(*header["range"]).set_names(names)
    if header["kind"] == "multi":
        return pd.MultiIndex([read_index(file) for _ in codes], codes, names=names)
    return index_from_values(read_values(file), header["freq"]).set_names(names)


def index_from_values(values: Any, freq: str | None) -> pd.Index:
    """Return the nameless index of these values, whose dtype is not guessed anew."""
    index = pd.Index(values, dtype=values.dtype, tupleize_cols=False, copy=False)
    return index if freq is None else type(index)(index, freq=freq)


def freq_to_json(index: pd.Index) -> str | None:
    """Return the name of an index's frequency; a `SerializationError` says that it is not told by its name."""
    freq = getattr(index, "freq", None)
    if freq is None or isinstance(index, pd.PeriodIndex):
        return None
    if to_offset(freq.freqstr) != freq:
        raise SerializationError(f"an index with the frequency {freq.freqstr} can not be kept exactly")
    name: str = freq.freqstr
    return name


def object_array(items: Iterable[object], count: int) -> Buffer:
    """Return a one-dimensional array of these objects, even when they are sequences of one length."""
    return np.fromiter(items, np.dtype(object), count)


# -- kinds that are buffers of numbers --------------------------------------------------------


def _write_numpy(file: BinaryIO, header: Header, values: Buffer) -> None:
    write_section(file, header, values)


def _read_numpy(_file: BinaryIO, _header: Header, buffers: list[Buffer]) -> Any:
    return buffers[0]


def _write_masked(file: BinaryIO, header: Header, values: Any) -> None:
    write_section(file, header, values.to_numpy(values.dtype.numpy_dtype, na_value=0), values.isna())


def _read_masked(_file: BinaryIO, header: Header, buffers: list[Buffer]) -> Any:
    data, mask = buffers
    return masked_array(dtype_from_json(header), data, mask)


def masked_array(dtype: Any, data: Buffer, mask: Buffer) -> Any:
    """Return the nullable array of this dtype, in which a NaN that is not masked stays a NaN."""
    if data.dtype != dtype.numpy_dtype:
        raise DamagedError("a nullable column and its data disagree: restore it from a copy")
    return dtype.construct_array_type()(data, mask)


def _write_ordinals(file: BinaryIO, header: Header, values: Any) -> None:
    write_section(file, header, np.asarray(values.view("i8")))


def _read_zoned(_file: BinaryIO, header: Header, buffers: list[Buffer]) -> Any:
    return zoned_array(dtype_from_json(header), buffers[0].view(f"M8[{header['unit']}]"))


def zoned_array(dtype: pd.DatetimeTZDtype, utc: Buffer) -> Any:
    """Return the moments whose UTC is given, in the time zone of the dtype."""
    return pd.DatetimeIndex(utc).tz_localize("UTC").tz_convert(dtype.tz).array


def _read_period(_file: BinaryIO, header: Header, buffers: list[Buffer]) -> Any:
    return pd.PeriodIndex.from_ordinals(buffers[0], freq=dtype_from_json(header).freq).array


# -- kinds that hold other values -------------------------------------------------------------


def _write_category(file: BinaryIO, header: Header, values: pd.Categorical) -> None:
    write_section(file, header, values.codes)
    write_index(file, values.categories)


def _read_category(file: BinaryIO, header: Header, buffers: list[Buffer]) -> Any:
    dtype = pd.CategoricalDtype(read_index(file), ordered=header["ordered"])
    return pd.Categorical.from_codes(buffers[0], dtype=dtype)


def _write_interval(file: BinaryIO, header: Header, values: Any) -> None:
    write_section(file, header)
    write_index(file, values.left)
    write_index(file, values.right)


def _read_interval(file: BinaryIO, header: Header, _buffers: list[Buffer]) -> Any:
    return pd.arrays.IntervalArray.from_arrays(read_index(file), read_index(file), closed=header["closed"])


# -- kinds that are text or any objects -------------------------------------------------------


def _write_string(file: BinaryIO, header: Header, values: Any) -> None:
    if header["storage"] == "pyarrow":
        write_section(file, header, *arrow_to_buffers(values.__arrow_array__()))
    else:
        write_section(file, header, values.isna(), *texts_to_buffers(values.to_numpy(object, na_value="")))


def _read_string(_file: BinaryIO, header: Header, buffers: list[Buffer]) -> Any:
    dtype = dtype_from_json(header)
    if getattr(dtype, "storage", "python") != "python":
        return dtype.__from_arrow__(arrow_from_buffers(*buffers))
    missing, *texts = buffers
    values = texts_from_buffers(*texts)
    values[missing] = getattr(dtype, "na_value", np.nan)
    return values if isinstance(dtype, np.dtype) else pd.array(values, dtype=dtype)


def _write_object(file: BinaryIO, header: Header, values: Buffer) -> None:
    codes = _codes(values)
    others = canonical_json.encode([cell_to_json(cell) for cell in values[codes == _OTHER]])
    texts = values[codes == _TEXT] if codes.any() else values
    write_section(file, header, codes, np.frombuffer(others, np.uint8), *texts_to_buffers(texts))


def _read_object(_file: BinaryIO, _header: Header, buffers: list[Buffer]) -> Any:
    codes, others, *texts = buffers
    strings = texts_from_buffers(*texts)
    if not codes.any() and len(strings) == len(codes):
        return strings
    values = np.empty(len(codes), object)
    for code, missing in _MISSING.items():
        values[codes == code] = missing
    cells = [cell_from_json(cell) for cell in canonical_json.decode(others.tobytes())]
    values[codes == _OTHER] = object_array(cells, len(cells))
    values[codes == _TEXT] = strings
    return values


def _codes(values: Buffer) -> Buffer:
    """Return what each cell is; quickly where all are texts, or all but what is missing."""
    codes = np.full(len(values), _TEXT, np.uint8)
    if _are_texts(values):
        return codes
    missing = pd.isna(values)
    unclear = missing if _are_texts(values[~missing]) else slice(None)
    cells = values[unclear]
    codes[unclear] = np.fromiter(map(_code, cells), np.uint8, len(cells))
    return codes


def _are_texts(values: Buffer) -> bool:
    return countOf(map(type, values), str) == len(values)  # exactly: a subclass of str would not come back


def _code(cell: object) -> int:
    kind = type(cell)
    if kind is float:
        return _NAN if cell != cell else _OTHER  # the quickest test for NaN
    return _CODES.get(kind, _OTHER)


_Write = Callable[[BinaryIO, Header, Any], None]
_Read = Callable[[BinaryIO, Header, list[Buffer]], Any]
_KINDS: dict[str, tuple[_Write, _Read]] = {
    "numpy": (_write_numpy, _read_numpy),
    "masked": (_write_masked, _read_masked),
    "zoned": (_write_ordinals, _read_zoned),
    "period": (_write_ordinals, _read_period),
    "category": (_write_category, _read_category),
    "interval": (_write_interval, _read_interval),
    "string": (_write_string, _read_string),
    "object": (_write_object, _read_object),
}
