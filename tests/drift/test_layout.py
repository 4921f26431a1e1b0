from __future__ import annotations

import pandas as pd

from mlopskit.drift.layout import Layout

FRAME = pd.DataFrame({"day": ["d"], "crew": ["c"], "weight": [1.0], "distance": [5], 7: [1]})


def test_all_columns_are_compared_but_those_that_tell_about_rows():
    layout = Layout(time="day", groups="crew", weights="weight")
    assert layout.compared(FRAME.columns) == ["distance", "7"]
    assert layout.added(FRAME.columns) == []


def test_only_those_asked_for_are_compared_and_others_are_added():
    layout = Layout(("distance", "gone"), time="day")
    assert layout.compared(FRAME.columns) == ["distance", "gone"]
    assert layout.added(FRAME.columns) == ["crew", "weight", "7"]
    assert list(layout.profile(FRAME, without=["distance"]).columns) == ["gone"]
