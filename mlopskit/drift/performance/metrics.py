"""Metrics of classifiers, in one closed form for labels that are known, expected or drawn.

Where labels are expected, q is a row's calibrated probability, and a sum over labels becomes the sum of the q. Labels
of different rows are independent given their probabilities, so that their product is expected to be that of both q.
Ratios are ratios of expectations, which differ from the expectation of the ratio by a term of order 1 / rows.

References
----------
The expected confusion matrix: J. Bialek et al., Estimating model performance under covariate shift without labels, 2024
(arXiv 2401.08348), section 3. AUC: J. A. Hanley and B. J. McNeil, The meaning and use of the area under a ROC curve,
Radiology 143, 1982, of which both sums are expected. Average precision: the mean, over positive rows, of the precision
at their rank, as in scikit-learn.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
import numpy as np

from mlopskit.drift.performance.outcomes import Array, OneClass, Outcomes

_LEAST = np.finfo(float).eps  # a probability of zero would make the loss infinite; scikit-learn clips there too


@attrs.frozen
class Metric:
    """A metric of classifiers.

    Attributes
    ----------
    name : str
    higher_is_better : bool
    compute : callable
        From outcomes to the metric, with one value per draw; NaN where it is undefined, as AUC is of one class.
    binary_only : bool
        Whether it needs two classes.
    bounded : bool
        Whether it lies between 0 and 1.
    """

    name: str
    higher_is_better: bool
    compute: Callable[[Outcomes], Array]
    binary_only: bool = False
    bounded: bool = True

    def __call__(self, outcomes: Outcomes) -> Array:
        """Compute it."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.compute(outcomes)


def accuracy(outcomes: Outcomes) -> Array:
    """Give the share of rows that are of the predicted class; expected: the mean of their q of that class.

    Examples
    --------
    >>> from mlopskit.drift.performance.outcomes import Predicted
    >>> q = np.array([[0.9, 0.1], [0.3, 0.7]])
    >>> float(accuracy(Outcomes(Predicted(q, q.argmax(axis=1)), q, expected=True)))
    0.8
    """
    hits = outcomes.counts[..., np.arange(len(outcomes.predicted)), outcomes.predicted.label]
    return np.asarray(hits.sum(axis=-1) / outcomes.rows)


def log_loss(outcomes: Outcomes) -> Array:
    """Give the mean of -log of the probability given to the true class; expected: weighted by q over classes."""
    surprise = -np.log(np.clip(outcomes.predicted.probability, _LEAST, 1.0))
    return np.asarray(np.einsum("...nk,nk->...", outcomes.counts, surprise) / outcomes.rows)


def brier(outcomes: Outcomes) -> Array:
    """Give the mean squared distance of probabilities and labels; of two classes half of that, as usual."""
    p = outcomes.predicted.probability
    distance = (p**2).sum(axis=1, keepdims=True) - 2 * p + 1  # to each class's corner
    total = np.einsum("...nk,nk->...", outcomes.counts, distance) / outcomes.rows
    return np.asarray(total / 2 if outcomes.predicted.classes == 2 else total)


def _roc_auc(one: OneClass) -> Array:
    """Share of pairs of a positive and a negative row that are ranked rightly, ties as half."""
    hits, misses = one.ranked_positives, one.ranked_rows - one.ranked_positives
    before = np.concatenate([np.zeros_like(hits[..., :1]), hits[..., :-1]], axis=-1)
    fresh = np.diff(misses, axis=-1, prepend=0.0)
    itself = one.ranked_variance[-1]
    right = (fresh * (hits + before)).sum(axis=-1) / 2 - itself / 2
    return np.asarray(right / (hits[..., -1] * misses[..., -1] - itself))


def _average_precision(one: OneClass) -> Array:
    """Mean precision at the ranks of the positive rows; a row counts itself in full there."""
    fresh = np.diff(one.ranked_positives, axis=-1, prepend=0.0)
    itself = np.diff(one.ranked_variance, prepend=0.0)
    return np.asarray(((fresh * one.ranked_positives + itself) / one.ranked_rows).sum(axis=-1) / one.positives)


def _f1(one: OneClass) -> Array:
    hits = 2 * one.true_positives
    return np.asarray(hits / (hits + one.false_positives + one.false_negatives))


def _precision(one: OneClass) -> Array:
    return np.asarray(one.true_positives / (one.true_positives + one.false_positives))


def _recall(one: OneClass) -> Array:
    return np.asarray(one.true_positives / one.positives)


def _specificity(one: OneClass) -> Array:
    return np.asarray(one.true_negatives / (one.rows - one.positives))


def _macro(of_class: Callable[[OneClass], Array]) -> Callable[[Outcomes], Array]:
    """Take the last of two classes as positive, or else the mean over each class against all others."""

    def compute(outcomes: Outcomes) -> Array:
        if outcomes.predicted.classes == 2:
            return of_class(outcomes.of(1))
        return np.asarray(np.mean([of_class(outcomes.of(one)) for one in range(outcomes.predicted.classes)], axis=0))

    return compute


METRICS = {
    metric.name: metric
    for metric in (
        Metric("accuracy", True, accuracy),
        Metric("average_precision", True, _macro(_average_precision)),
        Metric("brier", False, brier, bounded=False),  # of more than two classes it reaches 2
        Metric("f1", True, _macro(_f1)),
        Metric("false_negatives", False, _macro(lambda one: one.false_negatives / one.rows), binary_only=True),
        Metric("false_positives", False, _macro(lambda one: one.false_positives / one.rows), binary_only=True),
        Metric("log_loss", False, log_loss, bounded=False),
        Metric("precision", True, _macro(_precision)),
        Metric("recall", True, _macro(_recall)),
        Metric("roc_auc", True, _macro(_roc_auc)),
        Metric("specificity", True, _macro(_specificity)),
        Metric("true_negatives", True, _macro(lambda one: one.true_negatives / one.rows), binary_only=True),
        Metric("true_positives", True, _macro(lambda one: one.true_positives / one.rows), binary_only=True),
    )
}
