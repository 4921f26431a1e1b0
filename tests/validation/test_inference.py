import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.validation import Validator, checks

columns = st.one_of(
    st.lists(st.floats(width=32), min_size=4, max_size=4),
    st.lists(st.integers(-(2**40), 2**40), min_size=4, max_size=4),
    st.lists(st.sampled_from(["a", "b", None]), min_size=4, max_size=4),
    st.lists(st.booleans(), min_size=4, max_size=4),
)


def test_proposes_columns_completeness_ranges_and_categories():
    frame = pd.DataFrame(
        {
            "origin": ["JFK", "EWR"] * 5,
            "tailnum": [f"N{number}" for number in range(10)],
            "distance": range(100, 1100, 100),
            "delay": [-5.0, 95.0] * 4 + [None, 0.0],
            "late": [True, False] * 5,
            "day": pd.date_range("2013-01-01", periods=10),
        }
    )
    assert Validator.infer(frame).checks == (
        checks.HasColumns("origin", "tailnum", "distance", "delay", "late", "day"),
        checks.NotNull("origin", "tailnum", "distance", "late", "day"),
        checks.OneOf("origin", ["EWR", "JFK"]),
        checks.Between("distance", 10, 1090),
        checks.Between("delay", -15.0, 105.0),
    )


@pytest.mark.parametrize("kind", ["int8", "uint16", "Int64", "Float64", "float32", "int64[pyarrow]"])
def test_takes_numbers_of_any_dtype_and_gives_plain_bounds(kind):
    if "pyarrow" in kind:
        pytest.importorskip("pyarrow")
    check = Validator.infer(pd.DataFrame({"x": pd.Series([0, 100], dtype=kind)})).checks[-1]
    assert (check.low, check.high) == (0, 110)
    assert {type(check.low), type(check.high)} <= {int, float}


@pytest.mark.parametrize("values", [[np.inf, 1.0], [None, None], [1j, 2j]])
def test_proposes_no_range_where_there_is_none(values):
    assert not any(isinstance(check, checks.Between) for check in Validator.infer(pd.DataFrame({"x": values})).checks)


@settings(max_examples=60, deadline=None)
@given(columns, columns)
def test_a_frame_passes_what_was_inferred_from_it(first, second):
    frame = pd.DataFrame({"first": first, "second": second})
    validator = Validator.infer(frame)
    report = validator.validate(frame)
    assert report.ok, report
    assert Validator.from_json(validator.to_json()) == validator


@pytest.mark.parametrize("wrong", [pd.DataFrame(), pd.DataFrame({"x": []}), pd.DataFrame([[1, 2]], columns=["x", "x"])])
def test_a_frame_that_shows_nothing_is_refused(wrong):
    with pytest.raises(ValueError, match=r"no rows|named twice"):
        Validator.infer(wrong)


def test_column_names_have_to_be_text():
    with pytest.raises(TypeError, match="as text"):
        Validator.infer(pd.DataFrame([[1, 2]]))
    with pytest.raises(TypeError, match="expected a DataFrame"):
        Validator.infer([1])
