"""Tables of other libraries, chunks of frames and files of Parquet give the answer of the whole frame of pandas."""

import pandas as pd
import pytest

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


def test_a_folder_of_parquet(tmp_path):
    pytest.importorskip("pyarrow")
    for part, start in enumerate(range(0, 20, 6)):
        FLIGHTS.iloc[start : start + 6].to_parquet(tmp_path / f"part-{part}.parquet", row_group_size=4)
    assert outcome(SUITE.validate(tmp_path)) == outcome(SUITE.validate(FLIGHTS))
    assert outcome(SUITE.validate(f"file://{tmp_path}")) == outcome(SUITE.validate(FLIGHTS))


def test_partitions_of_hive_are_a_column(tmp_path):
    pytest.importorskip("pyarrow")
    frame = FLIGHTS.assign(month=[1] * 7 + [2] * 6 + [3] * 7, carrier=["AA"] * 7 + [None] * 13)
    suite = SUITE + Validator([checks.Between("month", 2, 3), checks.IsKind("month", "int"), checks.NotNull("carrier")])
    for (month, carrier), rows in frame.groupby(["month", "carrier"], dropna=False):
        folder = tmp_path / f"month={month}" / f"carrier={carrier if month == 1 else '__HIVE_DEFAULT_PARTITION__'}"
        folder.mkdir(parents=True)
        rows.drop(columns=["month", "carrier"]).to_parquet(folder / "rows.parquet")
    assert outcome(suite.validate(tmp_path)) == outcome(suite.validate(frame))
