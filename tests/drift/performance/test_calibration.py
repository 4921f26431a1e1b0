from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from mlopskit.drift.performance.calibration import Place, ScoreCells, fit_curve, log_odds


def reference(rows=20_000, seed=0, slope=1.0, shift=0.0):
    """Log-odds that a model claims, and labels whose true ones are the linear function of them."""
    random = np.random.default_rng(seed)
    claimed = random.normal(0, 1.5, rows)
    return claimed, (random.uniform(size=rows) < expit(shift + slope * claimed)).astype(float)


def calibrated(claimed, positive):
    return fit_curve(ScoreCells.of(claimed, positive))


@given(
    knots=st.lists(st.floats(-5, 5), min_size=2, max_size=6, unique_by=lambda knot: round(knot, 3)).map(sorted),
    odds=st.lists(st.floats(-5, 5), min_size=1, max_size=10),
)
def test_between_knots_it_interpolates(knots, odds):
    knots, odds = np.array(knots), np.array(odds)
    values, within = np.cos(knots), np.clip(odds, knots[0], knots[-1])
    place = Place.among(knots, odds)
    assert place.blend(values) - place.beyond == pytest.approx(np.interp(within, knots, values))
    assert place.weights(len(knots)) @ values + place.beyond == pytest.approx(place.blend(values))


def test_beyond_the_last_knot_it_keeps_the_models_own_slope():
    place = Place.among(np.array([-1.0, 1.0]), np.array([3.0, -4.0]))
    assert place.blend(np.array([-0.5, 0.5])) == pytest.approx([0.5 + 2, -0.5 - 3])


def test_values_are_those_of_the_largest_likelihood():
    claimed, positive = reference(3000, slope=0.5, shift=1)
    cells = ScoreCells.of(claimed, positive)
    curve = fit_curve(cells)
    place, prior = Place.among(curve.knots, cells.odds), expit(curve.knots)

    def loss(values):
        odds = place.blend(values)
        likely = cells.positives @ log_expit(odds) + (cells.rows - cells.positives) @ log_expit(-odds)
        return -likely - prior @ log_expit(values) - (1 - prior) @ log_expit(-values)

    best = minimize(loss, curve.knots, method="BFGS")
    assert loss(curve.values) <= best.fun + 1e-6
    assert curve.values == pytest.approx(best.x, abs=1e-3)


@pytest.mark.parametrize(("slope", "shift"), [(0.5, 0.0), (1.8, 0.5), (1.0, -1.0), (-0.7, 0.0)])
def test_a_model_that_is_off_is_corrected(slope, shift):
    curve = calibrated(*reference(slope=slope, shift=shift))
    some = np.linspace(-2, 2, 9)
    assert curve.probability(some) == pytest.approx(expit(shift + slope * some), abs=0.04)


def test_a_model_that_is_right_stays_so():
    some = np.array([-3.0, 0.5, 2.0])
    assert calibrated(*reference()).probability(some) == pytest.approx(expit(some), abs=0.05)


def test_no_run_of_equal_labels_gives_infinite_odds():
    claimed = np.linspace(-3, 3, 400)
    curve = fit_curve(ScoreCells.of(claimed, (claimed > 0).astype(float)))
    assert np.isfinite(curve.values).all()


@pytest.mark.parametrize(
    "claimed", [np.full(200, 0.3), np.repeat([-1.0, 2.0], 100), log_odds(np.repeat([0.0, 1.0], 100))]
)
def test_few_distinct_scores_are_calibrated_to_their_shares(claimed):
    random = np.random.default_rng(0)
    positive = (random.uniform(size=200) < 0.4).astype(float)
    curve = fit_curve(ScoreCells.of(claimed, positive))
    for score in np.unique(claimed):
        found = curve.probability(np.array([score]))[0]
        assert found == pytest.approx(positive[claimed == score].mean(), abs=0.02)


def test_weights_count_as_repeated_rows():
    claimed, positive = reference(400, slope=0.6)
    times = np.random.default_rng(1).integers(1, 4, 400)
    weighted = fit_curve(ScoreCells.of(claimed, positive, times.astype(float)))
    repeated = fit_curve(ScoreCells.of(np.repeat(claimed, times), np.repeat(positive, times)))
    assert weighted.knots == pytest.approx(repeated.knots)
    assert weighted.values == pytest.approx(repeated.values)


@given(st.permutations(range(60)))
@settings(max_examples=10, deadline=None)
def test_the_order_of_rows_does_not_matter(order):
    claimed, positive = reference(60, slope=0.5)
    plain, shuffled = calibrated(claimed, positive), calibrated(claimed[order], positive[order])
    assert shuffled.values == pytest.approx(plain.values)


def test_more_of_the_rarer_outcome_allow_more_knots():
    numbers = [len(fit_curve(ScoreCells.of(*reference(rows))).knots) for rows in (100, 400, 4000)]
    assert numbers == sorted(numbers)
    assert numbers[0] == 2
    assert numbers[-1] == 16
