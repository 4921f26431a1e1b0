"""Which rows to learn from: some drawn at random, the same ones whatever the order in which rows come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlopskit.drift.columns import NUMBERS, labels_of
from mlopskit.drift.multivariate.column_encoding import Floats, Values, kind_of_values, read_numbers
from mlopskit.drift.multivariate.vectors import stack

Hashes = npt.NDArray[np.uint64]

_MULTIPLIER = np.uint64(6364136223846793005)


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


def content_order(columns: Mapping[str, Values]) -> npt.NDArray[np.intp]:
    """Give the positions of rows in an order that what they hold decides, as good as random.

    Rows drawn by their place in it are the same for shuffled rows, permuted columns, and from whatever kept them.

    Examples
    --------
    >>> frame = pd.DataFrame({"origin": ["JFK", "EWR", None], "distance": [1400, 2475, 719]})
    >>> backwards = frame.iloc[::-1, ::-1]
    >>> frame.iloc[content_order(dict(frame))].equals(backwards.iloc[content_order(dict(backwards)), ::-1])
    True
    """
    keys: Hashes = np.zeros(len(next(iter(columns.values()), ())), dtype=np.uint64)
    for name in sorted(columns):
        for hashes in _hashes(columns[name]):
            keys = keys * _MULTIPLIER + hashes
    return np.argsort(keys, kind="stable")


def _hashes(values: Values) -> Iterator[Hashes]:
    kind = kind_of_values(values)
    if kind == "vector":
        yield from map(_hash_numbers, stack(values).T)
    elif kind in NUMBERS:
        yield _hash_numbers(read_numbers(values))
    else:
        codes, labels = labels_of(pd.Series(values))
        of_label = pd.util.hash_array(np.array(labels, dtype=object), categorize=False)
        yield np.append(of_label, np.uint64(0))[codes]  # a missing value has the code -1, and so the last entry


def _hash_numbers(numbers: Floats) -> Hashes:
    """Hash numbers, those that are equal alike: no zero is negative, and all that are missing are one NaN."""
    return np.asarray(pd.util.hash_array(np.where(np.isnan(numbers), np.nan, numbers) + 0.0))
