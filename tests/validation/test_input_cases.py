import numpy as np
import pandas as pd
import pytest

from mlopskit.validation.input_cases import Case, input_cases

FRAME = pd.DataFrame(
    {
        "n": [1, 2, 3], "x": [0.5, 1.5, 2.5], "t": ["a", "b", "c"], "c": pd.Categorical(list("aba")),
        "b": [True, False, True],
    }
)  # fmt: skip


def test_every_column_is_spoiled_by_what_it_holds_and_the_plain_rows_stay():
    before = FRAME.copy()
    cases = {case.name: case for case in input_cases(FRAME)}
    assert [name for name in cases if name.startswith("texts in")] == ["texts in n", "texts in x"]
    assert [name for name in cases if name.startswith("unseen")] == ["unseen value in t", "unseen value in c"]
    for column in FRAME:
        assert column not in cases[f"missing column {column}"].rows
        assert cases[f"missing value in {column}"].rows[column].isna().tolist() == [True, False, False]
    assert isinstance(cases["unseen value in c"].rows["c"].dtype, pd.CategoricalDtype)
    assert (len(cases["no rows"].rows), len(cases["one row"].rows)) == (0, 1)
    assert len(cases["many rows"].rows) >= 10_000
    pd.testing.assert_frame_equal(FRAME, before)


def test_arrays_and_odd_names_are_asked_about_as_far_as_that_goes():
    assert [case.name for case in input_cases(FRAME[["n", "x"]].to_numpy())] == ["one row", "no rows", "many rows"]
    odd = pd.DataFrame([[1, 2, 3]], columns=[0, "a", "a"])
    names = [case.name for case in input_cases(odd)]
    assert names[3:] == [
        "extra column", "reordered columns", "missing column 0", "texts in column 0", "missing value in column 0",
    ]  # fmt: skip


def test_columns_of_several_levels_are_spoiled_too():
    frame = pd.DataFrame([[1, "x"]] * 3, columns=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)]))
    cases = {case.name: case.rows for case in input_cases(frame)}
    assert cases["extra column"].columns.tolist()[2:] == [("mlopskit: an extra column", "")]
    assert cases["missing column ('a', 1)"].columns.tolist() == [("b", 2)]
    assert cases["unseen value in ('b', 2)"][("b", 2)].nunique() == 1
    assert cases["missing value in ('a', 1)"][("a", 1)].isna().tolist() == [True, False, False]


@pytest.mark.parametrize("dtype", ["string", "str", object])
def test_an_unseen_text_is_stored_as_the_others_are(dtype):
    frame = pd.DataFrame({"t": pd.Series(["a", "b"], dtype=dtype)})
    cases = {case.name: case.rows for case in input_cases(frame)}
    assert cases["unseen value in t"]["t"].dtype == frame["t"].dtype


PLAIN = np.array([1.0, 2.0])


@pytest.mark.parametrize(
    ("rule", "said", "allowed", "words"),
    [
        ("same", {"answer": PLAIN}, True, "the same"),
        ("same", {"answer": PLAIN + 1}, False, "answered something else, in silence"),
        ("same", {"raised": "ValueError", "words": ""}, False, "refused with ValueError"),
        ("same", {}, False, "ended the process"),
        ("same", {"answer": PLAIN[:1]}, False, "answered 1 for 2 rows"),
        ("same", {"answer": np.array(1.0)}, False, "answered one value for 2 rows"),
        ("same or refused", {"raised": "ValueError", "words": ""}, True, "refused with ValueError"),
        ("not silent", {"raised": "KeyError", "words": "'hour'"}, True, "refused with KeyError, naming the column"),
        ("not silent", {"answer": PLAIN}, True, "not used"),
        ("not silent", {"answer": PLAIN + 1}, False, "answered something else, in silence"),
        ("valid or refused", {"answer": PLAIN + 1}, True, "answered"),
        ("valid or refused", {"answer": np.array([1.0, np.nan])}, False, "answered 1 missing values"),
    ],
)
def test_what_a_model_may_do_with_it(rule, said, allowed, words):
    case = Case("a case", None, np.arange(2), rule, "hour")
    assert case.judge(said, PLAIN) == (allowed, words)


def test_no_rows_may_be_answered_with_none():
    case = Case("no rows", None, np.arange(0), "none or refused")
    assert case.judge({"answer": np.array([])}, PLAIN) == (True, "answered none")
    assert case.judge({"answer": np.array([1.0])}, PLAIN) == (False, "answered 1 for 0 rows")
