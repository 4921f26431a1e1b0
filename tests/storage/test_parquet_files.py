import os
import uuid

import fsspec
import numpy as np
import pytest

from mlopskit.errors import FormatError, NotFoundError
from mlopskit.storage import parquet_files
from mlopskit.storage.parquet_files import tables_in

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def write(path, values, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"x": values}), path, **options)
    return path


def rows(url):
    return [row for table in tables_in(str(url)) for row in table.to_pylist()]


def values(url):
    return [row["x"] for row in rows(url)]


def test_the_files_of_a_folder_come_in_the_order_of_their_paths(tmp_path):
    for place, name in enumerate(["a.parquet", "b/a.PARQUET", "b/c/a.parquet", "c.snappy.parquet"]):
        write(tmp_path / name, [place])
    assert values(tmp_path) == values(f"{tmp_path}/") == [0, 1, 2, 3]


def test_what_others_keep_beside_the_data_is_passed_over(tmp_path):
    write(tmp_path / "a.parquet", [1])
    for name in ("_metadata.parquet", ".b.parquet", "_temporary/c.parquet", ".trash/d/e.parquet"):
        write(tmp_path / name, [2])
    for name in ("_SUCCESS", "a.parquet.crc", "notes.txt"):
        (tmp_path / name).write_bytes(b"no Parquet")
    assert values(tmp_path) == [1]


def test_a_file_is_read_whatever_its_name(tmp_path):
    assert values(write(tmp_path / "_part-0", [1, 2])) == [1, 2]


def test_a_folder_behind_a_link_is_read(tmp_path):
    write(tmp_path / "elsewhere" / "a.parquet", [1])
    (tmp_path / "flights").mkdir()
    (tmp_path / "flights" / "linked").symlink_to(tmp_path / "elsewhere")
    assert values(tmp_path / "flights") == [1]


@pytest.mark.parametrize("protocol", ["memory", pytest.param("s3", marks=pytest.mark.s3)])
def test_files_elsewhere(protocol, tmp_path, request, monkeypatch):
    options = request.getfixturevalue("s3_options") if protocol == "s3" else {}
    url = f"{'s3://team' if protocol == 's3' else 'memory:/'}/{uuid.uuid4().hex}"
    monkeypatch.setitem(fsspec.config.conf, protocol, options)
    filesystem = fsspec.filesystem(protocol)
    for place, name in enumerate(["month=1/a.parquet", "month=2/a.parquet", "month=2/_b.parquet"]):
        filesystem.pipe_file(f"{url}/{name}", write(tmp_path / name, [place]).read_bytes())
    assert rows(url) == rows(tmp_path) == [{"x": 0, "month": 1}, {"x": 1, "month": 2}]
    assert rows(f"{url}/month=2/a.parquet") == [{"x": 1}]
    with pytest.raises(NotFoundError, match=r"month=3 does not exist in"):
        rows(f"{url}/month=3")


# -- partitions of Hive ----------------------------------------------------------------------


def test_names_of_partitions_are_columns_as_in_pandas(tmp_path):
    table = pa.table({"x": [1, 2, 3], "month": [1, 2, 10], "origin": ["JFK", "a/b c", None]})
    pq.write_to_dataset(table, tmp_path, partition_cols=["month", "origin"])
    assert sorted(rows(tmp_path), key=lambda row: row["x"]) == table.to_pylist()
    assert {str(found.schema.field("month").type) for found in tables_in(str(tmp_path))} == {"int64"}


def test_one_type_for_all_files(tmp_path):
    for name in ("code=07/a.parquet", "code=B6/a.parquet", "a.parquet"):
        write(tmp_path / name, [1])
    found = list(tables_in(str(tmp_path)))
    assert [row["code"] for table in found for row in table.to_pylist()] == [None, "07", "B6"]
    assert {str(table.schema.field("code").type) for table in found} == {"string"}


def test_a_column_of_the_file_is_the_file_s(tmp_path):
    write(tmp_path / "x=5" / "a.parquet", [1, 2])
    assert rows(tmp_path) == [{"x": 1}, {"x": 2}]


# -- memory ----------------------------------------------------------------------------------


def test_a_folder_larger_than_what_is_held_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_files, "ROWS_AT_ONCE", 1000)
    noise = pa.array(np.random.default_rng(0).normal(size=500_000))
    for place in range(4):
        write(tmp_path / f"{place}.parquet", noise, row_group_size=500_000)
    size = sum(path.stat().st_size for path in tmp_path.iterdir())
    before = pa.total_allocated_bytes()
    count = most = 0
    for table in tables_in(str(tmp_path)):
        assert len(table) <= 1000
        count += len(table)
        most = max(most, pa.total_allocated_bytes() - before)
    assert count == 2_000_000
    assert most < size / 5


def test_a_file_without_rows_still_says_its_columns(tmp_path):
    (table,) = tables_in(str(write(tmp_path / "a.parquet", pa.array([], pa.int64()))))
    assert table.num_rows == 0
    assert table.column_names == ["x"]


# -- what is no Parquet ----------------------------------------------------------------------


def test_nothing_there(tmp_path):
    with pytest.raises(NotFoundError, match=r"gone does not exist in .*check the name"):
        rows(tmp_path / "gone")


def test_a_folder_without_parquet(tmp_path):
    (tmp_path / "a.csv").write_text("x\n1")
    with pytest.raises(NotFoundError, match=rf"There is no Parquet file in {tmp_path}: .*read_csv\(\.\.\., chunksize="):
        rows(tmp_path)


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_a_csv(tmp_path, name):
    (tmp_path / name).write_text("x\n1")
    with pytest.raises(FormatError, match=rf"{name} is no Parquet file; .*read_csv\(\.\.\., chunksize="):
        rows(tmp_path / name)


def test_a_file_that_is_cut_off(tmp_path):
    path = write(tmp_path / "a.parquet", list(range(100)))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(FormatError, match=r"a\.parquet can not be read as Parquet .*check that it is whole"):
        rows(path)


def test_a_folder_that_may_not_be_read_is_no_empty_one(tmp_path, monkeypatch):
    write(tmp_path / "closed" / "a.parquet", [1])
    write(tmp_path / "b.parquet", [2])
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(PermissionError, match="refused"):
        rows(tmp_path)
