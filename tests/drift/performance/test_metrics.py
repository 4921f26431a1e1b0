"""Closed forms, against scikit-learn where labels are known, and against all ways they may fall where they are not."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as peer

from mlopskit.drift.performance.metrics import METRICS
from mlopskit.drift.performance.outcomes import Outcomes, Predicted

NAMES = sorted(METRICS)
OF_TWO = {
    "accuracy": lambda y, label, p: peer.accuracy_score(y, label),
    "average_precision": lambda y, label, p: peer.average_precision_score(y, p),
    "brier": lambda y, label, p: np.mean((p - y) ** 2),
    "f1": lambda y, label, p: peer.f1_score(y, label),
    "false_negatives": lambda y, label, p: peer.confusion_matrix(y, label, normalize="all")[1, 0],
    "false_positives": lambda y, label, p: peer.confusion_matrix(y, label, normalize="all")[0, 1],
    "log_loss": lambda y, label, p: peer.log_loss(y, p),
    "precision": lambda y, label, p: peer.precision_score(y, label),
    "recall": lambda y, label, p: peer.recall_score(y, label),
    "roc_auc": lambda y, label, p: peer.roc_auc_score(y, p),
    "specificity": lambda y, label, p: peer.recall_score(y, label, pos_label=0),
    "true_negatives": lambda y, label, p: peer.confusion_matrix(y, label, normalize="all")[0, 0],
    "true_positives": lambda y, label, p: peer.confusion_matrix(y, label, normalize="all")[1, 1],
}
OF_MORE = {
    "accuracy": lambda y, label, p: peer.accuracy_score(y, label),
    "average_precision": lambda y, label, p: peer.average_precision_score(np.eye(p.shape[1])[y], p),
    "brier": lambda y, label, p: ((p - np.eye(p.shape[1])[y]) ** 2).sum(axis=1).mean(),
    "f1": lambda y, label, p: peer.f1_score(y, label, average="macro"),
    "log_loss": lambda y, label, p: peer.log_loss(y, p),
    "precision": lambda y, label, p: peer.precision_score(y, label, average="macro"),
    "recall": lambda y, label, p: peer.recall_score(y, label, average="macro"),
    "roc_auc": lambda y, label, p: peer.roc_auc_score(y, p, multi_class="ovr"),
    "specificity": lambda y, label, p: np.mean(
        [peer.recall_score(y != one, label != one) for one in range(p.shape[1])]
    ),
}


def two(p, label=None):
    p = np.asarray(p, dtype=float)
    both = np.stack([1 - p, p], axis=1)
    return Predicted(both, both.argmax(axis=1) if label is None else np.asarray(label))


@pytest.mark.parametrize("digits", [1, 8], ids=["ties", "distinct"])
@pytest.mark.parametrize("name", NAMES)
def test_with_known_labels_of_two_classes_it_is_scikit_learns(name, digits):
    random = np.random.default_rng(1)
    p = random.uniform(0.02, 0.98, 300).round(digits)
    y = (random.uniform(size=300) < p).astype(int)
    label = (p > 0.4).astype(int)
    found = METRICS[name](Outcomes.known(two(p, label), y))
    assert float(found) == pytest.approx(OF_TWO[name](y, label, p), abs=1e-12)


@pytest.mark.parametrize("name", sorted(OF_MORE))
def test_with_known_labels_of_more_classes_it_is_scikit_learns_macro_average(name):
    random = np.random.default_rng(2)
    p = random.dirichlet([1, 1, 1, 2], 400)
    y = np.array([random.choice(4, p=row) for row in p])
    label = p.argmax(axis=1)
    found = METRICS[name](Outcomes.known(Predicted(p, label), y))
    assert float(found) == pytest.approx(OF_MORE[name](y, label, p), abs=1e-9)


def test_every_metric_is_tested():
    assert set(OF_TWO) == set(METRICS)
    assert set(OF_MORE) == {name for name, metric in METRICS.items() if not metric.binary_only}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_the_expected_accuracy_of_the_likelier_class_is_the_mean_of_the_larger_probability(q):
    predicted = two(q)
    found = METRICS["accuracy"](Outcomes(predicted, predicted.probability, expected=True))
    assert float(found) == pytest.approx(np.mean(np.maximum(q, 1 - np.array(q))))


def test_expected_true_positives_are_the_sum_of_probabilities_over_predicted_positives():
    q, label = np.array([0.9, 0.6, 0.3, 0.2]), np.array([1, 0, 1, 0])
    predicted = two(q, label)
    found = METRICS["true_positives"](Outcomes(predicted, predicted.probability, expected=True))
    assert float(found) == pytest.approx((0.9 + 0.3) / 4)


def parts(name, y, label, p):
    """Numerator and denominator of a ratio metric, from labels, by definition and pair by pair."""
    hits, wrong = ((y == 1) & (label == 1)).sum(), (y != label).sum()
    if name == "roc_auc":
        pairs = [(i, j) for i in np.flatnonzero(y == 1) for j in np.flatnonzero(y == 0)]
        return sum((p[i] > p[j]) + (p[i] == p[j]) / 2 for i, j in pairs), len(pairs)
    if name == "average_precision":
        return sum(y[p >= p[i]].mean() for i in np.flatnonzero(y == 1)), y.sum()
    return {
        "f1": (2 * hits, 2 * hits + wrong),
        "precision": (hits, (label == 1).sum()),
        "recall": (hits, y.sum()),
        "specificity": (((y == 0) & (label == 0)).sum(), (y == 0).sum()),
    }[name]


@pytest.mark.parametrize("name", ["roc_auc", "average_precision", "f1", "precision", "recall", "specificity"])
@given(
    q=st.lists(st.floats(0.05, 0.95), min_size=7, max_size=7),
    p=st.lists(st.sampled_from([0.1, 0.2, 0.4, 0.5, 0.7, 0.9]), min_size=7, max_size=7),
)
@settings(max_examples=15, deadline=None)
def test_expected_ratios_are_ratios_of_expectations_over_all_ways_labels_may_fall(name, q, p):
    q, p = np.array(q), np.array(p)
    label = (p > 0.3).astype(int)
    if not label.any():
        label[0] = 1
    above = below = 0.0
    for y in map(np.array, product([0, 1], repeat=len(q))):
        chance = np.prod(np.where(y == 1, q, 1 - q))
        numerator, denominator = parts(name, y, label, p)
        above, below = above + chance * numerator, below + chance * denominator
    found = METRICS[name](Outcomes(two(p, label), np.stack([1 - q, q], axis=1), expected=True))
    assert float(found) == pytest.approx(above / below, rel=1e-9)


@pytest.mark.parametrize("name", ["accuracy", "log_loss", "brier"])
def test_expected_means_are_their_expectation_over_labels(name):
    random = np.random.default_rng(0)
    p, q = random.dirichlet([1, 1, 1], 3), random.dirichlet([1, 1, 1], 3)
    predicted = Predicted(p, p.argmax(axis=1))
    expectation = 0.0
    for y in map(np.array, product(range(3), repeat=3)):
        expectation += q[np.arange(3), y].prod() * float(METRICS[name](Outcomes.known(predicted, y)))
    assert float(METRICS[name](Outcomes(predicted, q, expected=True))) == pytest.approx(expectation)


@pytest.mark.parametrize("name", NAMES)
def test_rows_that_stand_for_several_count_as_several(name):
    random = np.random.default_rng(3)
    p, times = random.uniform(size=20).round(1), random.integers(1, 5, 20)
    positives = np.array([random.integers(0, size + 1) for size in times])
    y = np.concatenate([np.repeat([1, 0], [some, size - some]) for some, size in zip(positives, times, strict=True)])
    grouped = Outcomes(two(p), np.stack([times - positives, positives], axis=1).astype(float), times.astype(float))
    alone = Outcomes.known(two(np.repeat(p, times)), y)
    assert float(METRICS[name](grouped)) == pytest.approx(float(METRICS[name](alone)))


@pytest.mark.parametrize("name", NAMES)
def test_draws_are_computed_side_by_side(name):
    random = np.random.default_rng(4)
    predicted = two(random.uniform(size=50))
    y = random.integers(0, 2, (6, 50))
    together = METRICS[name](Outcomes(predicted, np.stack([1 - y, y], axis=-1).astype(float)))
    assert together == pytest.approx([float(METRICS[name](Outcomes.known(predicted, each))) for each in y])


def test_what_has_no_value_is_nan_without_a_warning():
    one_class = Outcomes.known(two([0.2, 0.7]), np.array([1, 1]))
    assert np.isnan(METRICS["roc_auc"](one_class))
    assert np.isnan(METRICS["specificity"](one_class))
    assert np.isnan(METRICS["precision"](Outcomes.known(two([0.2, 0.3]), np.array([1, 0]))))
