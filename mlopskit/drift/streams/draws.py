"""What KSWIN draws: the same at every start, and therefore drawn once and kept."""

from __future__ import annotations

import functools
import random

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.intp]
KeptPositions = npt.NDArray[np.int32]

PART, PARTS = 256, 64


def draws(seed: int, population: int, size: int, first: int, times: int) -> Positions:
    """Return positions drawn from ``range(population)`` without replacement, anew each time.

    They are what ``random.Random(seed).sample(range(population), size)`` gives, call after call; after 16,384
    calls they come round again.

    Parameters
    ----------
    first, times : int
        Which calls: that with the number `first`, counted from 0, and the next ones.

    Returns
    -------
    ndarray of int, shape (times, size)
    """
    pieces = [np.empty((0, size), dtype=np.int32)]
    while times:
        part, at = divmod(first % (PART * PARTS), PART)
        piece = _part(seed, population, size, part)[0][at : at + times]
        pieces.append(piece)
        first, times = first + len(piece), times - len(piece)
    return np.concatenate(pieces).astype(np.intp)


@functools.lru_cache(maxsize=8 * PARTS)
def _part(seed: int, population: int, size: int, part: int) -> tuple[KeptPositions, tuple[object, ...]]:
    """Return some draws, and the state of the generator after them."""
    generator = random.Random(seed)  # noqa: S311 - nothing here is secret
    if part:
        generator.setstate(_part(seed, population, size, part - 1)[1])
    drawn = [generator.sample(range(population), size) for _ in range(PART)]
    return np.array(drawn, dtype=np.int32), generator.getstate()
