from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import lognorm

from mlopskit.drift.performance.loss_model import LossModel, positive_interval


def losses(number, seed, shift=0.0):
    """Rows whose errors scatter more the larger their second feature is."""
    random = np.random.default_rng(seed)
    features = random.normal(size=(number, 3))
    features[:, 1] += shift
    return features, np.abs(random.normal(size=number) * np.exp(0.5 * features[:, 1]))


def density_ratio(features, shift):
    """How much likelier rows are after a shift of the second feature."""
    return np.exp(shift * features[:, 1] - shift**2 / 2)


EXPECTED = np.sqrt(2 / np.pi) * np.exp(0.125)  # the mean of |e|, times that of exp(x / 2)


@pytest.mark.parametrize("shift", [-0.7, 0.0, 0.7])
def test_where_rows_are_harder_the_loss_is_expected_to_be_larger(shift):
    reference, loss = losses(4000, 0)
    model = LossModel.learn(reference, loss, [])
    current = losses(2000, 1, shift)[0]
    true = EXPECTED * np.exp(shift / 2)
    assert model.mean(current)[0] == pytest.approx(true, rel=0.13)
    assert model.mean(current, density_ratio(reference, shift))[0] == pytest.approx(true, rel=0.06)


def test_weights_are_right_where_the_models_are_wrong():
    reference, loss = losses(4000, 0)
    blind = LossModel.learn(np.zeros((4000, 1)), loss, [])  # models that can not see what losses depend on
    found, _ = blind.mean(np.zeros((500, 1)), density_ratio(reference, 0.7))
    assert blind.mean(np.zeros((500, 1)))[0] == pytest.approx(loss.mean(), rel=0.01)
    assert found == pytest.approx(EXPECTED * np.exp(0.35), rel=0.06)


def test_what_weights_correct_is_doubted_by_a_tenth():
    reference, loss = losses(4000, 0)
    blind, rows = LossModel.learn(np.zeros((4000, 1)), loss, []), np.zeros((1_000_000, 1))
    weights = density_ratio(reference, 0.7)
    correction = blind.mean(rows, weights)[0] - blind.mean(rows)[0]
    least = blind.unit * np.sqrt(weights**2 @ blind.residuals**2) / weights.sum()
    assert blind.mean(rows, weights)[1] == pytest.approx(np.hypot(least, 0.1 * correction), rel=0.01)


def test_on_the_reference_itself_it_gives_the_mean_loss_back():
    features, loss = losses(3000, 0)
    assert LossModel.learn(features, loss, []).mean(features)[0] == pytest.approx(loss.mean(), rel=0.03)


def test_a_constant_loss_is_known_without_doubt():
    features, _ = losses(500, 0)
    assert LossModel.learn(features, np.full(500, 2.0), []).mean(features) == pytest.approx((2.0, 0.0))


def test_intervals_hold_the_mean_losses_that_labels_show_under_covariate_shift():
    held = 0
    for seed in range(6):
        reference, loss = losses(2000, 100 * seed)
        model, weights = LossModel.learn(reference, loss, []), density_ratio(reference, 0.4)
        for part in range(8):
            features, later = losses(300, 100 * seed + part + 1, shift=0.4)
            lower, upper = positive_interval(*model.mean(features, weights), 0.9)
            held += lower <= later.mean() <= upper
    assert held >= 37  # of 48 at 0.9, fewer happen once in 200 times


def test_fewer_rows_and_a_smaller_reference_make_a_larger_error():
    model, small = LossModel.learn(*losses(4000, 0), []), LossModel.learn(*losses(400, 0), [])
    many, few = losses(4000, 1)[0], losses(200, 1)[0]
    assert model.mean(many)[1] < 0.5 * model.mean(few)[1]
    assert model.mean(many)[1] < 0.7 * small.mean(many)[1]


def test_an_interval_of_a_positive_mean_is_that_of_a_lognormal_distribution():
    spread = np.sqrt(np.log(1 + 0.5**2))
    reference = lognorm(spread, scale=3 * np.exp(-(spread**2) / 2))
    assert (reference.mean(), reference.std()) == pytest.approx((3, 1.5))
    assert positive_interval(3.0, 1.5, 0.9) == pytest.approx(reference.interval(0.9))
    assert positive_interval(0.0, 0.0, 0.95) == (0.0, 0.0)
    lower, upper = positive_interval(1.0, 9.0, 0.1)
    assert lower <= 1 <= upper
