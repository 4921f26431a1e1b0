from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from mlopskit.drift.performance.probabilities import Calibration


def of_two(rows, seed=0, slope=1.6):
    random = np.random.default_rng(seed)
    odds = random.normal(size=rows)
    p = expit(slope * odds)
    return np.stack([1 - p, p], axis=1), (random.uniform(size=rows) < expit(odds)).astype(int)


def of_three(rows, seed=0, power=2.0):
    """Probabilities that a model exaggerates, and labels by the true ones."""
    random = np.random.default_rng(seed)
    true = random.dirichlet([2, 1, 1], rows)
    codes = (true.cumsum(axis=1) < random.uniform(size=(rows, 1))).sum(axis=1).clip(0, 2)
    claimed = true**power
    return claimed / claimed.sum(axis=1, keepdims=True), codes, true


def test_probabilities_of_two_classes_come_from_one_curve():
    probability, codes = of_two(4000)
    calibration = Calibration.learn(probability, codes)
    assert len(calibration.curves) == 1
    found = calibration.probabilities(probability)
    assert found.sum(axis=1) == pytest.approx(1)
    true = expit(np.log(probability[:, 1] / probability[:, 0]) / 1.6)
    assert np.abs(found[:, 1] - true).mean() < 0.5 * np.abs(probability[:, 1] - true).mean()


def test_probabilities_of_more_classes_come_nearer_to_the_true_ones():
    probability, codes, true = of_three(20_000)
    calibration = Calibration.learn(probability, codes)
    assert len(calibration.curves) == 3
    found = calibration.probabilities(probability)
    assert found.sum(axis=1) == pytest.approx(1)
    assert np.abs(found - true).mean() < 0.4 * np.abs(probability - true).mean()


@pytest.mark.parametrize("make", [of_two, of_three])
def test_draws_scatter_as_calibrations_of_resampled_references_do(make):
    probability, codes = make(3000)[:2]
    calibration = Calibration.learn(probability, codes)
    some = probability[:40]
    drawn = calibration.draw(some, np.random.default_rng(0), 2000)
    assert drawn.shape == (2000, 40, probability.shape[1])
    assert drawn.sum(axis=-1) == pytest.approx(1)
    random, found = np.random.default_rng(1), []
    for _ in range(50):
        rows = random.integers(0, 3000, 3000)
        found.append(Calibration.learn(probability[rows], codes[rows]).probabilities(some).mean(axis=0))
    resampled, simulated = np.std(found, axis=0), drawn.mean(axis=1).std(axis=0)
    assert simulated == pytest.approx(resampled, rel=0.35)


def test_weighted_rows_scatter_more_than_as_many_equal_ones():
    probability, codes = of_two(4000)
    weights = np.random.default_rng(0).exponential(size=4000) ** 2
    equal, weighted = (Calibration.learn(probability, codes, each / each.mean()) for each in (np.ones(4000), weights))
    spreads = [each.draw(probability[:1], np.random.default_rng(0), 500)[:, 0, 1].std() for each in (equal, weighted)]
    assert spreads[1] > 1.5 * spreads[0]


def test_labels_of_one_kind_among_certain_scores_leave_finite_errors():
    probability = np.repeat([[1.0, 0.0], [0.0, 1.0]], 100, axis=0)
    calibration = Calibration.learn(probability, np.repeat([0, 1], 100))
    assert np.isfinite(calibration.draw(probability, np.random.default_rng(0), 10)).all()
