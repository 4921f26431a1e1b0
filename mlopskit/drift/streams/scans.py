"""Running sums and minima over a block of values, in the very floats that a loop over the values gives."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def running_sums(before: float, block: Floats) -> Floats:
    """Return ``s = s + x`` after each x of the block, from ``s = before``."""
    return np.cumsum(np.concatenate(([before], block)))[1:]


def decaying_sums(before: float, keep: float, block: Floats) -> Floats:
    """Return ``s = keep * s + x`` after each x of the block, from ``s = before``."""
    from scipy.signal import lfilter

    sums: Floats = lfilter([1.0], [1.0, -keep], block, zi=[keep * before])[0]
    return sums


def last_minima(lowest: float, values: Floats) -> npt.NDArray[np.intp]:
    """Return for each position where the minimum up to it was first reached; -1 where it is `lowest`, from before."""
    if values.min() >= lowest:
        return np.full(len(values), -1)
    so_far = np.minimum.accumulate(np.concatenate(([lowest], values)))
    return np.maximum.accumulate(np.where(so_far[1:] < so_far[:-1], np.arange(len(values)), -1))


def until_first(alarms: Mask) -> int:
    """Return how many positions there are up to and with the first alarm, or all if there is none."""
    return int(alarms.argmax()) + 1 if alarms.any() else len(alarms)
