"""Where the borders are in a window of few buckets, of which each holds as many or twice as many values as the next.

Buckets of one size make a level. A level keeps at most `capacity` of them; one more, and its two oldest become one
bucket of the next level. So the borders depend on the number of values alone: a bucket with the number k in its level,
counted from 0 at the start of the window, ends after ``(k + 1) * size`` values.

M. Datar, A. Gionis, P. Indyk, R. Motwani: Maintaining stream statistics over sliding windows. SIAM Journal on
Computing 31 (2002), pages 1794-1813.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]


def bucket_ends(n: int, capacity: int) -> list[int]:
    """Return after how many values each bucket of a window of n values ends, oldest first.

    Examples
    --------
    >>> bucket_ends(9, 2)
    [4, 6, 8, 9]
    """
    ends: list[int] = []
    arrived, size = n, 1
    while arrived:
        left = max((arrived - (capacity - 1)) // 2, 0)  # pairs for the next level
        ends[:0] = range((2 * left + 1) * size, arrived * size + 1, size)
        arrived, size = left, 2 * size
    return ends


def bucket_ends_of_many(n: Counts, capacity: int) -> Counts:
    """Return the same for windows of many sizes at once.

    Parameters
    ----------
    n : ndarray of int, shape (windows,)
    capacity : int

    Returns
    -------
    ndarray of int, shape (windows, buckets)
        In no order, and with 0 where a window has fewer buckets than others.

    Examples
    --------
    >>> bucket_ends_of_many(np.array([3, 9]), 2)
    array([[3, 0, 2, 0, 0, 0],
           [9, 0, 6, 8, 4, 0]])
    """
    levels = [n]
    while levels[-1].any():
        levels.append(np.maximum((levels[-1] - (capacity - 1)) >> 1, 0))
    arrived = np.stack(levels, axis=1)[:, :, None]
    number = 2 * arrived[:, 1:] + np.arange(capacity)
    sizes = 1 << np.arange(len(levels) - 1)[:, None]
    return np.where(number < arrived[:, :-1], (number + 1) * sizes, 0).reshape(len(n), -1)


def vanishing_ends(n: int, capacity: int) -> Iterator[int]:
    """Yield the ends between buckets that become one when the window comes to have n values.

    Examples
    --------
    >>> list(vanishing_ends(9, 2))
    [7]
    """
    arrived, size = n, 1
    while arrived > capacity and (arrived - capacity) % 2:
        arrived = (arrived - (capacity - 1)) // 2
        yield (2 * arrived - 1) * size
        size *= 2
