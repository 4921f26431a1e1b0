"""Which rows to learn from: some drawn at random, since every second row may be of one kind."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def drawn(rows: int, most: int, seed: int = 0) -> npt.NDArray[np.bool_]:
    """Mark rows that are drawn without replacement, at most so many; the same for the same numbers.

    Examples
    --------
    >>> int(drawn(100, 30).sum()), drawn(3, 30)
    (30, array([ True,  True,  True]))
    """
    chosen = np.ones(rows, dtype=bool)
    if rows > most:
        chosen[np.random.default_rng(seed).permutation(rows)[most:]] = False
    return chosen
