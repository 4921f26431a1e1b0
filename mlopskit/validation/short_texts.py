"""Codes and categories: a column of few different short texts, told apart as numbers, five times as fast as by hashes.

The bytes of a text are one number of eight bytes, and a block of rows that stays in the processor's cache is compared
with each of the few.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_Numbers: TypeAlias = NDArray[np.uint64]

_LONGEST = 8
_MOST = 32
"""Of more different texts hashes are sooner found."""
_BLOCK = 32_768
_OFFSETS = {"string": np.int32, "large_string": np.int64}
"""Arrow's types of text, and in what they count their bytes."""
_KEPT = np.array([256**length - 1 for length in range(_LONGEST + 1)], dtype="<u8")
"""For each length of a text the bytes that are its own."""


def number_short_texts(values: Any, missing: NDArray[np.bool_] | None) -> tuple[NDArray[np.int8], list[str]] | None:
    """Number the different texts of a column.

    Parameters
    ----------
    values : array
        An extension array of pandas that lies in Arrow's memory.
    missing : array of bool or None
        Which rows have no text; None if all have.

    Returns
    -------
    tuple of (array of int, list of str) or None
        For each row the place of its text in the list, -1 where it is missing. None if there are more than 32, one is
        longer than eight bytes, or one holds the byte zero, with which shorter ones are filled up.

    Examples
    --------
    >>> origins = pd.array(["JFK", "EWR", "JFK"], dtype="string[pyarrow]")
    >>> codes, texts = number_short_texts(origins, None)
    >>> codes.tolist(), texts
    ([0, 1, 0], ['JFK', 'EWR'])
    """
    chunks = values.__arrow_array__()
    array = chunks.chunk(0) if chunks.num_chunks == 1 else chunks.combine_chunks()
    kind = _OFFSETS.get(str(array.type))
    if kind is None:
        return None
    _, offsets, texts = (np.frombuffer(each or b"", dtype=np.uint8) for each in array.buffers())
    offsets = offsets.view(kind)[array.offset : array.offset + len(array) + 1]
    codes = np.zeros(len(array), dtype=np.int8)  # from 1 on; 0 is not known yet
    known: list[np.uint64] = []
    for place in range(0, len(array), _BLOCK):
        block = slice(place, place + _BLOCK)
        numbers = _numbers(texts, offsets[place : place + _BLOCK + 1])
        if numbers is None:
            return None
        _mark(codes[block], numbers, known, 1)
        unknown = codes[block] == 0 if missing is None else (codes[block] == 0) & ~missing[block]
        if unknown.any():
            new = pd.unique(numbers[unknown])
            if len(known) + len(new) > _MOST:
                return None
            _mark(codes[block], numbers, new, len(known) + 1)
            known.extend(new)
    if missing is not None:
        codes[missing] = 0
    return codes - np.int8(1), [text.decode() for text in np.array(known, dtype="<u8").view(f"S{_LONGEST}").tolist()]


def _numbers(texts: NDArray[np.uint8], offsets: NDArray[Any]) -> _Numbers | None:
    """Return the texts between the offsets as numbers, where these tell them apart."""
    lengths = np.diff(offsets)
    shortest, longest = lengths.min(), lengths.max()
    own = texts[offsets[0] : offsets[-1]]
    if longest > _LONGEST or not own.all():
        return None
    filled = np.append(own, np.zeros(_LONGEST, dtype=np.uint8))
    from_each: _Numbers = np.ndarray(len(own) + 1, dtype="<u8", buffer=filled, strides=(1,))
    numbers: _Numbers
    if 0 < shortest == longest:
        numbers = from_each[:-1:longest] & _KEPT[longest]
    else:
        numbers = from_each.take(offsets[:-1] - offsets[0]) & _KEPT.take(lengths)
    return numbers


def _mark(codes: NDArray[np.int8], numbers: _Numbers, known: Any, first: int) -> None:
    for code, number in enumerate(known, start=first):
        codes += (numbers == number).view(np.int8) * np.int8(code)
