"""What holds for every statistic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mlopskit.drift import statistics
from mlopskit.drift.counting import number_cells
from mlopskit.drift.signals import samples
from mlopskit.drift.statistics import Sample, Statistic

ALL = [
    getattr(statistics, name)()
    for name in statistics.__all__
    if isinstance(getattr(statistics, name), type)
    and issubclass(getattr(statistics, name), Statistic)
    and name != "Statistic"
]
OF_LABELS = [each for each in ALL if each.name not in ("anderson-darling", "cramer-von-mises", "energy",
                                                       "kolmogorov-smirnov", "wasserstein")]  # fmt: skip
WITH_OWN_P_VALUES = [each for each in ALL if each not in OF_LABELS or each.name in ("chi-square", "g-test")]
COUNTS = st.lists(st.integers(0, 60), min_size=4, max_size=4).filter(any)
NUMBERS = arrays.arrays(np.float64, st.integers(1, 40), elements=st.integers(-3, 3) | st.floats(allow_nan=False))


def compare(statistic, reference, current):
    return statistic.compare(*samples(number_cells(reference), number_cells(current), ordered=True))


def every(statistic_list):
    return pytest.mark.parametrize("statistic", statistic_list, ids=lambda each: each.name)


@every(ALL)
@settings(max_examples=40, deadline=None)
@given(reference=NUMBERS, current=NUMBERS)
def test_it_is_a_probability_and_a_size_whatever_the_numbers(statistic, reference, current):
    found = compare(statistic, reference, current)
    assert 0 <= found.p_value <= 1
    assert 0 <= found.effect < np.inf
    assert found.statistic >= 0


@every(OF_LABELS)
@settings(max_examples=40, deadline=None)
@given(reference=COUNTS, current=COUNTS)
def test_it_is_a_probability_and_a_size_whatever_the_labels(statistic, reference, current):
    seen = np.array(reference) + np.array(current) > 0
    places = np.arange(4.0)[seen]
    found = statistic.compare(
        *(Sample(places, np.array(counts)[seen], ordered=False) for counts in (reference, current))
    )
    assert 0 <= found.p_value <= 1
    assert 0 <= found.effect < np.inf


@every(ALL)
def test_a_constant_that_stays_has_a_p_value_of_one_and_no_effect(statistic):
    found = compare(statistic, np.full(50, 7.0), np.full(30, 7.0))
    assert (found.p_value, found.effect) == (1, 0)


@every(ALL)
def test_a_constant_that_moves_is_found(statistic):
    found = compare(statistic, np.full(50, 7.0), np.full(30, 7.1))
    assert found.p_value < 0.001
    assert found.effect > 0.5


@every(ALL)
def test_the_order_of_rows_means_nothing(statistic):
    random = np.random.default_rng(0)
    reference, current = random.normal(size=400), random.normal(0.2, size=300)
    assert compare(statistic, reference, current) == compare(statistic, reference[::-1], random.permutation(current))


@every(ALL)
@pytest.mark.parametrize("where", ["reference", "current", "both"])
@pytest.mark.parametrize("value", [1e12, -1e300, np.inf])
def test_one_value_far_away_neither_hides_a_shift_nor_makes_one(statistic, where, value):
    random = np.random.default_rng(2)
    reference, same, moved = random.normal(size=2000), random.normal(size=500), random.normal(1.0, size=500)
    if where != "current":
        reference[3] = value
    if where != "reference":
        same[5] = moved[5] = value
    assert compare(statistic, reference, moved).p_value <= 0.0001
    calm = compare(statistic, reference, same)
    assert calm.p_value > 0.01
    assert calm.effect < 0.25


@every(WITH_OWN_P_VALUES)
@pytest.mark.parametrize(("n", "m"), [(300, 300), (3000, 150)])
@pytest.mark.parametrize(
    "draw",
    [
        lambda random, size: random.normal(size=size),
        lambda random, size: random.poisson(1.0, size).astype(float),
        lambda random, size: np.where(random.random(size) < 0.6, 0.0, random.exponential(size=size)),
    ],
    ids=["normal", "few whole numbers", "mostly zero"],
)
def test_false_alarms_stay_below_alpha(statistic, n, m, draw):
    """Of 200 pairs at most 18 may lie below 0.05: a binomial count of that probability exceeds it once in 150 times."""
    random = np.random.default_rng(n)
    statistic = statistics.Wasserstein(draws=499) if statistic.name == "wasserstein" else statistic
    alarms = sum(compare(statistic, draw(random, n), draw(random, m)).p_value < 0.05 for _ in range(200))
    assert alarms <= 18


@every(ALL)
def test_it_says_what_it_is(statistic):
    assert repr(statistic).startswith(type(statistic).__name__)
    assert statistic.name
