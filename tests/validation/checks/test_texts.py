from __future__ import annotations

import pandas as pd
import pytest

from mlopskit.validation import Validator, checks


def found(check, *frames):
    return Validator([check]).validate(frames[0] if len(frames) == 1 else frames).results[0]


def test_matching_is_of_the_whole_text():
    assert found(checks.Matches("x", "[A-Z]{3}"), pd.DataFrame({"x": ["JFK", "JFKX", "xJFK"]})).examples == (1, 2)


@pytest.mark.parametrize(
    ("check", "values", "examples"),
    [
        (checks.NotBlank("x"), ["a", " ", "", "\t", None], (1, 2, 3)),
        (checks.Length("x", 1, 2), ["", "a", "ab", "abc", None], (0, 3)),
        (checks.Matches("x", "[a-z]"), ["a", 1, None, "B", b"a"], (1, 3, 4)),
        (checks.Length("x", 1, 1), [1, "a"], (0,)),
        (checks.NotBlank("x"), [1, " "], (1,)),
    ],
)
def test_what_is_no_text_has_no_length_and_matches_nothing_but_is_not_blank(check, values, examples):
    frame = pd.DataFrame({"x": pd.Series(values, dtype=object)})
    assert found(check, frame).examples == examples
    assert found(check, *[frame.iloc[[place]] for place in range(len(frame))]).examples == examples
