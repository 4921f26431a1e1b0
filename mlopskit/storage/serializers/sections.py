"""A file of sections, written and read in one pass: a little JSON that says what follows, then raw buffers.

A section is its header's length (4 bytes, little-endian), the header as canonical JSON, and the buffers one after
the other. The header's ``buffers`` lists the dtype and the length of each, so that a reader with nothing but JSON
and NumPy (or any language's arrays) gets at the numbers.
"""

from __future__ import annotations

import struct
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from mlopskit.errors import DamagedError
from mlopskit.storage import canonical_json
from mlopskit.storage.serializers import arrays

Buffer = npt.NDArray[Any]
_LENGTH = struct.Struct("<I")


def write_section(file: BinaryIO, header: dict[str, Any], *buffers: Buffer) -> None:
    """Write a header and its one-dimensional buffers."""
    layout = [[buffer.dtype.str, len(buffer)] for buffer in buffers]
    data = canonical_json.encode(header | {"buffers": layout})
    file.write(_LENGTH.pack(len(data)))
    file.write(data)
    for buffer in buffers:
        if buffer.nbytes:
            file.write(np.ascontiguousarray(buffer).view(np.uint8).data)


def read_section(file: BinaryIO) -> tuple[dict[str, Any], list[Buffer]]:
    """Return the next header and its buffers, which are newly allocated and writable."""
    (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
    if length > arrays.remaining_bytes(file):
        raise DamagedError("the file ends within a section: restore it from a copy")
    header = canonical_json.decode(file.read(length))
    return header, [_read_buffer(file, np.dtype(dtype), length) for dtype, length in header["buffers"]]


def _read_buffer(file: BinaryIO, dtype: np.dtype[Any], length: int) -> Buffer:
    if dtype.hasobject or length * dtype.itemsize > arrays.remaining_bytes(file):
        raise DamagedError("a section claims more than the file holds: restore it from a copy")
    buffer = np.empty(length, dtype)
    arrays.fill(buffer, file)
    return buffer
