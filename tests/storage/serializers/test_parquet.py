import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from mlopskit.errors import SerializationError
from mlopskit.storage.serializers import serializer_named, serializers_for

pa = pytest.importorskip("pyarrow")
import pyarrow.parquet as pq  # noqa: E402

bounded = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
parquet = serializer_named("parquet")


@bounded
@given(data=st.data())
def test_a_frame_is_kept_exactly_or_refused(data, any_frame, to_bytes, from_bytes, exact):
    frame = data.draw(any_frame)
    try:
        content = to_bytes("parquet", frame)
    except SerializationError:
        event("refused")
    else:
        exact(frame, from_bytes("parquet", content))


@bounded
@given(data=st.data())
def test_a_frame_of_common_columns_is_kept_exactly(data, common_frame, to_bytes, from_bytes, exact):
    frame = data.draw(common_frame)
    try:
        content = to_bytes("parquet", frame)
    except SerializationError as refused:
        event(f"refused: {refused.__cause__}")
    else:
        exact(frame, from_bytes("parquet", content))


@bounded
@given(data=st.data())
def test_a_series_is_kept_exactly_or_refused(data, any_series, to_bytes, from_bytes, exact):
    series = data.draw(any_series)
    try:
        content = to_bytes("parquet", series)
    except SerializationError:
        event("refused")
    else:
        exact(series, from_bytes("parquet", content))


def flights(rows=3):
    return pd.DataFrame(
        {
            "origin": pd.Categorical(["JFK", "EWR", None][:rows], ["LGA", "EWR", "JFK"]),
            "delay": [1.5, np.nan, -0.0][:rows],
            "stops": pd.array([1, None, 3][:rows], dtype="Int8"),
            "carrier": pd.array(["UA", None, "ä"][:rows], dtype="string"),
            "tail": pd.Series(["N1", None, "N3"][:rows], dtype=object),
            "hour": pd.date_range("2026", periods=rows, freq="h", tz="America/New_York"),
            "day": np.array(["2026-01-01", "NaT", "2026-01-03"][:rows], "M8[s]"),
        }
    )


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_a_typical_frame_is_preferably_parquet(rows, round_trip, exact):
    frame = flights(rows)
    assert next(serializers_for(frame)).name == "parquet"
    exact(frame, round_trip("parquet", frame))


def test_other_tools_see_plain_names_and_logical_types(to_bytes):
    table = pq.read_table(io.BytesIO(to_bytes("parquet", flights())))
    assert table.column_names == ["origin", "delay", "stops", "carrier", "tail", "hour", "day"]
    assert pa.types.is_timestamp(table.schema.field("hour").type)
    assert pa.types.is_timestamp(table.schema.field("day").type)
    assert table.column("stops").to_pylist() == [1, None, 3]
    assert table.column("carrier").to_pylist() == ["UA", None, "ä"]
    assert table.column("origin").to_pylist() == ["JFK", "EWR", None]


def test_rows_beyond_one_group_are_written_group_by_group(monkeypatch, to_bytes, from_bytes, exact):
    monkeypatch.setattr(sys.modules[type(parquet).__module__], "_ROWS_AT_ONCE", 2)
    frame = flights()
    content = to_bytes("parquet", frame)
    assert pq.ParquetFile(io.BytesIO(content)).num_row_groups == 2
    exact(frame, from_bytes("parquet", content))


def test_levels_of_a_multiindex_keep_their_order_and_unused_values(round_trip, exact):
    levels = [["unused", "b", "a"], pd.date_range("2026", periods=2, freq="D")]
    index = pd.MultiIndex(levels, [[2, 1, -1], [0, 1, 1]], names=["letter", ("day", 1)])
    frame = pd.DataFrame({"x": [1, 2, 3]}, index=index)
    exact(frame, round_trip("parquet", frame))


@pytest.mark.parametrize("labels", [["a", "a"], [1, 2], ["__index_level_0__", "a"], [None, "a"]])
def test_labels_that_are_no_unique_texts_are_kept_beside_the_table(labels, round_trip, exact):
    frame = pd.DataFrame([[1, 2.5]], index=pd.Index(["row"]))
    frame.columns = pd.Index(labels, dtype=object)
    exact(frame, round_trip("parquet", frame))


def test_columns_of_arrow_types_come_back_as_such(round_trip, exact):
    kinds = {"i": "int64[pyarrow]", "s": "string[pyarrow]", "f": "double[pyarrow]"}
    frame = pd.DataFrame({"i": [1, None], "s": ["x", None], "f": [1.5, None]}, dtype=object).astype(kinds)
    frame["s"] = frame["s"].astype(pd.ArrowDtype(pa.string()))
    exact(frame, round_trip("parquet", frame))


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([None, np.nan, "x"], dtype=object),
        pd.Series([1, "x"], dtype=object),
        pd.Series(["\ud800"], dtype=object),
        pd.Series(np.array([2**62], "M8[s]").view("i8").astype("M8[s]")).dt.as_unit("s"),
        pd.Series([1j]),
        pd.Series(pd.interval_range(0, 2)),
    ],
    ids=["mixed missing", "mixed", "surrogate", "beyond milliseconds", "complex", "interval"],
)
def test_what_parquet_would_change_is_refused_and_left_to_the_columns_format(column, to_bytes, round_trip, exact):
    frame = column.to_frame("x")
    with pytest.raises(SerializationError):
        to_bytes("parquet", frame)
    assert "columns" in [serializer.name for serializer in serializers_for(frame)]
    exact(frame, round_trip("columns", frame))


def test_many_categories_are_left_to_the_columns_format(to_bytes):
    with pytest.raises(SerializationError, match="categories"):
        to_bytes("parquet", pd.Series(pd.Categorical(range(70_000))))


def test_what_is_read_may_be_written_to(round_trip):
    frame = round_trip("parquet", pd.DataFrame({"a": [1, 2], "f": [0.5, 1.5]}))
    frame.loc[0, "a"] = 7
    frame["f"].to_numpy()
    assert frame["a"].tolist() == [7, 2]


def test_without_pyarrow_reading_says_what_to_install(to_bytes, tmp_path):
    (tmp_path / "frame").write_bytes(to_bytes("parquet", flights()))
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "import pandas as pd\n"
        "from mlopskit.storage.serializers import serializer_named, serializers_for\n"
        "print([serializer.name for serializer in serializers_for(pd.DataFrame())])\n"
        "from mlopskit.errors import MissingDependencyError\n"
        "try: serializer_named('parquet').read(open(sys.argv[1], 'rb'), 1)\n"
        "except MissingDependencyError as error: print(error)"
    )
    command = [sys.executable, "-W", "ignore", "-c", code, str(tmp_path / "frame")]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert output.splitlines() == [
        "['columns', 'cloudpickle']",
        "this was kept as Parquet: pip install 'mlopskit[parquet]'",
    ]


def test_processes_that_end_right_after_reading_end_well(tmp_path, to_bytes):
    (tmp_path / "frame").write_bytes(to_bytes("parquet", pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})))
    program = (
        "import io, sys\nfrom mlopskit.storage.serializers import serializer_named\n"
        "serializer_named('parquet').read(io.BytesIO(open(sys.argv[1], 'rb').read()), 1)"
    )

    def code(_):
        return subprocess.run([sys.executable, "-c", program, tmp_path / "frame"], check=False).returncode

    with ThreadPoolExecutor(6) as threads:  # Arrow's threads were slow to start when there was much else to do
        assert set(threads.map(code, range(24))) == {0}
