"""HDDM_A: the mean has risen, since it was at its best, by more than Hoeffding's inequality allows for chance."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np

from mlopskit.drift.streams.error_detector import ErrorState
from mlopskit.drift.streams.hddm import HDDM
from mlopskit.drift.streams.scans import Floats, last_minima, running_sums, until_first


@attrs.define
class Cut:
    """Where the upper bound of the mean was lowest: after how many values, their mean, and that bound."""

    n: int = 0
    mean: float = 0.0
    bound: float = math.inf


@attrs.define
class HDDMAState(ErrorState):
    """The sum of the values, and the best moment in view of a rise, and of a fall."""

    total: float = 0.0
    up: Cut = attrs.field(factory=Cut)
    down: Cut = attrs.field(factory=Cut)


@attrs.frozen
class HDDM_A(HDDM):  # noqa: N801 - the paper's name
    """Hoeffding's Drift Detection Method, A-test: tells when the mean has risen since it was at its best.

    The stream is cut where the upper bound of its mean was lowest. An alarm comes when the mean of all values lies
    above the mean up to the cut by more than Hoeffding's inequality allows for chance. Good at sudden changes, with few
    false alarms, whatever the distribution of the values.

    Parameters
    ----------
    drift_confidence : float, default 0.001
        The probability that one comparison raises a false alarm, at most.
    warning_confidence : float, default 0.005
        The same for a warning.
    two_sided_test : bool, default False
        Whether a falling mean raises an alarm, too.

    References
    ----------
    I. Frías-Blanco, J. del Campo-Ávila, G. Ramos-Jiménez, R. Morales-Bueno, A. Ortiz-Díaz, Y. Caballero-Mota: Online
    and non-parametric drift detection methods based on Hoeffding's bounds. IEEE Transactions on Knowledge and Data
    Engineering 27 (2015), pages 810-823.

    Examples
    --------
    >>> errors = np.random.default_rng(2).random(2000) < np.repeat([0.1, 0.3], 1000)
    >>> HDDM_A().update_many(errors)
    array([1106])
    """

    _state: HDDMAState = attrs.field(init=False, factory=HDDMAState, repr=False)

    def _step(self, x: float) -> None:
        state = self._state
        state.n += 1
        state.total += x
        state.drift = state.warning = False
        for sign, cut in self._directions():
            mean = sign * state.total / state.n
            bound = mean + self._bound(state.n, math.sqrt)
            if bound < cut.bound:
                cut.n, cut.mean, cut.bound = state.n, mean, bound
            self._judge(mean, cut)

    def _scan(self, block: Floats) -> int:
        state = self._state
        n = np.arange(state.n + 1, state.n + len(block) + 1)
        totals = running_sums(state.total, block)
        alarms = np.zeros(len(block), dtype=bool)
        found = []
        for sign, cut in self._directions():
            means = sign * totals / n
            bounds = means + self._bound(n, np.sqrt)
            last = last_minima(cut.bound, bounds)
            cut_n = np.where(last < 0, cut.n, n[last])
            cut_mean = np.where(last < 0, cut.mean, means[last])
            cut_bound = np.where(last < 0, cut.bound, bounds[last])
            alarms |= self._exceeds(n, means, cut_n, cut_mean, self.drift_confidence, np.sqrt)
            found.append((cut, means, cut_n, cut_mean, cut_bound))
        taken = until_first(alarms)
        end = taken - 1
        state.n, state.total = int(n[end]), float(totals[end])
        state.drift = state.warning = False
        for cut, means, cut_n, cut_mean, cut_bound in found:
            cut.n, cut.mean, cut.bound = int(cut_n[end]), float(cut_mean[end]), float(cut_bound[end])
            self._judge(float(means[end]), cut)
        return taken

    def _directions(self) -> list[tuple[float, Cut]]:
        up, down = (1.0, self._state.up), (-1.0, self._state.down)
        return [up, down] if self.two_sided_test else [up]

    def _judge(self, mean: float, cut: Cut) -> None:
        state = self._state
        exceeds = [
            self._exceeds(state.n, mean, cut.n, cut.mean, confidence, math.sqrt)
            for confidence in (self.drift_confidence, self.warning_confidence)
        ]
        state.drift = state.drift or exceeds[0]
        state.warning = not state.drift and (state.warning or exceeds[1])

    def _bound(self, n: Any, sqrt: Callable[[Any], Any]) -> Any:
        return sqrt(1.0 / (2 * n) * math.log(1.0 / self.drift_confidence))

    @staticmethod
    def _exceeds(n: Any, mean: Any, cut_n: Any, cut_mean: Any, confidence: float, sqrt: Callable[[Any], Any]) -> Any:
        """Tell, for one moment or many, whether the mean is too far above that up to the cut."""
        scale = (n - cut_n) / cut_n * (1.0 / n)
        return (n > cut_n) & (mean - cut_mean >= sqrt(scale / 2 * math.log(2.0 / confidence)))
