"""Intervals: what may come true on these rows, given what the reference tells about the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs
import numpy as np

from mlopskit.drift.performance.groups import Groups
from mlopskit.drift.performance.metrics import Metric
from mlopskit.drift.performance.outcomes import Array, Outcomes, Places, Predicted
from mlopskit.drift.performance.probabilities import Calibration
from mlopskit.drift.performance.weighting import DOUBT

_DRAWS = 2000
_CELLS = 300  # ends of intervals differ from those of all rows by less than chance moves them
_MOST_LABELS = 2_000_000  # to hold at once
_SLACK = 1e-6  # of the ends, outward: where nearly all draws are equal, rounding alone must not tell them from labels


@attrs.frozen
class Interval:
    """A metric with where it may come to lie.

    Attributes
    ----------
    value, lower, upper : float
    undefined : float
        In which share of the draws the metric has no value, as AUC has none of one class.
    """

    value: float
    lower: float
    upper: float
    undefined: float


def intervals(
    metrics: Mapping[str, Metric],
    predicted: Predicted,
    calibration: Calibration,
    confidence: float,
    *,
    unweighted: Calibration | None = None,
    groups: Groups | None = None,
) -> dict[str, Interval]:
    """Estimate metrics, and draw what may come true.

    A draw takes curves as the reference leaves them open, and labels as those curves make them likely: a parametric
    bootstrap of what the metric will be once labels come. The estimate itself is exact. Of more than 300 rows, draws
    are made for 300 that stand for all, chosen evenly by rank and by how open their labels are.

    Parameters
    ----------
    metrics : mapping of str to Metric
    predicted : Predicted
    calibration : Calibration
    confidence : float
        How much of the draws lie within.
    unweighted : Calibration, optional
        What it was before rows of the reference were weighted. Weights are estimates themselves: a tenth of what they
        change is added as a standard error.
    groups : Groups, optional
        Rows whose labels have something in common.

    References
    ----------
    B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap, Chapman & Hall, 1993, section 6.5.
    """
    q = calibration.probabilities(predicted.probability)
    exact = Outcomes(predicted, q, expected=True)
    before = None if unweighted is None else unweighted.probabilities(predicted.probability)
    noise = np.random.default_rng(1).standard_normal(_DRAWS)
    rows, sizes, cells = _representatives(predicted, q)
    common = None if groups is None else groups.factor(cells, len(rows))
    some = predicted.take(rows)
    centre = Outcomes(some, q[rows] * sizes[:, np.newaxis], sizes)
    draws: dict[str, list[Array]] = {name: [] for name in metrics}
    for drawn in _draws(some, sizes, calibration, common):
        for name, metric in metrics.items():
            draws[name].append(np.atleast_1d(metric(drawn)))
    found = {}
    for name, metric in metrics.items():
        value, of_all = float(metric(exact)), np.concatenate(draws[name])
        if len(rows) < len(predicted):
            of_all = _moved(of_all, float(metric(centre)), value, metric.bounded)
        doubt = 0.0 if before is None else DOUBT * (float(metric(Outcomes(predicted, before, expected=True))) - value)
        found[name] = _interval(value, of_all + doubt * noise, confidence, metric.bounded)
    return found


def _moved(draws: Array, centre: float, value: float, bounded: bool) -> Array:
    """Take draws around a centre to those around a value, by lines that leave the ends of the range where they are.

    A model that is always right is so in every draw; no sum over some rows may make it less.
    """
    if bounded:
        return np.interp(draws, [0.0, centre, 1.0], [0.0, value, 1.0])
    return np.asarray(draws * (value / centre) if centre > 0 else draws)


def _interval(value: float, draws: Array, confidence: float, bounded: bool) -> Interval:
    known = draws[~np.isnan(draws)]
    undefined = 1 - len(known) / len(draws)
    if not len(known):
        return Interval(value, np.nan, np.nan, undefined)
    tail = (1 - confidence) / 2
    lower, upper = np.quantile(known, [tail, 1 - tail]) * [1 - _SLACK, 1 + _SLACK]
    lower, upper = max(float(lower), 0.0), min(float(upper), 1.0 if bounded else np.inf)
    return Interval(value, min(lower, value), max(upper, value), undefined)


def _representatives(predicted: Predicted, q: Array) -> tuple[Places, Array, Places]:
    """Choose rows that stand for all, and tell for how many each, and which one stands for each row."""
    order = predicted.ranking(1)[0] if q.shape[1] == 2 else np.argsort(predicted.probability.max(axis=1))
    stands = np.empty(len(order), dtype=np.intp)
    if len(order) <= _CELLS:
        stands[order] = np.arange(len(order))
        return order, np.ones(len(order)), stands
    open_ = (1 - (q**2).sum(axis=1))[order]
    share = np.cumsum(1 / len(order) + open_ / max(open_.sum(), np.finfo(float).tiny))
    cell = np.minimum((share * (_CELLS / share[-1])).astype(np.intp), _CELLS - 1)
    starts = np.flatnonzero(np.diff(cell, prepend=-1))
    sizes = np.diff(np.append(starts, len(order)))
    stands[order] = np.repeat(np.arange(len(starts)), sizes)
    return order[starts + sizes // 2], sizes.astype(float), stands


def _draws(some: Predicted, sizes: Array, calibration: Calibration, common: Array | None) -> Iterator[Outcomes]:
    random = np.random.default_rng(0)
    at_once = max(1, min(_DRAWS, _MOST_LABELS // (len(some) * some.classes)))
    for start in range(0, _DRAWS, at_once):
        q = calibration.draw(some.probability, random, min(at_once, _DRAWS - start), common)
        whole = sizes.astype(np.int64)
        if some.classes == 2:
            positives = random.binomial(whole, q[..., 1]).astype(float)
            counts = np.stack([sizes - positives, positives], axis=-1)
        else:
            counts = random.multinomial(whole, q).astype(float)
        yield Outcomes(some, counts, sizes)
