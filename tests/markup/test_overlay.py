from __future__ import annotations

from mlopskit.markup import overlay


def test_numbers_are_an_area_and_a_line():
    drawing = overlay([0.5, 0.5], [0.1, 0.9], title="temp", labels=["0", "1", "2"])
    assert drawing.count("<path") == 2
    assert "temp" in drawing


def test_labels_are_bars_side_by_side_and_told_in_words():
    drawing = overlay([0.5, 0.5], [0.1, 0.9], title="origin", labels=["<EWR>", "JFK"], ordered=False)
    assert drawing.count("<rect") == 4
    assert "&lt;EWR&gt;: 50.0 to 10.0 %; JFK: 50.0 to 90.0 %" in drawing


def test_nothing_is_said_to_be_nothing():
    assert "No data" in overlay([], [], title="temp")
    assert "NaN" not in overlay([0.0, 0.0], [0.0, 0.0], title="temp")
