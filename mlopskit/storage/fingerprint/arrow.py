"""Pyarrow: columns from their buffers, with whatever lies under a null set to zero."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlopskit.storage.fingerprint.arrays import array_digest
from mlopskit.storage.fingerprint.standard import NOT_TEXT, sequence, utf8
from mlopskit.storage.fingerprint.walk import Walk, encodes, encodes_family, seal


@encodes_family(pa.Array, pa.ChunkedArray)
def arrow_column(value: Any, walk: Walk) -> bytes:
    """Encode a column; how it is cut into chunks does not count."""
    column = value.combine_chunks() if isinstance(value, pa.ChunkedArray) else value
    if isinstance(column, pa.ChunkedArray):  # too long for the 32-bit offsets of one chunk
        return sequence(column.to_pylist(), walk)
    return seal(b"arrow", utf8(str(value.type)), _nulls(column, walk), _values(column, walk))


@encodes(pa.Table, pa.RecordBatch)
def _arrow_table(value: Any, walk: Walk) -> bytes:
    columns = [walk(name) + walk(column, f"[{name!r}]") for name, column in zip(value.column_names, value, strict=True)]
    return seal(b"arrow-table", b"".join(columns))


@encodes_family(pa.DataType)
def _arrow_type(value: Any, _: Walk) -> bytes:
    return seal(b"arrow-type", utf8(str(value)))


def strings(column: Any, walk: Walk) -> bytes:
    """Encode strings exactly as `mlopskit.storage.fingerprint.standard.text_column` does."""
    column = column.cast(pa.large_string())
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    lengths = pc.fill_null(pc.utf8_length(column), NOT_TEXT).to_numpy(zero_copy_only=False)
    content = walk.leaves.content
    return seal(b"strings", b"%d" % len(column), content(_bytes_of(lengths)), content(_joined(column)))


def _nulls(column: Any, walk: Walk) -> bytes:
    if not column.null_count:
        return b""
    return array_digest(column.is_null().to_numpy(zero_copy_only=False), walk)


def _values(column: Any, walk: Walk) -> bytes:
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return strings(column, walk)
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return _numbers(column, walk)
    if pa.types.is_temporal(kind) and kind.bit_width in (32, 64):
        return _numbers(column.view(pa.int32() if kind.bit_width == 32 else pa.int64()), walk)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return seal(b"lists", _numbers(pc.list_value_length(column), walk), arrow_column(column.flatten(), walk))
    return sequence(column.to_pylist(), walk)


def _numbers(column: Any, walk: Walk) -> bytes:
    zero = pa.scalar(0, pa.int8()).cast(column.type)
    filled = pc.fill_null(column, zero) if column.null_count else column
    return array_digest(filled.to_numpy(zero_copy_only=False), walk)


def _bytes_of(lengths: Any) -> memoryview:
    return np.ascontiguousarray(lengths, dtype="<i8").view(np.uint8).data


def _joined(column: Any) -> memoryview:
    """Return the bytes of all strings, without those that a null may hide."""
    filled = pc.fill_null(column, "") if column.null_count else column
    _, offsets, text = filled.buffers()
    if text is None or not len(filled):
        return memoryview(b"")
    ends = np.frombuffer(offsets, dtype=np.int64)[filled.offset : filled.offset + len(filled) + 1]
    return memoryview(text)[ends[0] : ends[-1]]
