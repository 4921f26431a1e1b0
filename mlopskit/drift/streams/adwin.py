"""ADWIN: a window that grows as long as its parts agree, and loses the older part when they do not."""

from __future__ import annotations

import math
from bisect import bisect_left

import attrs
import numpy as np

from mlopskit.drift.parameters import PROBABILITY, whole
from mlopskit.drift.streams.exponential_histogram import Counts, bucket_ends, bucket_ends_of_many, vanishing_ends
from mlopskit.drift.streams.scans import Floats, Mask, running_sums
from mlopskit.drift.streams.stream_detector import StreamDetector, StreamState

WINDOWS_AT_ONCE = 256  # so that the work arrays stay in the processor's cache


@attrs.define
class ADWINState(StreamState):
    """After how many values each bucket ends, their sum up to there, and that of their squared deviations.

    The last bucket ends with the latest value. Sums are of values less the first one, so that those far from zero lose
    no digits.
    """

    origin: float = 0.0
    ends: list[int] = attrs.field(factory=list)
    totals: list[float] = attrs.field(factory=list)
    squares: list[float] = attrs.field(factory=list)

    def sums(self) -> tuple[float, float]:
        """Return the sum of all values, and that of their squared deviations from their mean."""
        return (self.totals[-1], self.squares[-1]) if self.n else (0.0, 0.0)


class _Course:
    """The sums after each bucket of a state, and then after each value of a block."""

    def __init__(self, state: ADWINState, block: Floats):
        self.begin, self.ends = state.n, np.array(state.ends, dtype=np.int64)
        before = np.arange(state.n, state.n + len(block), dtype=np.float64)
        values, (total, square) = block - state.origin, state.sums()
        totals = running_sums(total, values)
        deviations = values - np.concatenate(([total], totals[:-1])) / np.maximum(before, 1.0)
        squares = running_sums(square, before * deviations * deviations / (before + 1.0))
        self.totals = np.concatenate((state.totals, totals))
        self.squares = np.concatenate((state.squares, squares))

    def places(self, n: Counts) -> Counts:
        """Tell where the sums after n values are."""
        found = n + (len(self.ends) - self.begin - 1)
        old = n <= self.begin
        found[old] = np.searchsorted(self.ends, n[old])
        return found


