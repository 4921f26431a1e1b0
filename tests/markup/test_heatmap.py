import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.markup import heatmap

odd = st.none() | st.floats() | st.integers() | st.text(max_size=3)


@given(names=st.lists(st.text(max_size=40), unique=True, max_size=4), columns=st.lists(odd, max_size=6), data=st.data())
@settings(max_examples=50)
def test_a_heatmap_survives_anything(drawing, names, columns, data):
    rows = {name: data.draw(st.lists(odd, min_size=len(columns), max_size=len(columns))) for name in names}
    marks = {name: [bool(place % 2) for place in range(len(columns))] for name in names}
    grid = heatmap(rows, columns, title="t", marks=marks)
    drawing(grid)
    assert grid == heatmap(rows, columns, title="t", marks=marks)


def test_every_cell_has_a_tooltip_and_a_shade_that_grows_with_its_value(drawing):
    root = drawing(heatmap({"distance": [0, 0.5, 1, 7, None]}, list("abcde"), title="t"))
    groups = [node for node in root.iter() if node.tag.endswith("}g")]
    assert [group[0].text for group in groups[:2]] == ["distance, a: 0", "distance, b: 0.5000"]
    shades = [float(group[1].get("fill-opacity")) for group in groups]
    assert shades[0] < shades[1] < shades[2] == shades[3] == 1
    assert shades[4] == shades[0]


def test_marked_cells_are_dotted_and_counted_in_words_whatever_their_value(drawing):
    rows = {"a": [0.05, 0.1, 0.3], "b": [0, math.nan, 0]}
    marks = {"a": [True, False, True], "b": [False, True, False]}
    root = drawing(heatmap(rows, ["x", "y", "z"], title="t", marks=marks, mark_label="drifted"))
    assert sum(node.tag.endswith("circle") for node in root.iter()) == 3 + 1  # and one in the legend
    assert root[1].text == "2 rows by 3 columns; drifted: a (2), b (1)"
    assert drawing(heatmap(rows, ["x", "y", "z"], title="t"))[1].text == "2 rows by 3 columns"


def test_very_many_columns_make_it_wider_than_asked(drawing):
    root = drawing(heatmap({"a": np.zeros(1000)}, np.arange(1000), title="t"))
    assert float(root.get("width")) > 4000


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="'a' has 1 values for 2 columns"):
        heatmap({"a": [1]}, ["x", "y"], title="t")
