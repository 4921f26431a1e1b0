"""Page-Hinkley: deviations from the mean add up in one direction."""

from __future__ import annotations

import functools
import math
from typing import Literal

import attrs
import numpy as np
import numpy.typing as npt

from mlopskit.drift.parameters import NOT_NEGATIVE, POSITIVE, SHARE, one_of, whole
from mlopskit.drift.streams.scans import Floats, decaying_sums, running_sums, until_first
from mlopskit.drift.streams.stream_detector import StreamDetector, StreamState

TABLE = 65_536  # values, for which what does not depend on them is computed once


@attrs.define
class PageHinkleyState(StreamState):
    """The sum of the values, the faded sums of deviations and of delta, and how low their differences have been."""

    total: float = 0.0
    deviations: float = 0.0
    tolerance: float = 0.0
    lowest_up: float = math.inf
    lowest_down: float = math.inf


@attrs.frozen
class PageHinkley(StreamDetector):
    """Page-Hinkley test: tells when the mean of the values has moved up or down.

    The detector sums how far each value lies above the mean so far, less `delta`, and raises an alarm when that sum has
    risen more than `threshold` above its lowest; and the same for values below the mean. Sums fade by `alpha` with each
    value. Good at sudden changes of a mean. The threshold is in units of the values: choose it for their scale, and in
    view of the false alarms on a stretch without change. At the default, values with a standard deviation of 1 raise
    about one false alarm in 1,600.

    Parameters
    ----------
    min_instances : int, default 30
        Values before the first alarm can come, including the one that raises it.
    delta : float, default 0.005
        The deviation that is always tolerated, in units of the values.
    threshold : float, default 50.0
        How far the sum must rise, in units of the values.
    alpha : float, default 0.9999
        The share of the sum that is kept with each value; 1 for no fading.
    mode : {"both", "up", "down"}, default "both"
        Whether to look for a rising mean, a falling one, or both.

    References
    ----------
    E. S. Page: Continuous inspection schemes. Biometrika 41 (1954), pages 100-115.

    Examples
    --------
    >>> values = np.random.default_rng(0).normal(np.repeat([0, 2], 500))
    >>> PageHinkley().update_many(values)
    array([520])
    """

    min_instances: int = attrs.field(default=30, validator=whole(1))
    delta: float = attrs.field(default=0.005, validator=NOT_NEGATIVE)
    threshold: float = attrs.field(default=50.0, validator=POSITIVE)
    alpha: float = attrs.field(default=1 - 0.0001, validator=SHARE)
    mode: Literal["both", "up", "down"] = attrs.field(default="both", validator=one_of("both", "up", "down"))
    _state: PageHinkleyState = attrs.field(init=False, factory=PageHinkleyState, repr=False)

    def _step(self, x: float) -> None:
        state = self._state
        state.n += 1
        state.total += x
        state.deviations = self.alpha * state.deviations + (x - state.total / state.n)
        state.tolerance = self.alpha * state.tolerance + self.delta
        up, down = state.deviations - state.tolerance, -state.deviations - state.tolerance
        self._judge(up, min(state.lowest_up, up), down, min(state.lowest_down, down))

    def _scan(self, block: Floats) -> int:
        state = self._state
        n = np.arange(state.n + 1, state.n + len(block) + 1)
        totals = running_sums(state.total, block)
        deviations = decaying_sums(state.deviations, self.alpha, block - totals / n)
        tolerances = self._tolerances(len(block))
        up, down = deviations - tolerances, -deviations - tolerances
        taken = len(block)
        if self.mode != "down":
            taken = self._until_alarm(up, state.lowest_up, n)
        if self.mode != "up":
            taken = min(taken, self._until_alarm(down, state.lowest_down, n))
        end = taken - 1
        state.n, state.total = int(n[end]), float(totals[end])
        state.deviations, state.tolerance = float(deviations[end]), float(tolerances[end])
        lowest_up = min(state.lowest_up, float(up[:taken].min()))
        lowest_down = min(state.lowest_down, float(down[:taken].min()))
        self._judge(float(up[end]), lowest_up, float(down[end]), lowest_down)
        return taken

    def _until_alarm(self, sums: Floats, lowest: float, n: npt.NDArray[np.int64]) -> int:
        """Return how many values there are up to the first one with which a sum has risen too far, or all."""
        if sums.max() - min(sums.min(), lowest) <= self.threshold:  # no sum is so far above any other
            return len(sums)
        rises = sums - np.minimum.accumulate(np.minimum(sums, lowest))
        return until_first((rises > self.threshold) & (n >= self.min_instances))

    def _judge(self, up: float, lowest_up: float, down: float, lowest_down: float) -> None:
        state = self._state
        state.lowest_up, state.lowest_down = lowest_up, lowest_down
        rises = self.mode != "down" and up - lowest_up > self.threshold
        falls = self.mode != "up" and down - lowest_down > self.threshold
        state.drift = (rises or falls) and state.n >= self.min_instances

    def _tolerances(self, size: int) -> Floats:
        state = self._state
        if state.n + size <= TABLE:
            return _first_tolerances(self.alpha, self.delta)[state.n : state.n + size]
        return decaying_sums(state.tolerance, self.alpha, np.full(size, self.delta))


@functools.lru_cache(maxsize=8)
def _first_tolerances(alpha: float, delta: float) -> Floats:
    """Return the faded sums of delta from the start on, which are the same for every stream."""
    return decaying_sums(0.0, alpha, np.full(TABLE, delta))