@attrs.frozen
class ADWIN(StreamDetector):
    """Adaptive windowing: tells when the older and the newer values of a window have different means.

    The window of all values since the last alarm is tried at every border between its buckets. An alarm comes when the
    means on both sides differ by more than a bound that follows from `delta` and the variance. Needs no scale and no
    threshold for the values, and has few false alarms: a good first choice for any number.

    The paper goes on with the newer part after an alarm. This detector starts anew, as all of them do; at the alarm
    itself, `width` and `mean` tell about the newer part.

    Parameters
    ----------
    delta : float, default 0.002
        The confidence: the smaller, the fewer false alarms, and the later the true ones.
    clock : int, default 32
        The window is tried with every so many values.
    max_buckets : int, default 5
        Buckets of one size; more of them try more borders, which finds a change sooner and costs time.
    min_window_length : int, default 5
        Values that each part must have.
    grace_period : int, default 10
        Values that can raise no alarm.

    References
    ----------
    A. Bifet, R. Gavaldà: Learning from time-changing data with adaptive windowing. SIAM International Conference on
    Data Mining 2007, pages 443-448.

    Examples
    --------
    >>> detector = ADWIN()
    >>> values = np.random.default_rng(0).normal(np.repeat([0, 1], 500))
    >>> detector.update_many(values[:544])
    array([543])
    >>> detector.width, round(detector.mean, 1)
    (128, 0.4)
    """

    delta: float = attrs.field(default=0.002, validator=PROBABILITY)
    clock: int = attrs.field(default=32, validator=whole(1))
    max_buckets: int = attrs.field(default=5, validator=whole(1))
    min_window_length: int = attrs.field(default=5, validator=whole(1))
    grace_period: int = attrs.field(default=10, validator=whole(0))
    _state: ADWINState = attrs.field(init=False, factory=ADWINState, repr=False)

    @property
    def width(self) -> int:
        """How many of the latest values belong together: all since the start, or those after the cut at an alarm."""
        return self._window()[0]

    @property
    def mean(self) -> float:
        """The mean of these values; NaN before the first."""
        width, total = self._window()
        return self._state.origin + total / width if width else math.nan

    def _step(self, x: float) -> None:
        state = self._state
        before, (total, squares) = state.n, state.sums()
        if not before:
            state.origin = x
        x -= state.origin
        deviation = x - total / max(before, 1)
        state.n += 1
        state.ends.append(state.n)
        state.totals.append(total + x)
        state.squares.append(squares + before * deviation * deviation / state.n)
        for end in vanishing_ends(state.n, self.max_buckets):
            place = bisect_left(state.ends, end)
            del state.ends[place], state.totals[place], state.squares[place]
        if state.n % self.clock == 0 and state.n >= self._least:
            n, ends, totals, all_squares = map(np.array, (state.n, state.ends, state.totals, state.squares))
            state.drift = bool(self._cuts(ends[None], totals[None], n[None], totals[-1:], all_squares[-1:])[0])

    def _scan(self, block: Floats) -> int:
        state = self._state
        if not state.n:
            state.origin = float(block[0])
        course = _Course(state, block)
        begin, end = state.n, state.n + len(block)
        tried = np.arange(begin + self.clock - begin % self.clock, end + 1, self.clock)
        tried = tried[tried >= self._least]
        for first in range(0, len(tried), WINDOWS_AT_ONCE):
            n = tried[first : first + WINDOWS_AT_ONCE]
            ends, at = bucket_ends_of_many(n, self.max_buckets), course.places(n)
            cuts = self._cuts(ends, course.totals[course.places(ends)], n, course.totals[at], course.squares[at])
            if cuts.any():
                end, state.drift = int(n[cuts.argmax()]), True
                break
        state.n, state.ends = end, bucket_ends(end, self.max_buckets)
        kept = course.places(np.array(state.ends))
        state.totals, state.squares = course.totals[kept].tolist(), course.squares[kept].tolist()
        return end - begin

    def _window(self) -> tuple[int, float]:
        """Return the number of values in the window and their sum, without the buckets that an alarm cuts off."""
        state = self._state
        if not state.drift:
            return state.n, state.sums()[0]
        ends, totals, squares = map(np.array, (state.ends, state.totals, state.squares))
        cut, cut_total = ends[:-1], totals[:-1]  # what may be cut off: the first bucket, the first two, and so on
        n, total = state.n - cut, totals[-1] - cut_total
        difference = cut_total / cut - total / n
        left = squares[-1] - squares[:-1] - cut * n / state.n * difference * difference
        disagree = self._cuts(ends - cut[:, None], totals - cut_total[:, None], n, total, left)
        first = int(disagree.argmin())
        return int(n[first]), float(total[first])

    @property
    def _least(self) -> int:
        return max(self.grace_period + 1, 2 * self.min_window_length)

    def _cuts(self, older: Counts, older_total: Floats, n: Counts, total: Floats, squares: Floats) -> Mask:
        """Tell for each window whether its values on both sides of some border differ too much.

        Parameters
        ----------
        older, older_total : ndarray, shape (windows, borders)
            Number and sum of the values before each border.
        n, total, squares : ndarray, shape (windows,)
            Number, sum and sum of squared deviations of all values.
        """
        n_older, n_newer = older.astype(np.float64), (n[:, None] - older).astype(np.float64)
        newer_total = total[:, None] - older_total
        least = self.min_window_length
        evidence = np.array([math.log(2.0 * math.log(max(length, 2)) / self.delta) for length in n.tolist()])
        spread, evidence = 2.0 * (squares / n * evidence)[:, None], evidence[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):  # in parts that are too short, and excluded below
            reciprocals = 1.0 / (n_older - (least - 1)) + 1.0 / (n_newer - (least - 1))
            bound = np.sqrt(reciprocals * spread) + 2.0 / 3.0 * evidence * reciprocals
            differs = np.abs(older_total / n_older - newer_total / n_newer) > bound
        found: Mask = (differs & (np.minimum(n_older, n_newer) >= least)).any(axis=1)
        return found
