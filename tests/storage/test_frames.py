import sys

import numpy as np
import pandas as pd
import pytest

from mlopskit.errors import MissingDependencyError
from mlopskit.storage.frames import frames_in

FRAME = pd.DataFrame(
    {
        "distance": pd.array([2475, 733, None], dtype="Int64"),
        "origin": ["JFK", "LGA", "EWR"],
        "carrier": pd.Categorical(["AA", "UA", "AA"]),
    },
    index=pd.Index([11, 1545, 1714], name="flight"),
)


def assert_same(given):
    pd.testing.assert_frame_equal(given, FRAME, check_dtype=False, check_index_type=False)


def test_a_frame_of_pandas_is_given_as_it_is():
    (given,) = frames_in(FRAME)
    assert given is FRAME


def test_chunks_are_read_one_at_a_time():
    taken = []

    def chunks():
        for place in range(3):
            taken.append(place)
            yield FRAME.iloc[[place]]

    found = frames_in(chunks())
    assert next(found).index.tolist() == [11]
    assert taken == [0]
    assert [frame.index[0] for frame in found] == [1545, 1714]


def test_a_table_keeps_ints_text_categories_and_the_index_that_pandas_wrote():
    pa = pytest.importorskip("pyarrow")
    (given,) = frames_in(pa.Table.from_pandas(FRAME))
    assert given.dtypes.astype(str).tolist() == ["int64[pyarrow]", "string", "category"]
    assert_same(given)


def test_a_whole_number_beyond_a_float_stays_itself_beside_a_missing_one():
    pa = pytest.importorskip("pyarrow")
    (given,) = frames_in(pa.table({"x": [2**53 + 1, None]}))
    assert given["x"][0] == 2**53 + 1


def test_a_reader_of_batches_is_read_batch_by_batch():
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"x": range(10)})
    assert [len(frame) for frame in frames_in(table.to_reader(max_chunksize=4))] == [4, 4, 2]
    assert [len(frame) for frame in frames_in(table.to_batches(max_chunksize=4))] == [4, 4, 2]


def test_rows_without_an_index_are_numbered_on(tmp_path):
    pa = pytest.importorskip("pyarrow")
    table = pa.Table.from_pandas(FRAME.reset_index(drop=True))
    for name in "ab":
        FRAME.reset_index(drop=True).to_parquet(tmp_path / f"{name}.parquet", row_group_size=2)
    for chunks in ([table, table], [table[:1], table[1:], table], tmp_path):
        assert [label for frame in frames_in(chunks) for label in frame.index] == [0, 1, 2, 3, 4, 5]
    assert [label for frame in frames_in([FRAME, FRAME]) for label in frame.index] == 2 * FRAME.index.tolist()


def test_files_of_parquet(tmp_path):
    pytest.importorskip("pyarrow")
    FRAME.to_parquet(tmp_path / "flights.parquet", row_group_size=2)
    for url in (tmp_path, str(tmp_path), tmp_path / "flights.parquet"):
        assert_same(pd.concat(frames_in(url)))


@pytest.mark.parametrize("rows", ["table", "path"])
def test_without_pyarrow_the_remedy_is_named(monkeypatch, tmp_path, rows):
    class Table:
        def __arrow_c_stream__(self, requested_schema=None):
            raise AssertionError("not asked without pyarrow")

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingDependencyError, match=r"install mlopskit\[parquet\]"):
        list(frames_in(Table() if rows == "table" else tmp_path))


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (3, "a int"),
        (FRAME["origin"], "a Series of str"),
        ([1, 2], "a list of int"),
        (np.ones(2), "a ndarray of float64"),
    ],
)
def test_what_is_no_frame_is_refused(wrong, named):
    with pytest.raises(TypeError, match=f"expected a DataFrame.* got {named}$"):
        list(frames_in(wrong))


def test_a_column_that_calls_itself_a_table_is_refused_with_the_remedy():
    pa = pytest.importorskip("pyarrow")
    for wrong in (pa.chunked_array([[1]]), [pa.chunked_array([[1]])]):
        with pytest.raises(TypeError, match=r"a ChunkedArray can not be read as a table .*; give a frame"):
            list(frames_in(wrong))


def test_a_table_of_types_that_arrow_lacks_is_refused_with_the_remedy():
    pl = pytest.importorskip("polars")
    for wrong, named in (
        (pl.Series([1]), "Series"),
        (pl.DataFrame({"x": pl.Series([1], dtype=pl.Int128)}), "DataFrame"),
    ):
        with pytest.raises(TypeError, match=rf"a {named} can not be read as a table .*; give a frame, of types"):
            list(frames_in(wrong))
