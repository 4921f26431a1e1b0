"""NumPy arrays and scalars in NumPy's own npy format, read in one pass and never through pickle."""

from __future__ import annotations

import ast
import io
import math
import struct
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from mlopskit.errors import DamagedError
from mlopskit.storage.serializers.serializer import Serializer

_NPY_VERSION = (3, 0)
_MAX_HEADER = 1 << 20
_KINDS_OF_DTYPE = "biufcmMSUV"


class ArraySerializer(Serializer):
    """Arrays of any shape and of every dtype but object and StringDType; C and Fortran order are kept."""

    name = "npy"

    def accepts(self, value: object) -> bool:
        """Whether this is an array, not of a subclass, whose dtype the npy header can name."""
        return type(value) is np.ndarray and _has_faithful_header(value.dtype)

    def encode(self, value: npt.NDArray[Any], file: BinaryIO) -> None:
        """Write the array in pieces of a few megabytes."""
        np.lib.format.write_array(file, value, version=_NPY_VERSION, allow_pickle=False)

    def decode(self, file: BinaryIO, _version: int) -> npt.NDArray[Any]:
        """Return the array."""
        dtype, shape, order = _read_header(file)
        if math.prod(shape) * dtype.itemsize != remaining_bytes(file):
            raise DamagedError("the array's header and the length of its data do not agree: restore it from a copy")
        array = np.empty(shape, dtype, order)
        fill(array, file)
        return array


class NumpyScalarSerializer(Serializer):
    """NumPy scalars, as arrays without dimensions."""

    name = "numpy-scalar"

    def accepts(self, value: object) -> bool:
        """Whether this is a NumPy scalar that comes back from an array as the same type, with all its characters."""
        if not isinstance(value, np.generic) or not _has_faithful_header(value.dtype):
            return False
        scalar = np.asarray(value)[()]
        # Arrays drop trailing NULs from text, and know one type for C's long and long long
        keeps_nuls = not isinstance(value, str | bytes) or len(scalar) == len(value)
        return type(value) is np.dtype(value.dtype.str).type and keeps_nuls

    def encode(self, value: np.generic, file: BinaryIO) -> None:
        """Write the scalar."""
        ArraySerializer().encode(np.asarray(value), file)

    def decode(self, file: BinaryIO, _version: int) -> Any:
        """Return the scalar."""
        return ArraySerializer().decode(file, _version)[()]


def fill(array: npt.NDArray[Any], file: BinaryIO) -> None:
    """Read an array's bytes, in the order in which they lie in memory, straight into it."""
    if not array.nbytes:
        return
    wanted = memoryview(array.reshape(-1, order="A").view(np.uint8).data)
    while wanted:
        count = file.readinto(wanted)  # type: ignore[attr-defined]
        if not count:
            raise DamagedError(f"{len(wanted)} bytes of an array are missing: restore it from a copy")
        wanted = wanted[count:]


def remaining_bytes(file: BinaryIO) -> int:
    """Return how many bytes follow, so that a header is not believed before memory is taken for it."""
    here = file.tell()
    end = file.seek(0, io.SEEK_END)
    file.seek(here)
    return end - here


def _has_faithful_header(dtype: np.dtype[Any]) -> bool:
    if dtype.hasobject or dtype.kind not in _KINDS_OF_DTYPE or dtype.metadata:
        return False
    try:
        return bool(np.lib.format.descr_to_dtype(np.lib.format.dtype_to_descr(dtype)) == dtype)
    except (TypeError, ValueError, Warning):
        return False


def _read_header(file: BinaryIO) -> tuple[np.dtype[Any], tuple[int, ...], Any]:
    if np.lib.format.read_magic(file) != _NPY_VERSION:
        raise DamagedError("this is another version of npy than the one mlopskit writes: restore it from a copy")
    (length,) = struct.unpack("<I", file.read(4))
    if length > _MAX_HEADER:
        raise DamagedError("the array's header is too long: restore it from a copy")
    header = ast.literal_eval(file.read(length).decode())
    dtype, shape = np.lib.format.descr_to_dtype(header["descr"]), header["shape"]
    if dtype.hasobject:
        raise DamagedError(
            "the array's header asks for Python objects, which are never written: do not trust this file"
        )
    if not all(type(size) is int and size >= 0 for size in shape):
        raise DamagedError("the array's header has an impossible shape: restore it from a copy")
    return dtype, shape, "F" if header["fortran_order"] else "C"
