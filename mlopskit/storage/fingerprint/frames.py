"""Pandas: columns from their buffers at the speed of memory, by meaning rather than by layout.

Every dtype has one normal form: what lies under a missing value is set to zero, levels of a MultiIndex
are written out, a string column is lengths and text whichever library stores it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from mlopskit.storage.fingerprint.arrays import array_digest, column_digests
from mlopskit.storage.fingerprint.standard import key_step, sequence, text_column, utf8
from mlopskit.storage.fingerprint.walk import Walk, encodes, encodes_family, seal

NULLABLE = (pd.arrays.BooleanArray, pd.arrays.IntegerArray, pd.arrays.FloatingArray)


@encodes_family(pd.DataFrame)
def _frame(value: pd.DataFrame, walk: Walk) -> bytes:
    head = walk(_subclass(value, pd.DataFrame)), walk(value.columns, ".columns"), walk(value.index, ".index")
    return seal(b"DataFrame", *head, *_columns(value, walk))


@encodes_family(pd.Series)
def _series(value: pd.Series, walk: Walk) -> bytes:
    head = walk(_subclass(value, pd.Series)), walk(value.name), walk(value.index, ".index")
    return seal(b"Series", *head, walk(value.array))


def _subclass(value: Any, kind: type) -> type | None:
    return None if type(value) is kind else type(value)


# -- indexes ---------------------------------------------------------------------------------


@encodes_family(pd.Index)
def _index(value: pd.Index, walk: Walk) -> bytes:
    return seal(b"Index", walk(list(value.names)), walk(value.array))


@encodes(pd.RangeIndex)
def _range_index(value: pd.RangeIndex, walk: Walk) -> bytes:
    start, step = (value.start if len(value) else 0), (value.step if len(value) > 1 else 1)
    return seal(b"Index", walk(list(value.names)), seal(b"range", b"%d %d %d" % (start, step, len(value))))


@encodes(pd.Index)
def flat_index(value: pd.Index, walk: Walk) -> bytes:
    """Encode an index; one that equals a `RangeIndex` is encoded as such, since pandas moves freely between the two."""
    if value.dtype != np.int64:
        return _index(value, walk)
    values = value.to_numpy()
    start = int(values[0]) if len(values) else 0
    step = int(values[1]) - start if len(values) > 1 else 1
    if step == 0 or not -(2**62) < start + step * len(values) < 2**62:
        return _index(value, walk)
    evenly_spaced = pd.RangeIndex(start, start + step * len(values), step, name=value.name)
    return _range_index(evenly_spaced, walk) if np.array_equal(values, evenly_spaced) else _index(value, walk)


@encodes_family(pd.MultiIndex)
def _multi_index(value: pd.MultiIndex, walk: Walk) -> bytes:
    levels = [walk(value.get_level_values(level).array) for level in range(value.nlevels)]
    return seal(b"MultiIndex", walk(list(value.names)), *levels)


# -- columns ---------------------------------------------------------------------------------


def _columns(value: pd.DataFrame, walk: Walk) -> Iterator[bytes]:
    """Digest the columns; neighbours that share one row-ordered block are read together, row after row."""
    arrays = [value.iloc[:, position].array for position in range(value.shape[1])]
    steps = [key_step(name) for name in value.columns]
    for dtype, run in itertools.groupby(range(len(arrays)), key=lambda position: _row_ordered(arrays[position])):
        positions = list(run)
        if dtype and len(positions) > 1:
            block = value.iloc[:, positions[0] : positions[-1] + 1].to_numpy()
            yield from (seal(b"column", digest) for digest in column_digests(block, walk))
        else:
            yield from (walk(arrays[position], steps[position]) for position in positions)


def _row_ordered(array: Any) -> str | None:
    """Name the dtype of a plain column whose elements do not lie side by side."""
    if not isinstance(array, pd.arrays.NumpyExtensionArray):
        return None
    values = array.to_numpy()
    scattered = values.dtype.kind in "biufc" and len(values) > 1 and values.strides[0] != values.itemsize
    return str(values.dtype) if scattered else None


@encodes_family(pd.api.extensions.ExtensionArray)
def column(array: Any, walk: Walk) -> bytes:
    """Digest the values of a column, of an index, or an extension array by itself."""
    return seal(b"column", _values(array, walk))


def _values(array: Any, walk: Walk) -> bytes:
    dtype = array.dtype
    if isinstance(dtype, pd.StringDtype):
        return seal(b"text", utf8(dtype.name), _strings(array, walk))
    if isinstance(array, pd.arrays.NumpyExtensionArray) or isinstance(dtype, np.dtype):
        return array_digest(array.to_numpy(), walk)
    if isinstance(array, NULLABLE):
        return _nullable(array, walk)
    if isinstance(dtype, pd.CategoricalDtype):
        return seal(b"categorical", walk(dtype.ordered), walk(dtype.categories), array_digest(array.codes, walk))
    if isinstance(dtype, pd.DatetimeTZDtype):
        return seal(b"datetime", utf8(dtype.unit), walk(dtype.tz), array_digest(array.view("i8"), walk))
    if isinstance(dtype, pd.PeriodDtype):
        return seal(b"period", utf8(dtype.freq.freqstr), array_digest(array.view("i8"), walk))
    if isinstance(dtype, pd.IntervalDtype):
        return seal(b"interval", utf8(dtype.closed), walk(array.left.array), walk(array.right.array))
    if isinstance(dtype, pd.SparseDtype):
        return seal(b"sparse", walk(dtype.fill_value), array_digest(np.asarray(array), walk))
    if isinstance(dtype, pd.ArrowDtype):
        return walk(array.__arrow_array__())
    return seal(b"extension", utf8(str(dtype)), sequence(list(array), walk))


def _nullable(array: Any, walk: Walk) -> bytes:
    missing = array.isna()
    values = array.to_numpy(dtype=array.dtype.numpy_dtype, na_value=False)
    mask = array_digest(missing, walk) if missing.any() else b""
    return seal(b"nullable", mask, array_digest(values, walk))


def _strings(array: Any, walk: Walk) -> bytes:
    if array.dtype.storage == "python":
        return text_column([item if isinstance(item, str) else None for item in array.tolist()], walk)
    from mlopskit.storage.fingerprint.arrow import strings

    return strings(array.__arrow_array__(), walk)


# -- scalars ---------------------------------------------------------------------------------


@encodes(pd.Timestamp, pd.Timedelta)
def instant(value: Any, walk: Walk) -> bytes:
    """Encode a count of units, and the time zone."""
    zone = walk(getattr(value, "tzinfo", None), ".tzinfo")
    return seal(type(value).__name__.encode(), utf8(value.unit), b"%d" % int(value.asm8.view("i8")), zone)


@encodes(pd.Period)
def _period(value: Any, _: Walk) -> bytes:
    return seal(b"Period", utf8(value.freqstr), b"%d" % value.ordinal)


@encodes(pd.StringDtype)
def string_dtype(value: Any, _: Walk) -> bytes:
    """Encode the name alone: where strings are stored depends on what is installed."""
    return seal(b"dtype", utf8(value.name))
