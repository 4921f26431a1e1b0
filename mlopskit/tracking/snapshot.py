"""The index at rest: many runs as one file, of which a search decodes the columns that it looks at.

Format 1, little-endian: ``MIDX``, the format's number (u8), the crc32 of everything after it (u32), the length of
the table of contents (u32), that table as JSON, then the columns. The table has the number of runs and for
each column its kind, name, part, type, where its cells lie (offset, length), and where their row numbers lie (u32;
nothing if all runs have a cell). Types: ``f`` float64, ``i`` int64, ``b`` bytes 0 and 1, ``j`` a JSON list.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator

import numpy as np

from mlopskit.errors import DamagedError
from mlopskit.tracking.run_columns import Cells, Key, RunColumns, as_objects

FORMAT = 1
_HEADER = struct.Struct("<4sBI")
_LENGTH = struct.Struct("<I")
_MAGIC = b"MIDX"
_DTYPES = {"f": np.dtype("<f8"), "i": np.dtype("<i8"), "b": np.dtype("?")}
_ROWS = np.dtype("<u4")


def encode_snapshot(columns: RunColumns) -> bytes:
    """Turn a table of runs into the bytes of a snapshot.

    Examples
    --------
    >>> columns = RunColumns.of([{"id": "a", "params": {"depth": 6, "loss": "mse"}}])
    >>> decode_snapshot(encode_snapshot(columns)).column("params", "loss").values.tolist()
    ['mse']
    """
    pieces: list[bytes] = []
    end = 0

    def placed(data: bytes) -> tuple[int, int]:
        nonlocal end
        pieces.append(data)
        end += len(data)
        return end - len(data), len(data)

    listed = []
    for key in _keys(columns):
        rows, values = columns.cells(key)
        code = next((code for code, dtype in _DTYPES.items() if values.dtype == dtype), "j")
        data = json.dumps(values.tolist()).encode() if code == "j" else values.astype(_DTYPES[code]).tobytes()
        everywhere = len(rows) == columns.count
        listed.append([*key, code, *placed(data), *(() if everywhere else placed(rows.astype(_ROWS).tobytes()))])
    table = json.dumps({"count": columns.count, "columns": listed}).encode()
    content = b"".join((_LENGTH.pack(len(table)), table, *pieces))
    return _HEADER.pack(_MAGIC, FORMAT, zlib.crc32(content)) + content


def decode_snapshot(data: bytes) -> RunColumns:
    """Turn the bytes of a snapshot back into a table.

    Raises
    ------
    DamagedError
        If they are not a whole snapshot that this mlopskit can read.
    """
    if len(data) < _HEADER.size:
        raise DamagedError("a snapshot of the index is cut off.")
    magic, number, checksum = _HEADER.unpack_from(data)
    view = memoryview(data)[_HEADER.size :]
    if magic != _MAGIC or number != FORMAT or zlib.crc32(view) != checksum:
        raise DamagedError("a snapshot of the index is not what was written, or of a later format.")
    (length,) = _LENGTH.unpack_from(view)
    start = _LENGTH.size + length
    table = json.loads(bytes(view[_LENGTH.size : start]))
    columns = view[start:]
    places = {tuple(place[:3]): place[3:] for place in table["columns"]}
    count = int(table["count"])

    def find(key: Key) -> Cells:
        code, start, size, *of_rows = places[key]
        stored = columns[start : start + size]
        values = as_objects(json.loads(bytes(stored))) if code == "j" else np.frombuffer(stored, _DTYPES[code])
        if not of_rows:
            return Cells(np.arange(count), values)
        start, size = of_rows
        return Cells(np.frombuffer(columns[start : start + size], _ROWS).astype(np.intp), values)

    parts: dict[tuple[str, str], list[str]] = {}
    for kind, name, part in places:
        parts.setdefault((kind, name), []).append(part)
    return RunColumns(count, parts, find)


def _keys(columns: RunColumns) -> Iterator[Key]:
    return (
        (*name, part)
        for name, parts in columns.parts.items()
        for part in parts
        if len(columns.cells((*name, part)).rows)
    )
