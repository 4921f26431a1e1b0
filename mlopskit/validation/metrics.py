"""Scores by name, each in a form that can be computed again quickly for other weights of groups of rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import attrs
import numpy as np
from numpy.typing import NDArray

from mlopskit.validation.bootstrap import Array, Score
from mlopskit.validation.predictions import Predictions

Pair: TypeAlias = tuple[Array, Array]
Scorer: TypeAlias = Callable[[Array, Array, NDArray[np.intp], int], Score]
"""From truth, prediction and group of each row, and the number of groups, to a score of group weights."""


_ROUNDING = 1e-12
"""What of a variation may be rounding, relative to the sum of squares it is taken from."""


@attrs.frozen
class Metric:
    """A score.

    Attributes
    ----------
    name : str
        What it is called.
    higher_is_better : bool
        Its direction.
    pair : callable
        Which truth is compared with which prediction: labels, probabilities or values.
    scorer : callable
        Precomputes what does not depend on the weights of the groups. Of several outputs it gives the mean of their
        scores, as scikit-learn's ``multioutput="uniform_average"``.
    row_loss : callable or None
        From truth and prediction to how wrong each row is, higher being worse; None if the score is no mean over rows.
    """

    name: str
    higher_is_better: bool
    pair: Callable[[Predictions], Pair]
    scorer: Scorer
    row_loss: Callable[[Array, Array], Array] | None = None

    @property
    def direction(self) -> str:
        """What is better, "higher" or "lower"."""
        return "higher" if self.higher_is_better else "lower"

    def counted_groups(self, truth: Array, groups: NDArray[np.intp]) -> int:
        """Count the groups of rows that the score hangs on: for roc_auc those of the rarer class, for f1 of its own."""
        classes = {"roc_auc": [truth, ~truth], "f1": [truth]} if truth.dtype == bool else {}
        return min(len(np.unique(groups[rows])) for rows in classes.get(self.name, [slice(None)]))

    @property
    def limits(self) -> tuple[float, float]:
        """The least and the most that it can be."""
        return -math.inf if self.name == "r2" else 0.0, 1.0 if self.name in _AT_MOST_ONE else math.inf

    def score(self, truth: Array, predicted: Array) -> float:
        """Return the score of some rows; NaN where it is undefined, as AUC is for a single class."""
        return self.scorer(truth, predicted, np.zeros(len(truth), dtype=np.intp), 1)(np.ones(1))

    def gain(self, score: float, other: float) -> float:
        """Return by how much a score is better than another, whatever the direction."""
        return score - other if self.higher_is_better else other - score


def metric_named(name: str) -> Metric:
    """Return a metric.

    Raises
    ------
    ValueError
        If there is none of this name.

    Examples
    --------
    >>> metric_named("log_loss").direction
    'lower'
    """
    if name not in _METRICS:
        raise ValueError(f"there is no metric {name!r}; choose from {', '.join(sorted(_METRICS))}")
    return _METRICS[name]


def _area_under_curve(truth: Array, predicted: Array, groups: NDArray[np.intp], _count: int) -> Score:
    """Sort once; then each set of weights takes a cumulative sum along the ROC curve, ties as one slanted piece."""
    order = np.argsort(predicted)[::-1]
    positive, group_of, ranked = truth[order].astype(float), groups[order], predicted[order]
    ends = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)

    def score(weights: Array) -> float:
        weight = weights[group_of]
        hits = np.cumsum(weight * positive)[ends]
        misses = np.cumsum(weight)[ends] - hits
        whole = hits[-1] * misses[-1]
        before = np.concatenate([[0.0], hits[:-1]])
        area = (np.diff(misses, prepend=0.0) * (hits + before)).sum() / 2  # of @ BLAS makes threads, which wait
        return float(area / whole) if whole else np.nan

    return score


def _of_sums(terms: Callable[[Array, Array], list[Any]], combine: Callable[..., float]) -> Scorer:
    """Make a score that is a function of sums over rows; those are summed within groups beforehand."""

    def scorer(truth: Array, predicted: Array, groups: NDArray[np.intp], count: int) -> Score:
        sums = np.stack([np.bincount(groups, weights=term, minlength=count) for term in terms(truth, predicted)])

        def score(weights: Array) -> float:
            with np.errstate(invalid="ignore", divide="ignore"):
                return float(combine(*(sums @ weights)))

        return score

    return scorer


def _of_outputs(scorer: Scorer) -> Scorer:
    """Make a score of several outputs, one column each, from that of one: their mean."""

    def of_all(truth: Array, predicted: Array, groups: NDArray[np.intp], count: int) -> Score:
        if truth.ndim == 1:
            return scorer(truth, predicted, groups, count)
        scores = [scorer(true, said, groups, count) for true, said in zip(truth.T, predicted.T, strict=True)]
        return lambda weights: float(np.mean([score(weights) for score in scores]))

    return of_all


def _mean(loss: Callable[[Array, Array], Any], after: Callable[[Any], Any] = lambda mean: mean) -> Scorer:
    return _of_sums(lambda y, p: [loss(y, p), np.ones(len(y))], lambda total, rows: after(total / rows))


def _f1_terms(truth: Array, predicted: Array) -> list[Any]:
    return [truth & predicted, truth ^ predicted]


def _f1(hits: Any, wrong: Any) -> Any:
    return 2 * hits / (2 * hits + wrong)


def _r2_terms(truth: Array, predicted: Array) -> list[Any]:
    centred = (
        truth - truth[0] if np.ptp(truth) == 0 else truth - truth.mean()
    )  # without it, the sums below would cancel to nothing for values far from zero
    return [np.ones(len(truth)), centred, centred**2, (truth - predicted) ** 2]


def _r2(rows: Any, total: Any, squares: Any, residual: Any) -> Any:
    variation = squares - total**2 / rows
    return 1 - residual / variation if variation > _ROUNDING * squares else np.nan  # of equal values it is undefined


def _squared(truth: Array, predicted: Array) -> Array:
    difference: Array = np.subtract(truth, predicted, dtype=float)
    return difference**2


def _absolute(truth: Array, predicted: Array) -> Array:
    return np.asarray(np.abs(truth - predicted))


def _wrong(truth: Array, predicted: Array) -> Array:
    return np.asarray(truth != predicted, dtype=float)


def _surprise(_truth: Array, predicted: Array) -> Array:
    return -np.log(predicted)


def _over_outputs(loss: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    """Make one loss per row from one per row and output."""

    def of_rows(truth: Array, predicted: Array) -> Array:
        losses = loss(truth, predicted)
        return losses if losses.ndim == 1 else losses.mean(axis=1)

    return of_rows


_AT_MOST_ONE = frozenset(["accuracy", "brier", "f1", "r2", "roc_auc"])
_WRONG, _ABSOLUTE, _SQUARED = _over_outputs(_wrong), _over_outputs(_absolute), _over_outputs(_squared)
_METRICS = {
    metric.name: metric
    for metric in (
        Metric("accuracy", True, Predictions.labels, _of_outputs(_mean(lambda y, p: y == p)), _WRONG),
        Metric("brier", False, Predictions.positive_probability, _mean(_squared), _SQUARED),
        Metric("f1", True, Predictions.positive_label, _of_sums(_f1_terms, _f1)),
        Metric("log_loss", False, Predictions.true_class_probability, _mean(_surprise), _surprise),
        Metric("mean_absolute_error", False, Predictions.values, _of_outputs(_mean(_absolute)), _ABSOLUTE),
        Metric("mean_squared_error", False, Predictions.values, _of_outputs(_mean(_squared)), _SQUARED),
        Metric("r2", True, Predictions.values, _of_outputs(_of_sums(_r2_terms, _r2))),
        Metric("rmse", False, Predictions.values, _of_outputs(_mean(_squared, np.sqrt))),
        Metric("roc_auc", True, Predictions.positive_rank, _area_under_curve),
    )
}  # fmt: skip
