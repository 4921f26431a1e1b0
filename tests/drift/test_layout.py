from __future__ import annotations

import pandas as pd

from mlopskit.drift.layout import Layout
from mlopskit.drift.profile import Profile

FRAME = pd.DataFrame({"day": ["d"], "crew": ["c"], "weight": [1.0], "distance": [5], 7: [1]})


def test_all_columns_are_compared_but_those_that_tell_about_rows():
    layout = Layout(time="day", groups="crew", weights="weight")
    assert layout.compared(FRAME.columns) == ["distance", "7"]
    assert layout.added(FRAME.columns) == []


def test_only_those_asked_for_are_compared_and_others_are_added():
    layout = Layout(("distance", "gone", "day"), time="day")
    assert layout.compared(FRAME.columns) == ["distance", "gone"]
    assert layout.added(FRAME.columns) == ["crew", "weight", "7"]
    assert list(layout.profile(FRAME, without=["distance"]).columns) == ["gone"]


def test_roles_are_told_by_the_text_of_their_names():
    assert Layout(time=7, groups="crew").compared(FRAME.columns) == ["day", "weight", "distance"]


def test_a_role_given_later_is_not_expected():
    layout = Layout(("distance", "crew"), groups="crew")
    assert list(layout.expected(Profile.of(FRAME)).columns) == ["distance"]
