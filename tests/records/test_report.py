"""Tests of what a check found, and of its JSON."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.errors import FormatError
from mlopskit.records.json import from_json, to_json
from mlopskit.records.report import CheckResult
from mlopskit.storage import canonical_json

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(st.characters(codec="utf-8")),
    st.datetimes(min_value=pd.Timestamp.min, max_value=pd.Timestamp.max).map(pd.Timestamp), st.dates(),
    st.decimals(allow_nan=False),
)  # fmt: skip
labels = st.one_of(scalars, st.lists(scalars, min_size=1, max_size=3).map(tuple))


def again(result):
    return from_json(CheckResult, canonical_json.decode(canonical_json.encode(to_json(result))))


@settings(max_examples=200, deadline=None)
@given(st.lists(labels, max_size=10).map(tuple))
def test_labels_of_any_kind_survive_json(found):
    result = CheckResult("x is never missing", "failed", examples=tuple(range(len(found))), labels=found)
    assert again(result) == result
    assert repr(again(result).labels) == repr(found)


@pytest.mark.parametrize(
    "label", [pd.Timestamp("2013-01-01", tz="America/New_York"), pd.Period("2013-01", "M"), pd.Interval(0, 1)]
)
def test_labels_of_pandas_survive_json(label):
    assert again(CheckResult("a", "failed", labels=(label, ("JFK", label)))).labels == (label, ("JFK", label))


def test_a_label_that_has_no_json_is_kept_as_text():
    assert again(CheckResult("a", "failed", labels=(frozenset({1}),))).labels == ("frozenset({1})",)


def test_what_was_written_without_labels_reads_and_is_written_as_before():
    written = {
        "check": "x is never missing", "status": "failed", "message": "1 of 9 rows fail", "severity": "error",
        "failed": 1, "rows": 9, "examples": [3], "observed": {"missing": {"x": 1}},
    }  # fmt: skip
    result = from_json(CheckResult, written)
    assert (result.examples, result.labels) == ((3,), ())
    assert to_json(result) == written


@pytest.mark.parametrize("wrong", [3, [["a tag that is not known"]], [{"time": "2013"}]])
def test_other_labels_are_refused(wrong):
    with pytest.raises(FormatError, match="not a CheckResult"):
        from_json(CheckResult, {"check": "a", "status": "failed", "labels": wrong})


def test_labels_are_in_no_repr():
    assert "JFK" not in repr(CheckResult("a", "failed", examples=(3,), labels=("JFK",)))
