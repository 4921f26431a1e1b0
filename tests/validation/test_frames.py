"""Tables of other libraries and chunks of frames give the answer of the whole frame of pandas."""

import pandas as pd
import pytest

from mlopskit.errors import MissingDependencyError
from mlopskit.validation import Validator, checks

FLIGHTS = pd.DataFrame(
    {
        "origin": ["JFK", "LGA", None, "XXX"] * 5,
        "distance": [100, 7000, 300, -1] * 5,
        "delay": [1.5, None, float("inf"), 2.0] * 5,
        "late": [True, False, True, False] * 5,
        "time": pd.date_range("2013-01-01", periods=20, freq="h"),
    }
)
SUITE = Validator(
    [
        checks.NotNull("origin", "delay"),
        checks.OneOf("origin", ["EWR", "JFK", "LGA"]),
        checks.Matches("origin", "[A-Z]{3}"),
        checks.Between("distance", 0, 6000),
        checks.Finite("delay"),
        checks.Between("time", "2013-01-01 02:00", "2013-01-01 17:00"),
        checks.IsKind("late", "bool"),
        checks.IsKind("distance", "int"),
        checks.Unique("origin", "distance"),
        checks.Monotonic("time"),
        checks.Mean("distance", low=0),
        checks.Compare("distance", "<", "delay"),
    ]
)


def outcome(report):
    return [(result.status, result.failed, result.examples) for result in report.results]


def test_a_table_of_pyarrow():
    pa = pytest.importorskip("pyarrow")
    assert outcome(SUITE.validate(pa.table(FLIGHTS))) == outcome(SUITE.validate(FLIGHTS))


def test_a_frame_of_polars_also_in_chunks():
    pytest.importorskip("pyarrow")
    pl = pytest.importorskip("polars")
    frame = pl.from_pandas(FLIGHTS).with_columns(pl.col("delay").fill_nan(None))
    assert outcome(SUITE.validate(frame)) == outcome(SUITE.validate(FLIGHTS))
    assert outcome(SUITE.validate([frame[:7], frame[7:]])) == outcome(SUITE.validate(FLIGHTS))
    categories = frame.with_columns(pl.col("origin").cast(pl.Categorical))
    assert outcome(SUITE.validate(categories)) == outcome(SUITE.validate(FLIGHTS))


@pytest.mark.filterwarnings("ignore")  # what Dask warns of is its own affair
def test_a_frame_of_dask():
    dask_frames = pytest.importorskip("dask.dataframe")
    assert outcome(SUITE.validate(dask_frames.from_pandas(FLIGHTS, npartitions=3))) == outcome(SUITE.validate(FLIGHTS))


def test_without_pyarrow_a_table_is_refused_with_the_remedy(monkeypatch):
    class Table:
        def __arrow_c_stream__(self, requested_schema=None):
            raise AssertionError("not asked without pyarrow")

    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingDependencyError, match=r"install mlopskit\[parquet\]"):
        SUITE.validate(Table())


@pytest.mark.parametrize("wrong", [3, "flights", FLIGHTS["origin"], [1, 2]])
def test_what_is_no_frame_is_refused(wrong):
    with pytest.raises(TypeError, match="expected a DataFrame or an iterable of DataFrames"):
        SUITE.validate(wrong)
