"""Page-Hinkley: deviations from the mean add up in one direction."""

from __future__ import annotations

import math
from typing import Literal

import attrs
import numpy as np

from mlopskit.drift.streams.parameters import NOT_NEGATIVE, POSITIVE, SHARE, one_of, whole
from mlopskit.drift.streams.scans import Floats, decaying_sums, running_sums, until_first
from mlopskit.drift.streams.stream_detector import StreamDetector, StreamState


@attrs.define
class Cusum:
    """A cumulative sum of deviations, and the lowest that it has been."""

    total: float = 0.0
    lowest: float = math.inf


@attrs.define
class PageHinkleyState(StreamState):
    """The sum of the values, and the cumulative sums of deviations upwards and downwards."""

    total: float = 0.0
    up: Cusum = attrs.field(factory=Cusum)
    down: Cusum = attrs.field(factory=Cusum)


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
        deviation = x - state.total / state.n
        for sign, cusum in self._directions():
            cusum.total = self.alpha * cusum.total + (sign * deviation - self.delta)
            cusum.lowest = min(cusum.lowest, cusum.total)
            if state.n >= self.min_instances and cusum.total - cusum.lowest > self.threshold:
                state.drift = True

    def _scan(self, block: Floats) -> int:
        state = self._state
        n = np.arange(state.n + 1, state.n + len(block) + 1)
        totals = running_sums(state.total, block)
        deviations = block - totals / n
        directions = self._directions()
        signs, before, lowest_before = np.array([(sign, cusum.total, cusum.lowest) for sign, cusum in directions]).T[
            :, :, None
        ]
        sums = decaying_sums(before, self.alpha, signs * deviations - self.delta)
        lowest = np.minimum.accumulate(np.minimum(sums, lowest_before), axis=1)
        alarms = (sums - lowest > self.threshold).any(axis=0) & (n >= self.min_instances)
        taken = until_first(alarms)
        end = taken - 1
        for (_, cusum), total, least in zip(directions, sums[:, end].tolist(), lowest[:, end].tolist(), strict=True):
            cusum.total, cusum.lowest = total, least
        state.n, state.total, state.drift = int(n[end]), float(totals[end]), bool(alarms[end])
        return taken

    def _directions(self) -> list[tuple[float, Cusum]]:
        every = (("up", 1.0, self._state.up), ("down", -1.0, self._state.down))
        return [(sign, cusum) for direction, sign, cusum in every if self.mode in (direction, "both")]
