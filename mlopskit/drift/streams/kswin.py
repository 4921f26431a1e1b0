"""KSWIN: the latest values of a window have another distribution than values drawn from the older ones."""

from __future__ import annotations

import functools
import math
from typing import ClassVar

import attrs
import numpy as np
import numpy.typing as npt

from mlopskit.drift.parameters import PROBABILITY, beside, whole
from mlopskit.drift.streams.draws import draws
from mlopskit.drift.streams.scans import Floats, until_first
from mlopskit.drift.streams.stream_detector import StreamDetector, StreamState

Ranks = npt.NDArray[np.int32]


@attrs.define
class KSWINState(StreamState):
    """The latest values."""

    window: list[float] = attrs.field(factory=list)


def _fits(size: int, window: int) -> bool:
    return 2 * size <= window


@attrs.frozen
class KSWIN(StreamDetector):
    """Kolmogorov-Smirnov windowing: tells when the latest values have another distribution than those before.

    Of a sliding window, the latest values are compared with as many drawn at random from the older ones, by the
    two-sample Kolmogorov-Smirnov test. Finds changes of spread and shape that leave the mean alone. Each value is a
    test of its own at level `alpha`, so that false alarms grow with the length of the stream: choose `alpha` well below
    one in the number of values between two alarms that you would bear.

    Parameters
    ----------
    alpha : float, default 0.005
        The level of a test.
    window_size : int, default 100
        Values in the window.
    stat_size : int, default 30
        The latest values, which are compared; at most half of the window.
    seed : int, default 0
        What the draws begin with, at the start and after every alarm. They are those of `random.Random(seed).sample`
        for 16,384 tests, and come round again if there has been no alarm by then.

    Raises
    ------
    ValueError
        Besides parameters out of range: not even samples without any overlap are as rare as `alpha`.

    References
    ----------
    C. Raab, M. Heusinger, F.-M. Schleif: Reactive soft prototype computing for concept drift streams. Neurocomputing
    416 (2020), pages 340-351.

    Examples
    --------
    >>> values = np.random.default_rng(0).normal(scale=np.repeat([1, 5], 500))
    >>> KSWIN(alpha=0.0001, window_size=300, stat_size=100).update_many(values)
    array([568])
    """

    alpha: float = attrs.field(default=0.005, validator=PROBABILITY)
    window_size: int = attrs.field(default=100, validator=whole(2))
    stat_size: int = attrs.field(
        default=30,
        validator=[whole(1), beside("window_size", _fits, "at most half of")],
    )
    seed: int = attrs.field(default=0, validator=whole(0))
    _state: KSWINState = attrs.field(init=False, factory=KSWINState, repr=False)
    _longest_block: ClassVar[int] = 4096  # each of its values takes a row of `2 * stat_size`

    def __attrs_post_init__(self) -> None:
        if p_value(self.stat_size, self.stat_size) > self.alpha:
            raise ValueError(
                f"KSWIN(alpha={self.alpha!r}, stat_size={self.stat_size!r}) could never raise an alarm: give a larger "
                "stat_size or alpha"
            )

    def _step(self, x: float) -> None:
        self._scan(np.array([x]))

    def _scan(self, block: Floats) -> int:
        state, size = self._state, self.stat_size
        values = np.concatenate((state.window, block))
        untested = min(max(self.window_size - 1 - len(state.window), 0), len(block))
        taken = len(block)
        if untested < len(block):
            ranks = np.unique(values, return_inverse=True)[1].astype(np.int32)
            windows = np.lib.stride_tricks.sliding_window_view(ranks, self.window_size)[-(taken - untested) :]
            tests_before = state.n + untested - (self.window_size - 1)
            at = draws(int(self.seed), self.window_size - size, size, tests_before, len(windows))
            gaps = largest_gaps(np.take_along_axis(windows, at, axis=1), windows[:, -size:])
            alarms = gaps >= least_alarming(self.alpha, size)
            taken = untested + until_first(alarms)
            state.drift = bool(alarms[taken - untested - 1])
        state.n += taken
        state.window = values[: len(state.window) + taken][-self.window_size :].tolist()
        return taken


def p_value(gap: int, size: int) -> float:
    """Return how probable it is that two samples of one continuous distribution are so far apart, or farther.

    Parameters
    ----------
    gap : int
        The largest difference of the numbers of values up to some point: ``size`` times the Kolmogorov-Smirnov
        statistic.
    size : int
        The number of values in each sample.

    Notes
    -----
    B. V. Gnedenko, V. S. Korolyuk: On the maximum discrepancy between two empirical distributions. 1951. The sum is
    one of whole numbers, so that the answer is exact.

    Examples
    --------
    >>> round(p_value(13, 30), 6)
    0.006548
    """
    signed = ((1 if i % 2 else -1) * math.comb(2 * size, size - i * gap) for i in range(1, size // gap + 1))
    return min(2 * sum(signed) / math.comb(2 * size, size), 1.0)


@functools.cache
def least_alarming(alpha: float, size: int) -> int:
    """Return the smallest gap between samples of this size with a p-value of at most alpha, and above a tenth.

    The p-value falls with the gap, so that this one comparison answers for all.
    """
    return next(gap for gap in range(size // 10 + 1, size + 1) if p_value(gap, size) <= alpha)


def largest_gaps(first: Ranks, second: Ranks) -> Ranks:
    """Return the largest difference of the numbers of values up to some point, for each pair of samples.

    Parameters
    ----------
    first, second : ndarray of int, shape (pairs, size)
        Ranks of the values; equal values have one rank.
    """
    keys = 2 * np.concatenate((first, second), axis=1)
    keys[:, first.shape[1] :] += 1  # the last bit tells the sample
    keys.sort(axis=1)
    ahead = np.cumsum(1 - 2 * (keys & 1), axis=1, dtype=np.int32)
    tied = keys[:, 1:] >> 1 == keys[:, :-1] >> 1
    ahead[:, :-1][tied] = 0
    gaps: Ranks = np.abs(ahead).max(axis=1)
    return gaps
