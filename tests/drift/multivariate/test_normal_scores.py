import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, rankdata

from mlopskit.drift.multivariate.column_encoding import FEWEST_ROWS, STEP
from mlopskit.drift.multivariate.normal_scores import NormalScores

columns = st.lists(st.one_of(st.integers(-3, 3).map(float), st.floats(allow_nan=False)), min_size=0, max_size=200).map(
    lambda values: np.array(values, dtype=float)
)


def scores_of(encoding, values):
    return encoding.encode(pd.Series(values, dtype=float))[0].ravel()


@pytest.mark.parametrize(
    "values", [np.random.default_rng(0).normal(size=20_000), np.random.default_rng(0).lognormal(size=20_000)]
)
def test_scores_are_the_normal_quantiles_of_ranks(values):
    expected = norm.ppf((rankdata(values) - 0.5) / len(values))
    found = scores_of(NormalScores.of(values), values)
    middle = np.abs(expected) < 2.9
    assert np.abs(found - expected)[middle].max() < 0.1
    assert found.std() == pytest.approx(1, abs=0.01)


@given(reference=columns, values=columns)
def test_scores_rise_with_values_and_lie_on_the_lattice(reference, values):
    encoding = NormalScores.of(reference)
    found = scores_of(encoding, np.sort(values))
    assert (np.diff(found) >= 0).all()
    assert np.array_equal(found, np.round(found / STEP) * STEP)
    assert not len(found) or (np.abs(found) <= 3).all()


@given(reference=columns)
def test_every_cell_that_has_values_has_at_least_ten(reference):
    encoding = NormalScores.of(reference)
    counts = np.bincount(np.searchsorted(encoding.knots, reference), minlength=len(encoding.scores))
    assert len(encoding.knots) == 0 or all(count == 0 or count >= FEWEST_ROWS for count in counts)
    assert np.isfinite(encoding.centres).all()


def test_one_huge_value_and_infinities_change_nothing_for_the_others():
    values = np.random.default_rng(0).normal(size=5000)
    damaged = np.r_[values[3:], 1e12, np.inf, -np.inf]
    clean, robust = NormalScores.of(values), NormalScores.of(damaged)
    middle = values[np.abs(values) < 2]
    assert np.abs(scores_of(clean, middle) - scores_of(robust, middle)).max() <= 2 * STEP
    assert scores_of(clean, [1e12, np.inf, -np.inf]).tolist() == [clean.scores[-1], clean.scores[-1], clean.scores[0]]


def test_ties_share_a_score_and_their_neighbours_have_others():
    counts = NormalScores.of(np.random.default_rng(0).poisson(2, 5000).astype(float))
    assert len(set(scores_of(counts, range(6)))) == 6
    zeros = NormalScores.of(np.zeros(100))
    assert scores_of(zeros, [-1, 0, 1]).tolist() == [-3, 0, 3]


def test_a_new_row_lies_below_a_knot_as_often_as_one_of_the_reference():
    """Of a uniform variable the knot itself is the probability to lie below it."""
    random = np.random.default_rng(0)
    knots = np.array([NormalScores.of(random.random(40)).knots for _ in range(4000)])
    assert knots.mean(axis=0) == pytest.approx([10 / 40, 20 / 40, 30 / 40], abs=0.004)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0] * 4])
def test_few_values_have_no_knots(values):
    encoding = NormalScores.of(np.array(values))
    assert scores_of(encoding, [0.0, 1.5, np.inf]).tolist() == [0, 0, 0]
    assert encoding.value_of(0.0) == 0.0


def test_a_score_gives_back_the_value():
    values = np.random.default_rng(0).normal(100, 15, size=20_000)
    encoding = NormalScores.of(values)
    for score in (-1.5, 0.0, 1.0):
        assert encoding.value_of(score) == pytest.approx(100 + 15 * score, abs=0.7)


@pytest.mark.parametrize("rows", [21, 200, 5000])
def test_no_value_of_the_reference_is_kept(rows):
    values = np.random.default_rng(rows).lognormal(sigma=2, size=rows)
    kept = {float(number) for numbers in NormalScores.of(values).to_json().values() for number in numbers}
    assert not kept & set(values.tolist())


def test_it_comes_back_from_json():
    encoding = NormalScores.of(np.r_[np.random.default_rng(0).normal(size=500), np.inf])
    again = NormalScores.from_json(json.loads(json.dumps(encoding.to_json(), allow_nan=False)))
    values = np.linspace(-4, 4, 1000)
    assert np.array_equal(scores_of(encoding, values), scores_of(again, values))
