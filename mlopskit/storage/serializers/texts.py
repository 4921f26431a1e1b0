"""Columns of text as two buffers, the UTF-8 of all texts and the length of each; by way of Arrow where it is at hand.

Either way gives the same bytes. Python's texts may hold lone surrogates, which Arrow's can not: "surrogatepass"
gives them bytes of their own.
"""

from __future__ import annotations

from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np

from mlopskit.errors import DamagedError
from mlopskit.storage.serializers.sections import Buffer

_AT_ONCE = 1 << 15  # few enough texts to stay in the processor's cache, and other threads get their turn in between
_END = "\0"  # rare in texts
_SAMPLE = 4096


def texts_to_buffers(texts: Buffer) -> tuple[Buffer, Buffer]:
    """Return data and lengths of an array of str objects."""
    parts = [_encode(texts[start : start + _AT_ONCE].tolist()) for start in range(0, len(texts), _AT_ONCE)]
    data = b"".join(data for data, _ in parts)
    lengths = np.concatenate([np.empty(0, np.int64), *(lengths for _, lengths in parts)])
    return np.frombuffer(data, np.uint8), _narrowed(lengths)


def texts_from_buffers(data: Buffer, lengths: Buffer) -> Buffer:
    """Return the array of str objects."""
    offsets = _offsets(data, lengths)
    if find_spec("pyarrow") and (array := _arrow_array(data, offsets, None)) is not None:
        return _objects(array)
    return np.fromiter(_decode(data, offsets), np.dtype(object), len(lengths))


def arrow_to_buffers(array: Any) -> tuple[Buffer, Buffer, Buffer]:
    """Return what is missing, data and lengths of an Arrow array of strings, chunked or not."""
    import pyarrow as pa

    missing = np.asarray(array.is_null(), bool)
    texts = array.fill_null("").cast(pa.large_string())  # whatever bytes a missing text may have in memory are not its
    if isinstance(texts, pa.ChunkedArray):
        texts = pa.concat_arrays([pa.array([], pa.large_string()), *texts.chunks])
    if not len(texts):
        return missing, np.empty(0, np.uint8), _narrowed(np.empty(0, np.int64))
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    content = np.frombuffer(data, np.uint8)[ends[0] : ends[-1]] if data else np.empty(0, np.uint8)
    return missing, content, _narrowed(np.diff(ends))


def arrow_from_buffers(missing: Buffer, data: Buffer, lengths: Buffer) -> Any:
    """Return the Arrow array of large strings."""
    if len(missing) != len(lengths):
        raise DamagedError("a text column has more texts than rows, or fewer: restore it from a copy")
    array = _arrow_array(data, _offsets(data, lengths), missing.astype(bool))
    if array is None:
        raise DamagedError("a text column holds bytes that are no UTF-8: restore it from a copy")
    return array


def _encode(texts: list[str]) -> tuple[bytes, Buffer]:
    joined = _END.join([*texts, ""]).encode("utf-8", "surrogatepass")
    ends = np.flatnonzero(np.frombuffer(joined, np.uint8) == ord(_END))
    if len(ends) == len(texts):
        return joined.replace(_END.encode(), b""), np.diff(ends, prepend=-1) - 1
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]  # the separator is in a text as well
    return b"".join(encoded), np.fromiter(map(len, encoded), np.int64, len(encoded))


def _decode(data: Buffer, offsets: Buffer) -> list[str]:
    if data.all():  # the separator is in no text
        joined = np.insert(data, offsets[1:], ord(_END)).tobytes()
        return joined.decode("utf-8", "surrogatepass").split(_END)[:-1]
    content = data.tobytes()
    return [content[start:end].decode("utf-8", "surrogatepass") for start, end in pairwise(offsets.tolist())]


def _narrowed(lengths: Buffer) -> Buffer:
    return lengths.astype(np.min_scalar_type(lengths.max(initial=0)))


def _offsets(data: Buffer, lengths: Buffer) -> Buffer:
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    if offsets[-1] != len(data):
        raise DamagedError("a text column and its lengths disagree: restore it from a copy")
    return offsets


def _arrow_array(data: Buffer, offsets: Buffer, missing: Buffer | None) -> Any:
    """Return the Arrow array over these buffers, or None if they hold what is no text to Arrow."""
    import pyarrow as pa

    present = None if missing is None else pa.py_buffer(np.packbits(~missing, bitorder="little"))
    array = pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(data), present)
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        return None
    return array


def _objects(array: Any) -> Buffer:
    """Return an Arrow array's texts as objects, made once for each distinct text where these are few."""
    sample = array.take(np.linspace(0, len(array) - 1, min(_SAMPLE, len(array)), dtype=np.int64))
    if len(sample.unique()) > len(sample) // 2:
        return np.asarray(array.to_numpy(zero_copy_only=False))
    encoded = array.dictionary_encode()
    return np.asarray(encoded.dictionary.to_numpy(zero_copy_only=False)[encoded.indices.to_numpy()])
