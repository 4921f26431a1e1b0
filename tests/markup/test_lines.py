import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.markup import line_chart, sparkline

odd = st.none() | st.floats() | st.integers() | st.booleans() | st.text(max_size=3)
MONTHS = ["Jan", "Feb", "Mar", "Apr"]


@given(values=st.lists(odd, max_size=12))
def test_a_sparkline_survives_anything(drawing, values):
    assert drawing(sparkline(values)) is not None
    assert sparkline(values) == sparkline(list(values))


@given(
    rows=st.lists(st.tuples(odd, odd, odd), max_size=8),
    threshold=st.none() | st.floats(),
    name=st.text(max_size=40),
)
@settings(max_examples=60)
def test_a_line_chart_survives_anything(drawing, rows, threshold, name):
    x, first, second = zip(*rows, strict=True) if rows else ((), (), ())
    arguments = {
        "title": name,
        "threshold": threshold,
        "marks": {(name, label): name for label in x[:2]},
        "bands": {name: (second, first)},
        "points": ("other",),
    }
    chart = line_chart(x, {name: first, "other": second}, **arguments)
    drawing(chart)
    assert chart == line_chart(x, {name: first, "other": second}, **arguments)


@pytest.mark.parametrize("values", [[], [None] * 3, [math.nan, math.inf, -math.inf]])
def test_without_data_it_says_so(values):
    assert "No data" in line_chart(list(range(len(values))), {"a": values}, title="t")


def test_a_gap_in_the_data_is_a_gap_in_the_line():
    chart = line_chart(MONTHS, {"auc": [1, 2, None, 3]}, title="t")
    assert chart.count("M") - chart.count("Mar") == 2


def test_every_line_is_named_with_its_last_value_and_every_point_has_a_tooltip():
    chart = line_chart(MONTHS, {"auc": [0.7, 0.8, 0.75, None]}, title="t")
    assert ">auc 0.750<" in chart
    assert "<title>auc, Feb: 0.8000</title>" in chart


def test_a_band_is_filled_where_both_of_its_ends_are_known(drawing):
    band = {"auc": ([0.6, None, 0.5, 0.6], [0.9, 0.9, 0.8, math.nan])}
    root = drawing(line_chart(MONTHS, {"auc": [0.7, 0.8, 0.75, 0.7]}, title="t", bands=band))
    (area,) = (node for node in root.iter() if node.get("fill-opacity"))
    assert area.get("d").count("M") == area.get("d").count("Z") == 2
    wide = {"auc": ([0.0] * 4, [5.0] * 4)}
    chart = line_chart(MONTHS, {"auc": [1, 1, 1, 1]}, title="t", bands=wide)
    assert ">5<" in chart


def test_points_are_not_joined(drawing):
    arguments = {"series": {"estimate": [1, 2, 1, 2], "realised": [1, None, 2, 1]}, "title": "t"}
    root = drawing(line_chart(MONTHS, **arguments, points=("realised",)))
    lines = [node for node in root.iter() if node.tag.endswith("path")]
    dots = [node for node in root.iter() if node.tag.endswith("circle")]
    assert len(lines) == 1
    assert len(dots) == 7


def test_a_band_of_another_length_is_refused():
    with pytest.raises(ValueError, match="'auc' has 1 values for 4 positions"):
        line_chart(MONTHS, {"auc": [1, 2, 3, 4]}, title="t", bands={"auc": ([1], [2])})


def test_end_labels_of_equal_lines_do_not_overlap(drawing):
    root = drawing(line_chart(MONTHS, {name: [1, 1, 1, 1] for name in "abcdef"}, title="t", threshold=1))
    texts = [node for node in root.iter() if node.tag.endswith("text")]
    levels = sorted(float(node.get("y")) for node in texts if node.text.endswith(" 1"))
    assert len(levels) == 7
    assert min(b - a for a, b in itertools.pairwise(levels)) >= 14


def test_marks_are_ringed_and_annotated_and_those_without_a_point_are_left_out():
    marks = {
        ("auc", "Feb"): "promoted",
        ("auc", "Mar"): "nothing here",
        ("other", "Feb"): "no series",
        ("auc", "Dec"): "no month",
    }
    chart = line_chart(MONTHS, {"auc": [1, 2, None, 3]}, title="t", marks=marks)
    assert ">promoted<" in chart
    assert not any(note in chart for note in ("nothing here", "no series", "no month"))


def test_numbers_on_the_x_axis_are_placed_to_scale(drawing):
    root = drawing(line_chart([0, 1, 10], {"loss": [3, 2, 1]}, title="t"))
    first, second, third = (float(node.get("cx")) for node in root.iter() if node.tag.endswith("circle"))
    assert third - second == pytest.approx(9 * (second - first), rel=0.01)


def test_a_long_line_is_thinned_and_keeps_its_peak():
    values = np.zeros(200_000)
    values[123_456] = 1
    chart = line_chart(range(len(values)), {"loss": values}, title="t")
    plain = line_chart(range(len(values)), {"loss": np.zeros(200_000)}, title="t")
    assert len(chart) < 40_000
    assert "from 0 to 1," in chart
    assert len(chart) != len(plain)


def test_a_series_of_another_length_is_refused():
    with pytest.raises(ValueError, match="'auc' has 2 values for 4 positions"):
        line_chart(MONTHS, {"auc": [1, 2]}, title="t")
