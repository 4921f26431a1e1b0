from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.drift.grids import BUCKETS, KNOTS, MAX_LABELS, Buckets, Knots, Labels, grid_for

numeric = st.lists(st.one_of(st.integers(-5, 5).map(float), st.floats(allow_nan=False)), min_size=1, max_size=40)


@settings(max_examples=100, deadline=None)
@given(reference=numeric, current=numeric)
def test_knots_count_every_value_where_it_belongs(reference, current):
    knots = Knots.of(np.sort(reference))
    counts = knots.count(pd.Series(current))
    assert counts.sum() == len(current)
    assert counts[1::2].tolist() == [current.count(knot) for knot in knots.values]
    below = counts.cumsum()[0::2][: len(knots.values)]
    assert below.tolist() == [sum(value < knot for value in current) for knot in knots.values]


def test_few_distinct_values_all_become_knots():
    assert Knots.of(np.sort(np.arange(5000.0) % 7)).values.tolist() == list(range(7))


def test_between_two_knots_lies_less_of_the_reference_than_promised():
    values = np.sort(np.random.default_rng(0).lognormal(sigma=3, size=50_000))
    knots = Knots.of(values)
    assert len(knots.values) <= KNOTS
    assert knots.count(pd.Series(values))[0::2].max() / len(values) < 1 / (KNOTS - 1)


def test_a_heavy_tie_is_a_cell_of_its_own():
    values = np.concatenate([np.zeros(30_000), np.random.default_rng(0).normal(size=30_000)])
    counts = Knots.of(np.sort(values)).count(pd.Series(values))
    assert counts[1::2].max() == 30_000


def test_an_outlier_is_one_value_among_others():
    values = np.sort(np.append(np.random.default_rng(0).normal(size=20_000), [1e12, np.inf]))
    counts = Knots.of(values).count(pd.Series(values))
    assert counts[0::2].max() < 40


def test_categories_the_reference_has_not_share_the_last_cell():
    grid = grid_for(pd.Series(["b", "a", "b"]))
    assert grid == Labels(("a", "b"))
    assert grid.count(pd.Series(["a", "new", "newer", None])).tolist() == [1, 0, 2]


def test_many_or_long_categories_share_buckets():
    many = pd.Series([f"N{number}" for number in range(MAX_LABELS + 1)])
    assert grid_for(many) == Buckets(BUCKETS)
    assert grid_for(pd.Series(["a long text " * 2000, "short"])) == Buckets(BUCKETS)
    assert grid_for(many[:MAX_LABELS]) == Labels(tuple(sorted(many[:MAX_LABELS])))


def test_a_bucket_is_chosen_by_the_crc_of_the_label_for_ever():
    counts = Buckets(8).count(pd.Series(["JFK", "JFK", "EWR"]))
    assert counts.tolist() == [0, 0, 1, 0, 0, 0, 0, 2]


def test_nothing_is_counted_in_an_empty_column():
    empty = pd.Series([], dtype=object)
    assert Buckets(4).count(empty).tolist() == [0, 0, 0, 0]
    assert Labels(("a",)).count(empty).tolist() == [0, 0]
    assert Knots(np.array([1.0])).count(empty).tolist() == [0, 0, 0]
