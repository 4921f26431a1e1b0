"""Columns named by ints and tuples, in every check of data; and the labels of failing rows."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from mlopskit import Validator
from mlopskit.validation import checks
from mlopskit.validation.label import name_of, plain_label, row_labels

TEXTS = pd.Index(["x", "y", "origin", "when"])
LABELS = {
    "ints": pd.Index([3, 1, 0, 2]),
    "several levels": pd.MultiIndex.from_tuples([("x", "a"), ("x", "b"), ("origin", ""), ("when", 0)]),
    "of all kinds": pd.Index([0, "0", ("0", 0), ("0",)], tupleize_cols=False),
}


def frame_of(labels=TEXTS):
    columns = [
        np.array([1.0, 2.0, np.nan, 4.0, 4.0, 9.0]),
        np.array([1, 3, 3, 4, 4, -1]),
        np.array(["JFK", "EWR", None, "JFK", "JFK", " "], dtype=object),
        pd.to_datetime(["2013-01-01", "2013-01-03", "2013-01-02", "2013-01-04", "2013-01-04", "2013-01-09"]),
    ]
    return pd.concat(map(pd.Series, columns), axis=1).set_axis(labels, axis=1)


def suite_of(x, y, origin, when):
    """Every check of data that names a column."""
    return Validator(
        [
            checks.Between(x, 0, 5),
            checks.Cardinality(origin, high=2),
            checks.Compare(x, "<=", y),
            checks.Correlation(x, y, low=0.9),
            checks.Determines(x, y, column=origin),
            checks.Finite(x),
            checks.Fresh(when, "1D", now="2013-01-09"),
            checks.HasColumns(x, y, only=True, ordered=True),
            checks.HasDtype(y, "int64"),
            checks.InTimeZone(when, None),
            checks.IsKind(x, "int"),
            checks.Length(origin, 3, 3),
            checks.Matches(origin, "[A-Z]+"),
            checks.Mean(x, low=3),
            checks.Monotonic(when),
            checks.NoDuplicateRows(),
            checks.NoGaps(when, "2D"),
            checks.NotBlank(origin),
            checks.NotNull(x, origin),
            checks.NotOneOf(origin, ["EWR"]),
            checks.OneOf(origin, ["JFK", "EWR"]),
            checks.PerGroup(checks.Between(x, 0, 5), by=origin),
            checks.Quantile(x, 0.5, low=3),
            checks.References(origin, ["JFK"]),
            checks.Satisfies(lambda rows: rows[x] > 1, x, name="high"),
            checks.Share(origin, ["JFK"], low=0.5),
            checks.StandardDeviation(y, high=1),
            checks.SumsTo(x, y, total=y),
            checks.Unique(x, y),
            checks.When(checks.OneOf(origin, ["JFK"]), checks.Between(x, 2, 9)),
        ]
    )


def told(report):
    return [(each.status, each.failed, each.rows, each.examples, each.labels) for each in report.results]


def test_every_check_of_data_is_here():
    without_columns = {"Expression", "NoDuplicateRows", "RowCount"}  # an expression names identifiers only
    named = {type(check).__name__ for check in suite_of(*TEXTS).checks}
    data = {
        name
        for name in checks.__all__
        if issubclass(getattr(checks, name), checks.FrameCheck) and name not in ("EachRow", "FrameCheck", "RowCheck")
    }
    assert named | without_columns == data


@pytest.mark.parametrize("kind", LABELS)
def test_any_label_gives_the_answer_of_a_text(kind):
    labels = LABELS[kind]
    expected = Validator(suite_of(*TEXTS).checks).validate(frame_of())
    assert {each.status for each in expected.results} == {"passed", "failed"}
    assert told(suite_of(*labels).validate(frame_of(labels))) == told(expected)


@pytest.mark.parametrize("kind", LABELS)
def test_chunks_give_the_answer_of_the_whole_frame(kind):
    labels = LABELS[kind]
    frame = frame_of(labels)
    chunks = [frame.iloc[start:stop] for start, stop in pairwise([0, 1, 3, 3, 6])]
    assert told(suite_of(*labels).validate(chunks)) == told(suite_of(*labels).validate(frame))


@pytest.mark.parametrize("kind", LABELS)
def test_a_first_draft_names_columns_by_their_labels(kind):
    labels = LABELS[kind]
    draft = Validator.infer(frame_of(labels))
    assert draft.validate(frame_of(labels)).ok
    assert Validator.from_json(draft.to_json()) == draft
    plain = Validator.infer(frame_of())
    assert [type(check) for check in draft.checks] == [type(check) for check in plain.checks]
    assert draft.checks[0] == checks.HasColumns(*labels)


def test_an_int_a_text_and_a_tuple_of_it_are_different_columns():
    frame = pd.DataFrame([[1, 2]], columns=pd.Index([0, "0"], dtype=object))
    report = Validator([checks.Between(0, 1, 1), checks.Between("0", 2, 2), checks.Between(("0",), 0, 9)]).validate(
        frame
    )
    assert [(each.check, each.status) for each in report.results] == [
        ("column 0 is between 1 and 1", "passed"),
        ("0 is between 2 and 2", "passed"),
        ("('0',) is between 0 and 9", "error"),
    ]
    assert checks.Finite(0) != checks.Finite("0")
    assert checks.Finite(np.int64(0)) == checks.Finite(0)


def test_what_is_missing_and_what_is_too_much_is_told_apart():
    result = Validator([checks.HasColumns(0, only=True)]).validate(pd.DataFrame({"0": [1]})).results[0]
    assert result.message == "1 of 1 columns are missing: column 0; 1 columns are too many: 0"
    assert result.observed == {"missing": ["column 0"], "surplus": ["0"]}


def test_a_label_of_the_first_level_alone_names_no_column():
    frame = frame_of(LABELS["several levels"])
    report = Validator([checks.NotNull("x"), checks.NotNull(("x",)), checks.Expression("x > 0")]).validate(frame)
    assert [each.status for each in report.results] == ["error"] * 3
    assert report.results[1].message == "the column ('x',) is missing"


@pytest.mark.parametrize("columns", [[0, 0], pd.MultiIndex.from_tuples([("x", 0), ("x", 0)])])
def test_a_label_that_two_columns_have_is_an_error(columns):
    frame = pd.DataFrame([[1, 2]], columns=columns)
    report = Validator([checks.NotNull(plain_label(columns[0])), checks.NoDuplicateRows()]).validate(frame)
    assert {each.status for each in report.results} == {"error"}
    assert all("2 columns are named" in each.message for each in report.results)


@pytest.mark.parametrize(
    ("label", "words"),
    [(True, "a bool"), (np.bool_(True), "a bool"), (0.0, "a float"), (None, "a NoneType"), (["x"], "a list"),
     ((), "an empty tuple"), (("x", True), "a tuple with a bool"), (("x", ("y",)), "a tuple with a tuple"),
     (pd.Timestamp("2013"), "a Timestamp")],
)  # fmt: skip
def test_anything_else_is_refused(label, words):
    wrong = [
        lambda: checks.Between(label, 0, 1),
        lambda: checks.NotNull("x", label),
        lambda: checks.Compare("x", "<", label),
        lambda: checks.SumsTo("x", total=label),
        lambda: checks.Determines("x", column=label),
        lambda: checks.Correlation("x", label, low=0),
        lambda: checks.PerGroup(checks.Finite("x"), by=label),
        lambda: checks.Satisfies(len, label),
        lambda: checks.NoWorseSlice(label),
        lambda: checks.NoWeakSlice((label,)),
    ]
    for make in wrong:
        with pytest.raises(TypeError, match=f"a text, an int or a tuple of these, not {words}"):
            make()


def test_several_columns_are_given_one_by_one():
    assert checks.NotNull(("x", "a"), ("x", "b")).columns == (("x", "a"), ("x", "b"))
    with pytest.raises(TypeError, match=r'one by one, .*: NotNull\("origin", "dest"\)'):
        checks.NotNull(["x", "y"])
    with pytest.raises(ValueError, match="named twice"):
        checks.NotNull(("x", 0), ("x", np.int64(0)))


def test_names_in_a_sentence():
    assert [name_of(label) for label in ("x", 0, np.int64(0), ("x", 0))] == ["x", "column 0", "column 0", "('x', 0)"]
    assert str(checks.Compare(0, "<", 1)) == "column 0 < column 1"
    assert str(checks.HasColumns(0, 1)) == "there are the columns 0, 1"


# -- rows --------------------------------------------------------------------------------------------------------------

ROWS = {
    "a text each": [f"N{place}" for place in range(6)],
    "the same": [7] * 6,
    "moments": pd.date_range("2013-01-01", periods=6, tz="UTC"),
    "several levels": pd.MultiIndex.from_product([["JFK", "EWR"], range(3)], names=["origin", "hour"]),
    "missing ones": [0.5, np.nan, None, 1.5, 2.5, np.nan],
}


@pytest.mark.parametrize("rows", ROWS)
def test_rows_of_any_index_are_checked_alike_and_told_by_their_labels(rows):
    frame = frame_of().set_axis(ROWS[rows], axis=0)
    report = suite_of(*TEXTS).validate(frame)
    assert [each[:4] for each in told(report)] == [each[:4] for each in told(suite_of(*TEXTS).validate(frame_of()))]
    for result in report.results:
        expected = [None if label is None or label != label else label for label in frame.index[list(result.examples)]]
        assert list(result.labels) == expected
    chunks = [frame.iloc[start:stop] for start, stop in pairwise([0, 2, 2, 3, 6])]
    assert told(suite_of(*TEXTS).validate(chunks)) == told(report)
    pd.testing.assert_frame_equal(report.failing_rows(frame), frame)


def test_over_chunks_a_label_is_what_the_chunks_index_says():
    chunks = [pd.DataFrame({"x": [1, 9]}), pd.DataFrame({"x": [9, 1]}, index=["a", "b"]), pd.DataFrame({"x": [0]})]
    suite = Validator([checks.Between("x", 0, 5), checks.Unique("x"), checks.Monotonic("x")])
    assert [(each.examples, each.labels) for each in suite.validate(chunks).results] == [
        ((1, 2), (1, "a")),
        ((0, 1, 2, 3), (0, 1, "a", "b")),
        ((3, 4), ("b", 0)),
    ]


def test_labels_are_as_few_as_the_examples():
    frame = pd.DataFrame({"x": np.arange(1000.0)}, index=np.arange(1000) * 2)
    for data in (frame, [frame.iloc[:4], frame.iloc[4:]]):
        result = Validator([checks.Between("x", -1, -1)]).validate(data).results[0]
        assert (result.examples, result.labels) == (tuple(range(10)), tuple(range(0, 20, 2)))
        assert {type(label) for label in result.labels} == {int}


def test_labels_are_looked_up_piece_by_piece():
    pieces = [pd.Index(["a", "b"]), pd.Index([]), pd.RangeIndex(3), pd.MultiIndex.from_tuples([("x", 1)])]
    assert row_labels(range(6), *pieces) == ("a", "b", 0, 1, 2, ("x", 1))
    assert [type(part) for part in row_labels([5], *pieces)[0]] == [str, int]
