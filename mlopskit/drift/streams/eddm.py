"""EDDM: errors follow each other more closely than they used to."""

from __future__ import annotations

import math
from operator import le

import attrs
import numpy as np

from mlopskit.drift.parameters import SHARE, beside, whole
from mlopskit.drift.streams.error_detector import ErrorDetector, ErrorState
from mlopskit.drift.streams.scans import Floats, running_sums, until_first


@attrs.define
class EDDMState(ErrorState):
    """Errors so far, where the latest was, the sum of their squared distances, and the widest spacing."""

    errors: int = 0
    latest: int = 0
    squares: float = 0.0
    widest: float = 0.0


@attrs.frozen
class EDDM(ErrorDetector):
    """Early Drift Detection Method: tells when errors follow each other more closely than at the best.

    With mean m and standard deviation s of the distances between errors, in answers, the detector keeps the largest
    spacing ``m + 2 s`` and raises an alarm when the present one falls below `beta` times that. Meant for gradual
    changes at low error rates. It raises more false alarms than the other detectors, since `beta` is the same for a
    spacing of few errors as for one of many.

    Parameters
    ----------
    warm_start : int, default 30
        Errors that can raise no alarm. Spacings within as many first answers do not count as the widest.
    alpha : float, default 0.95
        A warning comes below this share of the widest spacing.
    beta : float, default 0.9
        An alarm comes below this share, which is at most `alpha`.

    References
    ----------
    M. Baena-García, J. del Campo-Ávila, R. Fidalgo, A. Bifet, R. Gavaldà, R. Morales-Bueno: Early drift detection
    method. International Workshop on Knowledge Discovery from Data Streams, 2006.

    Examples
    --------
    >>> errors = np.random.default_rng(2).random(2000) < np.repeat([0.02, 0.3], 1000)
    >>> EDDM().update_many(errors)
    array([1060, 1206])
    """

    warm_start: int = attrs.field(default=30, validator=whole(1))
    alpha: float = attrs.field(default=0.95, validator=SHARE)
    beta: float = attrs.field(default=0.9, validator=[SHARE, beside("alpha", le, "at most")])
    _state: EDDMState = attrs.field(init=False, factory=EDDMState, repr=False)

    def _step(self, x: float) -> None:
        state = self._state
        state.n += 1
        if not x:
            return
        distance = float(state.n - state.latest)
        state.errors += 1
        state.latest = state.n
        state.squares += distance * distance
        if state.n <= self.warm_start:
            return
        mean = state.latest / state.errors
        variance = (state.squares - state.latest * mean) / max(state.errors - 1, 1)
        spacing = mean + 2 * math.sqrt(max(variance, 0.0))
        state.widest = max(state.widest, spacing)
        if state.errors > self.warm_start:
            self._judge(spacing)

    def _scan(self, block: Floats) -> int:
        state = self._state
        at = np.flatnonzero(block) + state.n + 1
        errors = np.arange(state.errors + 1, state.errors + len(at) + 1)
        distances = np.diff(at, prepend=state.latest).astype(np.float64)
        squares = running_sums(state.squares, distances * distances)
        mean = at / errors
        variance = (squares - at * mean) / np.maximum(errors - 1, 1)
        spacing = mean + 2 * np.sqrt(np.maximum(variance, 0.0))
        counted = np.where(at > self.warm_start, spacing, 0.0)
        widest = np.maximum(np.maximum.accumulate(counted), state.widest)
        judged = errors > self.warm_start
        alarms = judged & (spacing < self.beta * widest)
        taken = until_first(alarms)  # of the errors
        if taken:
            end = taken - 1
            state.errors, state.latest = int(errors[end]), int(at[end])
            state.squares, state.widest = float(squares[end]), float(widest[end])
            if judged[end]:
                self._judge(float(spacing[end]))
        values = state.latest - state.n if state.drift else len(block)
        state.n += values
        return values

    def _judge(self, spacing: float) -> None:
        state = self._state
        state.drift = spacing < self.beta * state.widest
        state.warning = not state.drift and spacing < self.alpha * state.widest
