"""DDM: the share of errors lies well above its lowest."""

from __future__ import annotations

import math
from operator import ge

import attrs
import numpy as np

from mlopskit.drift.parameters import POSITIVE, beside, whole
from mlopskit.drift.streams.error_detector import ErrorDetector, ErrorState
from mlopskit.drift.streams.scans import Floats, last_minima, running_sums, until_first


@attrs.define
class DDMState(ErrorState):
    """Errors so far, and their share and its standard deviation from where the sum of both was lowest."""

    errors: float = 0.0
    p_min: float = math.inf
    s_min: float = 0.0


@attrs.frozen
class DDM(ErrorDetector):
    """Drift Detection Method: tells when a model errs more often than at its best.

    With the share of errors p after n answers and its standard deviation ``s = sqrt(p (1 - p) / n)``, the detector
    keeps p and s from where ``p + s`` was lowest, and raises an alarm when
    ``p + s > p_min + drift_threshold * s_min``. Good at sudden changes. Slow at small and gradual ones after a long
    quiet time, since p averages over all of it. A model that has made no error at all by the end of the warm start
    raises an alarm at its first.

    Parameters
    ----------
    warm_start : int, default 30
        Answers that can raise no alarm.
    warning_threshold : float, default 2.0
        Standard deviations above the lowest share for a warning.
    drift_threshold : float, default 3.0
        Standard deviations above the lowest share for an alarm.

    References
    ----------
    J. Gama, P. Medas, G. Castillo, P. Rodrigues: Learning with drift detection. SBIA 2004, pages 286-295.

    Examples
    --------
    >>> errors = np.random.default_rng(0).random(2000) < np.repeat([0.1, 0.3], 1000)
    >>> DDM().update_many(errors)
    array([1052])
    """

    warm_start: int = attrs.field(default=30, validator=whole(1))
    warning_threshold: float = attrs.field(default=2.0, validator=POSITIVE)
    drift_threshold: float = attrs.field(default=3.0, validator=[POSITIVE, beside("warning_threshold", ge, "at least")])
    _state: DDMState = attrs.field(init=False, factory=DDMState, repr=False)

    def _step(self, x: float) -> None:
        state = self._state
        state.n += 1
        state.errors += x
        if state.n <= self.warm_start:
            return
        p = state.errors / state.n
        s = math.sqrt(p * (1 - p) / state.n)
        if p + s < state.p_min + state.s_min:
            state.p_min, state.s_min = p, s
        state.drift = p + s > state.p_min + self.drift_threshold * state.s_min
        state.warning = not state.drift and p + s > state.p_min + self.warning_threshold * state.s_min

    def _scan(self, block: Floats) -> int:
        state = self._state
        if state.n < self.warm_start:
            block = block[: self.warm_start - state.n]
            state.n += len(block)
            state.errors += float(block.sum())
            return len(block)
        n = np.arange(state.n + 1, state.n + len(block) + 1)
        errors = running_sums(state.errors, block)
        p = errors / n
        s = np.sqrt(p * (1 - p) / n)
        last = last_minima(state.p_min + state.s_min, p + s)
        p_min = np.where(last < 0, state.p_min, p[last])
        s_min = np.where(last < 0, state.s_min, s[last])
        taken = until_first(p + s > p_min + self.drift_threshold * s_min)
        end = taken - 1
        level = float(p[end] + s[end])
        state.n += taken
        state.errors, state.p_min, state.s_min = float(errors[end]), float(p_min[end]), float(s_min[end])
        state.drift = level > state.p_min + self.drift_threshold * state.s_min
        state.warning = not state.drift and level > state.p_min + self.warning_threshold * state.s_min
        return taken
