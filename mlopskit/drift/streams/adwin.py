"""ADWIN: a window that grows as long as its parts agree, and loses the older part when they do not."""

from __future__ import annotations

import copy
import math

import attrs
import numpy as np

from mlopskit.drift.streams.exponential_histogram import Counts, ExponentialHistogram, Growth
from mlopskit.drift.streams.parameters import PROBABILITY, whole
from mlopskit.drift.streams.scans import Floats, Mask
from mlopskit.drift.streams.stream_detector import StreamDetector, StreamState

MOMENTS_AT_ONCE = 512  # so that the work arrays stay in the processor's cache


@attrs.define
class ADWINState(StreamState):
    """The window when the latest value came, before any cut."""

    window: ExponentialHistogram = attrs.field(factory=ExponentialHistogram)


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
        return self._window().n

    @property
    def mean(self) -> float:
        """The mean of these values; NaN before the first."""
        window = self._window()
        return window.total / window.n if window.n else math.nan

    def _step(self, x: float) -> None:
        state = self._state
        state.n += 1
        state.window.add(x, self.max_buckets)
        if state.n % self.clock == 0 and state.n >= self._least:
            state.drift = self._needs_cut(state.window)

    def _scan(self, block: Floats) -> int:
        state = self._state
        growth = Growth(state.window, block, self.max_buckets)
        end = state.n + len(block)
        moments = np.arange(state.n + self.clock - state.n % self.clock, end + 1, self.clock)
        moments = moments[moments >= self._least]
        for begin in range(0, len(moments), MOMENTS_AT_ONCE):
            some = moments[begin : begin + MOMENTS_AT_ONCE]
            at = some - state.n - 1
            cuts = self._cuts(*growth.buckets_after(some), some, growth.totals[at], growth.squares[at])
            if cuts.any():
                end, state.drift = int(some[cuts.argmax()]), True
                break
        taken = end - state.n
        state.n, state.window = end, growth.histogram_after(end)
        return taken

    def _window(self) -> ExponentialHistogram:
        """Return the window without what an alarm cuts off: the oldest buckets, until the rest agrees."""
        if not self._state.drift:
            return self._state.window
        window = copy.deepcopy(self._state.window)
        while self._needs_cut(window):
            window.drop_oldest()
        return window

    @property
    def _least(self) -> int:
        return max(self.grace_period + 1, 2 * self.min_window_length)

    def _needs_cut(self, window: ExponentialHistogram) -> bool:
        if window.n < 2 * self.min_window_length:
            return False
        n, total, squares = np.array([window.n]), np.array([window.total]), np.array([window.squares])
        return bool(self._cuts(*window.buckets(), n, total, squares)[0])

    def _cuts(self, totals: Floats, sizes: Floats, n: Counts, total: Floats, squares: Floats) -> Mask:
        """Tell for each moment whether the parts on both sides of some border between buckets differ too much.

        Parameters
        ----------
        totals, sizes : ndarray, shape (buckets, moments)
            Oldest first.
        n, total, squares : ndarray, shape (moments,)
            Number, sum and sum of squared deviations of the values in the window.
        """
        older, older_total = np.cumsum(sizes, axis=0), np.cumsum(totals, axis=0)
        newer, newer_total = n - older, np.subtract.accumulate(np.vstack((total, totals)))[1:]
        evidence = np.array([math.log(2.0 * math.log(length) / self.delta) for length in n.tolist()])
        with np.errstate(divide="ignore", invalid="ignore"):  # in parts that are too short, and excluded below
            reciprocals = 1.0 / (older - self.min_window_length + 1.0) + 1.0 / (newer - self.min_window_length + 1.0)
            bound = np.sqrt(2.0 * reciprocals * (squares / n) * evidence) + 2.0 / 3.0 * evidence * reciprocals
            differs = np.abs(older_total / older - newer_total / newer) > bound
        allowed = (older >= self.min_window_length) & (newer >= self.min_window_length)
        found: Mask = (differs & allowed).any(axis=0)
        return found
