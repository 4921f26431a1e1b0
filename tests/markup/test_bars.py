import math

from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.markup import bar_chart, interval_chart, svg

odd = st.none() | st.floats() | st.integers() | st.text(max_size=3)


@given(values=st.dictionaries(st.text(max_size=40), odd, max_size=6), threshold=st.none() | st.floats())
@settings(max_examples=60)
def test_a_bar_chart_survives_anything(drawing, values, threshold):
    chart = bar_chart(values, title="t", threshold=threshold)
    drawing(chart)
    assert chart == bar_chart(dict(values), title="t", threshold=threshold)


@given(
    rows=st.dictionaries(st.text(max_size=40), st.tuples(odd, odd, odd), max_size=6), reference=st.none() | st.floats()
)
@settings(max_examples=60)
def test_an_interval_chart_survives_anything(drawing, rows, reference):
    drawing(interval_chart(rows, title="t", reference=reference, width=100))


def test_bars_start_at_zero_and_their_lengths_are_in_proportion(drawing):
    root = drawing(bar_chart({"a": 1, "b": 2, "c": -1}, title="t"))
    a, b, c = ((float(bar.get("x")), float(bar.get("width"))) for bar in root.iter() if bar.tag.endswith("rect"))
    assert abs(b[1] - 2 * a[1]) < 0.1
    assert a[0] == b[0]
    assert abs(c[0] + c[1] - a[0]) < 0.1


def test_bars_that_reach_the_threshold_change_colour():
    chart = bar_chart({"a": 0.1, "b": 0.05}, title="t", threshold=0.1, threshold_label="matters from")
    assert chart.count(svg.VERMILLION) == 1
    assert "matters from 0.1" in chart


def test_missing_bars_keep_their_name():
    assert "<desc>a —, b 1</desc>" in bar_chart({"a": math.nan, "b": 1}, title="t")


def test_an_estimate_without_an_interval_is_a_dot(drawing):
    root = drawing(interval_chart({"a": (0.5, None, 0.6)}, title="t"))
    assert sum(node.tag.endswith("circle") for node in root.iter()) == 1
    assert root[1].text == "a 0.500"


def test_without_rows_they_say_so():
    assert "No data" in bar_chart({}, title="t")
    assert "No data" in interval_chart({}, title="t")
