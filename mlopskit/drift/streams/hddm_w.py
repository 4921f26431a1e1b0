"""HDDM_W: the weighted mean has risen, since it was at its best, by more than McDiarmid's inequality allows."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import attrs
import numpy as np
import numpy.typing as npt

from mlopskit.drift.parameters import SHARE
from mlopskit.drift.streams.error_detector import ErrorState
from mlopskit.drift.streams.hddm import HDDM
from mlopskit.drift.streams.scans import Floats, Mask, last_minima, until_first
from mlopskit.drift.streams.weighted_mean import WeightedMean


@attrs.define
class WeightedCut:
    """Where the upper bound of the mean was lowest: that bound, the mean up to there, and the mean since."""

    bound: float = math.inf
    before: WeightedMean = attrs.field(factory=WeightedMean)
    after: WeightedMean = attrs.field(factory=WeightedMean)


@attrs.define
class HDDMWState(ErrorState):
    """The mean of all values, and the best moment in view of a rise, and of a fall."""

    overall: WeightedMean = attrs.field(factory=WeightedMean)
    up: WeightedCut = attrs.field(factory=WeightedCut)
    down: WeightedCut = attrs.field(factory=WeightedCut)


class _Course(NamedTuple):
    """What becomes of a cut after each value of a block."""

    alarms: Mask
    last: npt.NDArray[np.intp]
    bounds: Floats
    means: Floats
    after_n: npt.NDArray[np.intp]
    after_means: Floats
    after_squares: Floats


@attrs.frozen
class HDDM_W(HDDM):  # noqa: N801 - the paper's name
    """Hoeffding's Drift Detection Method, W-test: tells when the recent mean has risen since it was at its best.

    As `HDDM_A`, with exponentially weighted means and McDiarmid's inequality. The mean up to the cut is compared with
    that since, in which recent values count most. Quicker than `HDDM_A` at gradual changes, at the price of more false
    alarms.

    Parameters
    ----------
    drift_confidence : float, default 0.001
        The probability that one comparison raises a false alarm, at most.
    warning_confidence : float, default 0.005
        The same for a warning.
    lambda_val : float, default 0.05
        The weight of the latest value: the larger, the sooner the rest is forgotten.
    two_sided_test : bool, default False
        Whether a falling mean raises an alarm, too.

    References
    ----------
    I. Frías-Blanco, J. del Campo-Ávila, G. Ramos-Jiménez, R. Morales-Bueno, A. Ortiz-Díaz, Y. Caballero-Mota: Online
    and non-parametric drift detection methods based on Hoeffding's bounds. IEEE Transactions on Knowledge and Data
    Engineering 27 (2015), pages 810-823.

    Examples
    --------
    >>> errors = np.random.default_rng(0).random(2000) < np.repeat([0.1, 0.3], 1000)
    >>> HDDM_W().update_many(errors)
    array([1017])
    """

    lambda_val: float = attrs.field(default=0.05, validator=SHARE)
    _state: HDDMWState = attrs.field(init=False, factory=HDDMWState, repr=False)

    def _step(self, x: float) -> None:
        state = self._state
        state.n += 1
        state.overall.take(x, self.lambda_val)
        state.drift = state.warning = False
        for sign, cut in self._directions():
            mean = sign * state.overall.mean
            bound = mean + self._margin(state.overall.squares, self.drift_confidence, math.sqrt)
            if bound < cut.bound:
                cut.bound = bound
                cut.before = WeightedMean(state.n, mean, state.overall.squares)
                cut.after = WeightedMean()
            else:
                cut.after.take(sign * x, self.lambda_val)
            self._judge(cut)

    def _scan(self, block: Floats) -> int:
        state = self._state
        means, squares = state.overall.after_each(block, self.lambda_val)
        courses = [(cut, self._follow(cut, sign * block, sign * means, squares)) for sign, cut in self._directions()]
        taken = until_first(np.logical_or.reduce([course.alarms for _, course in courses]))
        end = taken - 1
        for cut, course in courses:
            cut.bound = float(course.bounds[end])
            if (last := int(course.last[end])) >= 0:
                cut.before = WeightedMean(state.n + last + 1, float(course.means[last]), float(squares[last]))
            after = (int(course.after_n[end]), float(course.after_means[end]), float(course.after_squares[end]))
            cut.after = WeightedMean(*after)
        state.n += taken
        state.overall = WeightedMean(state.n, float(means[end]), float(squares[end]))
        state.drift = state.warning = False
        for cut, _ in courses:
            self._judge(cut)
        return taken

    def _follow(self, cut: WeightedCut, block: Floats, means: Floats, squares: Floats) -> _Course:
        """Compute what becomes of one cut after each value of the block."""
        bounds = means + self._margin(squares, self.drift_confidence, np.sqrt)
        last = last_minima(cut.bound, bounds)
        position = np.arange(len(block))
        after_n = np.where(last < 0, cut.after.n + position + 1, position - last)
        after_means, after_squares = np.zeros(len(block)), np.ones(len(block))
        begin, mean = 0, cut.after
        for end in [*np.flatnonzero(last == position).tolist(), len(block)]:
            if begin < end:
                after_means[begin:end], after_squares[begin:end] = mean.after_each(block[begin:end], self.lambda_val)
            begin, mean = end + 1, WeightedMean()
        before_means = np.where(last < 0, cut.before.mean, means[last])
        before_squares = np.where(last < 0, cut.before.squares, squares[last])
        margin = self._margin(before_squares + after_squares, self.drift_confidence, np.sqrt)
        alarms = (after_n > 0) & (after_means - before_means > margin)
        bounds = np.where(last < 0, cut.bound, bounds[last])
        return _Course(alarms, last, bounds, means, after_n, after_means, after_squares)

    def _directions(self) -> list[tuple[float, WeightedCut]]:
        up, down = (1.0, self._state.up), (-1.0, self._state.down)
        return [up, down] if self.two_sided_test else [up]

    def _judge(self, cut: WeightedCut) -> None:
        if not cut.after.n:
            return
        state = self._state
        gap, squares = cut.after.mean - cut.before.mean, cut.before.squares + cut.after.squares
        state.drift = state.drift or gap > self._margin(squares, self.drift_confidence, math.sqrt)
        close = gap > self._margin(squares, self.warning_confidence, math.sqrt)
        state.warning = not state.drift and (state.warning or close)

    @staticmethod
    def _margin(squares: Any, confidence: float, sqrt: Callable[[Any], Any]) -> Any:
        """Return what McDiarmid's inequality allows for chance, for one mean or many."""
        return sqrt(squares * math.log(1 / confidence) / 2)
