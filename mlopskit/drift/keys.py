"""Keys: numbers and labels as 64-bit integers, of which the low bits can be dropped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from mlopskit.drift.cells import Cells, Keys

Numbers = npt.NDArray[np.float64]

ROUNDED = 12
"""Low bits of a float's 52-bit fraction that are never kept: 12 significant digits are."""

_INFINITY = 0x7FF0_0000_0000_0000 >> ROUNDED
_ALL_BUT_SIGN = 0x7FFF_FFFF_FFFF_FFFF


def number_keys(numbers: Numbers) -> Keys:
    """Give keys in the order of the numbers: the bits of a float64, cut to 12 significant digits, with its sign.

    Dropping low bits of a key rounds the number further, to fewer significant digits: however numbers are scaled, and
    however far away some of them lie, where many are close together the cells are small.

    Parameters
    ----------
    numbers : ndarray of float64
        No NaN among them; infinities are numbers like others.

    Examples
    --------
    >>> np.diff(number_keys(np.array([-np.inf, -1e300, -0.0, 0.0, 1e-9, np.inf]))) > 0
    array([ True,  True, False,  True,  True])
    """
    bits = numbers.view(np.int64)
    if not (bits < 0).any():
        return bits >> ROUNDED
    size = (bits & _ALL_BUT_SIGN) >> ROUNDED
    return np.where(bits < 0, -size, size)


def key_numbers(cells: Cells) -> Numbers:
    """Give a number in the middle of each cell, and the number itself where no bit was dropped.

    Examples
    --------
    >>> key_numbers(Cells.of(number_keys(np.array([3.0, -2.5, np.inf])), limit=9))
    array([-2.5,  3. ,  inf])
    """
    middle = cells.keys
    if cells.dropped:
        first = middle << cells.dropped
        inner = np.clip(first + (1 << (cells.dropped - 1)), -_INFINITY, _INFINITY)
        middle = np.where(first <= -_INFINITY, -_INFINITY, inner)
    return np.copysign((np.abs(middle) << ROUNDED).view(np.float64), middle)


def label_keys(labels: Iterable[str]) -> Keys:
    """Give keys spread evenly over all integers: the first 64 bits of each label's BLAKE2b digest.

    Dropping low bits of a key throws labels together at random, the same ones whenever the same labels come.

    Examples
    --------
    >>> len(set(label_keys(["EWR", "JFK", "LGA"]).tolist()))
    3
    """
    return np.array([_label_key(label) for label in labels], dtype=np.int64)


@lru_cache(maxsize=65_536)
def _label_key(label: str) -> int:
    digest = hashlib.blake2b(label.encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)
