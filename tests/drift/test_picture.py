from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlopskit.drift.column_profile import ColumnProfile
from mlopskit.drift.picture import picture


def look(before, after):
    return picture(ColumnProfile.of(pd.Series(before)), ColumnProfile.of(pd.Series(after)))


def test_numbers_have_twenty_bars_and_a_middle():
    shape, words = look(np.arange(1000.0), np.arange(1000.0) + 500)
    assert len(shape.labels) == 21
    assert sum(shape.before) == pytest.approx(1)
    assert sum(shape.after) == pytest.approx(1)
    assert shape.after[-1] > 0.5  # what lies beyond is in the outermost bar
    assert words == "median 499 (249 to 749) → 999 (749 to 1249)"


def test_moments_and_durations_are_written_as_such():
    days = pd.date_range("2013-01-01", periods=101).to_series()
    assert look(days, days)[1] == "median 2013-02-20 (2013-01-26 to 2013-03-17) → 2013-02-20 (2013-01-26 to 2013-03-17)"


def test_labels_are_ranked_and_the_one_that_changed_most_is_named():
    shape, words = look(["JFK"] * 30 + ["EWR"] * 70, ["JFK"] * 60 + ["EWR"] * 40)
    assert (shape.labels, shape.ordered) == (("EWR", "JFK"), False)
    assert words == "EWR 70.0% → 40.0%"


def test_labels_of_few_rows_are_not_named():
    shape, _ = look(["often"] * 50 + ["secret"] * 2, ["often"] * 50 + ["secret"] * 2)
    assert shape.labels == ("often", "others")


def test_of_more_than_twenty_labels_the_most_frequent_are_shown():
    labels = [f"c{number:02}" for number in range(30) for _ in range(10 + number)]
    shape, _ = look(labels, labels)
    assert shape.labels[0] == "c29"
    assert len(shape.labels) == 20


@pytest.mark.parametrize(
    ("before", "after"), [([], [1.0]), ([1.0], [None]), ([f"n{i}" for i in range(3000)], ["n1"] * 9)]
)
def test_nothing_to_show(before, after):
    assert look(before, after)[0] is None


def test_a_constant_and_infinities():
    assert sum(look([3.0] * 9, [4.0] * 9)[0].before) == 1
    assert look([np.inf] * 9, [1.0] * 9)[0] is None
