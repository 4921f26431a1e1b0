"""Tests of expressions over columns."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from mlopskit import Validator
from mlopskit.errors import FormatError
from mlopskit.validation import checks
from mlopskit.validation.expression import columns_of


@pytest.mark.parametrize(
    ("expression", "columns", "failing"),
    [
        ("x > 1 and s != 'c'", ("x", "s"), (0, 2)),
        ("1 < x <= 3", ("x",), (0,)),
        ("sqrt(x) < 1.5", ("x",), (2,)),
        ("not (-x + 2 * x ** 2 > 3) or x in [3]", ("x",), (1,)),
        ("x.isin([1, 2])", ("x",), (2,)),
        ("x.between(1, 2)", ("x",), (2,)),
        ("s.str.lower().str.startswith('a')", ("s",), (1, 2)),
        ("day.dt.month == 2", ("day",), (0, 2)),
    ],
)
def test_what_one_row_gives_by_itself_is_taken(expression, columns, failing):
    frame = pd.DataFrame(
        {"x": [1, 2, 3], "s": ["A", "b", "c"], "day": pd.to_datetime(["2013-01-01", "2013-02-01", "2013-03-01"])}
    )
    assert columns_of(expression) == columns
    assert Validator([checks.Expression(expression)]).validate(frame).results[0].examples == failing


@pytest.mark.parametrize(
    ("expression", "part"),
    [
        ("x.max() > x", ".max"),
        ("x.__class__ == 1", ".__class__"),
        ("s.str._data == 1", "._data"),
        ("s.str.lower().to_csv('p') == 1", ".to_csv"),
        ("x[0] > 1", "a Subscript"),
        ("(lambda: 1)() > x", "a Lambda"),
        ("[y for y in x] == 1", "a ListComp"),
    ],
)
def test_anything_else_is_refused_by_name(expression, part):
    with pytest.raises(ValueError, match="Satisfies") as caught:
        checks.Expression(expression)
    assert f"uses {part};" in str(caught.value)


@pytest.mark.parametrize("expression", ["`dep delay` > 0", "class > 0", "0 > 1", "sqrt(2) > 1"])
def test_a_column_whose_label_is_no_identifier_can_not_be_named(expression):
    with pytest.raises(ValueError, match=r"no identifier can not be named; write Satisfies\(function, label\)"):
        checks.Expression(expression)


def test_other_columns_may_be_labelled_by_anything():
    labels = pd.Index(["x", "dep delay", "twice", "twice", 0, ("x", 1)], tupleize_cols=False)
    frame = pd.DataFrame([[1, 2, 3, 4, 5, 6], [9, 2, 3, 4, 5, 6]], columns=labels)
    assert Validator([checks.Expression("x > 5")]).validate(frame).results[0].examples == (0,)


def test_a_function_is_one_of_pandas_and_none_of_ours():
    result = Validator([checks.Expression("as_mask(x, 2)")]).validate(pd.DataFrame({"x": [True, True]})).results[0]
    assert result.status == "error"


def test_a_suite_from_a_file_writes_nothing(tmp_path):
    target = tmp_path / "written"
    check = {"check": "Expression", "expression": f"x.to_csv({str(target)!r}) == 1", "severity": "error"}
    with pytest.raises(FormatError, match=r"\.to_csv"):
        Validator.from_json(json.dumps({"format": 1, "checks": [check]})).validate(pd.DataFrame({"x": [1]}))
    assert not target.exists()
