"""Numpy: dtype, shape, and the elements in row order as little-endian bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from mlopskit.storage.fingerprint.buffers import LEAF_BYTES
from mlopskit.storage.fingerprint.objects import plain_object
from mlopskit.storage.fingerprint.standard import sequence, utf8
from mlopskit.storage.fingerprint.walk import Walk, encodes, encodes_family, seal

Array = npt.NDArray[Any]
PORTABLE_FLOAT_BYTES = {"f": 8, "c": 16}
FEWEST_ROWS = 256
"""Transposed at a time: enough that each column is worth an update, few enough to stay in the cache."""


@encodes(np.ndarray, np.memmap)
def array_digest(array: Array, walk: Walk) -> bytes:
    """Encode an array; where its elements lie in memory or on disk does not count."""
    dtype = array.dtype
    shape = b"%d " * array.ndim % array.shape
    if dtype.names is not None:
        fields = [walk(name) + walk(np.asarray(array[name]), f"[{name!r}]") for name in dtype.names]
        return seal(b"structured", shape, b"".join(fields))
    if dtype.hasobject or dtype.kind == "T":
        return seal(b"array", dtype.char.encode(), shape, sequence(array.ravel().tolist(), walk))
    if dtype.itemsize > PORTABLE_FLOAT_BYTES.get(dtype.kind, dtype.itemsize):
        raise walk.refusal(
            array, f"is of {dtype}, whose bytes differ between machines", "Convert it to float64 or complex128"
        )
    rows = array if array.ndim else array.reshape(1)
    step = _rows_per_leaf(rows)
    digests = walk.leaves.digests(lambda start: _leaf(rows[start : start + step]), range(0, len(rows), step))
    return _sealed(array, shape, digests)


def column_digests(table: Array, walk: Walk) -> list[bytes]:
    """Digest the columns of a row-ordered table: as `array_digest` of each, but reading memory only once."""
    column = table[:, 0]
    step = _rows_per_leaf(column)

    def leaf(start: int) -> list[bytes]:
        hashers = [hashlib.sha256() for _ in range(table.shape[1])]
        block = table[start : start + step]
        stride = max(FEWEST_ROWS, LEAF_BYTES // (table.shape[1] * table.itemsize))
        for first in range(0, len(block), stride):
            for hasher, piece in zip(hashers, _canonical(block[first : first + stride].T), strict=True):
                hasher.update(piece.view(np.uint8).data)
        return [hasher.digest() for hasher in hashers]

    by_column = zip(*walk.leaves.digests(leaf, range(0, len(table), step)), strict=True)
    return [_sealed(column, b"%d " % len(column), digests) for digests in by_column]


def _sealed(array: Array, shape: bytes, digests: Any) -> bytes:
    return seal(b"array", utf8(array.dtype.newbyteorder("<").str), shape, b"".join(digests))


def _rows_per_leaf(rows: Array) -> int:
    row_bytes = rows.itemsize * int(np.prod(rows.shape[1:], dtype=np.int64))
    return max(1, LEAF_BYTES // max(1, row_bytes))


def _leaf(rows: Array) -> bytes:
    hasher = hashlib.sha256()
    for piece in _pieces(rows):
        hasher.update(_canonical(piece).view(np.uint8).data)
    return hasher.digest()


def _pieces(rows: Array) -> Iterator[Array]:
    """Cut rows, in row order, into contiguous runs that fit the processor's cache."""
    if rows.flags.c_contiguous:
        flat = rows.reshape(-1)
        step = max(1, LEAF_BYTES // max(1, flat.itemsize))
        yield from (flat[start : start + step] for start in range(0, flat.size, step) if flat.itemsize)
    elif rows.nbytes <= LEAF_BYTES:
        yield rows.ravel()
    else:
        step = _rows_per_leaf(rows)
        for part in rows if step == 1 else (rows[start : start + step] for start in range(0, len(rows), step)):
            yield from _pieces(part)


def _canonical(piece: Array) -> Array:
    """Make contiguous, little-endian, and every NaN the same: its sign and payload differ between processors."""
    piece = np.ascontiguousarray(piece, dtype=piece.dtype.newbyteorder("<"))
    if piece.dtype.kind not in "fc":
        return piece
    floats = piece.view(piece.real.dtype)
    missing = np.isnan(floats)
    return np.where(missing, floats.dtype.type(np.nan), floats) if missing.any() else floats


# -- subclasses, scalars, dtypes, generators -------------------------------------------------


@encodes_family(np.ndarray)
def _array_subclass(value: Array, walk: Walk) -> bytes:
    state = getattr(value, "__dict__", None)
    return seal(b"array-subclass", walk(type(value)), array_digest(np.asarray(value), walk), walk(state, ".__dict__"))


@encodes(np.ma.MaskedArray)
def masked_array(value: Any, walk: Walk) -> bytes:
    """Encode mask and data; what lies under the mask is set to zero."""
    mask = np.ma.getmaskarray(value)
    data = value.filled(np.zeros((), value.dtype)[()])
    return seal(b"masked-array", array_digest(data, walk), array_digest(mask, walk), walk(value.fill_value))


@encodes_family(np.generic)
def _scalar(value: np.generic, walk: Walk) -> bytes:
    return seal(b"numpy-scalar", array_digest(np.asarray(value), walk))


@encodes_family(np.dtype)
def _dtype_description(value: np.dtype[Any], walk: Walk) -> bytes:
    return plain_object(value, walk) if value.kind == "T" else seal(b"dtype", walk(value.newbyteorder("<").descr))


@encodes(np.random.RandomState)
def random_state(value: np.random.RandomState, walk: Walk) -> bytes:
    """Encode the state; the generator that a process shares, to which scipy's distributions refer, by name."""
    shared = value is np.random.mtrand._rand
    return seal(b"RandomState", b"shared" if shared else walk(value.get_state(legacy=False)))


@encodes(np.random.SeedSequence)
def _seed_sequence(value: np.random.SeedSequence, walk: Walk) -> bytes:
    return seal(b"SeedSequence", walk(value.state))
