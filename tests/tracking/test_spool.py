import os
import struct

import pytest

from mlopskit.storage.store import Store
from mlopskit.tracking.spool import POINT, Part, part_path, read_part, spool_folder


def put(part, step, value):
    POINT.pack_into(part.buffer, part.next_offset(), step, 7, value, 1)


@pytest.mark.parametrize("on_disk", [True, False])
def test_a_part_gives_back_what_was_packed_into_it(tmp_path, on_disk):
    part = Part(part_path(tmp_path, "w", 5) if on_disk else None, first=5, capacity=3)
    put(part, -1, 0.5)
    put(part, 2**62, 0.25)
    records = part.records()
    assert len(records) == 3
    assert records["step"][:2].tolist() == [-1, 2**62]
    assert records["value"][:2].tolist() == [0.5, 0.25]
    assert [part.is_written(number) for number in (5, 6, 7, 8)] == [True, True, False, False]


def test_a_full_part_takes_no_more(tmp_path):
    part = Part(part_path(tmp_path, "w", 0), first=0, capacity=1)
    put(part, 0, 0.0)
    with pytest.raises(struct.error):
        put(part, 1, 1.0)
    assert part.is_written(0)


def test_what_a_dead_writer_left_is_read_also_if_the_file_is_cut(tmp_path):
    path = part_path(tmp_path, "w", 42)
    part = Part(path, first=42, capacity=2)
    put(part, 7, 0.5)
    assert path.stat().st_size == 2 * POINT.size
    assert path.stat().st_blocks > 0  # allocated, so that a full disk refuses the part and not some later write
    first, records = read_part(path)
    assert (first, records["step"].tolist()) == (42, [7, 0])
    with path.open("r+b") as file:
        file.truncate(POINT.size + 3)
    assert read_part(path)[1]["step"].tolist() == [7]


def test_a_removed_part_refuses_points_and_its_file_is_gone(tmp_path):
    part = Part(part_path(tmp_path, "w", 0), first=0, capacity=2)
    part.remove()
    with pytest.raises((TypeError, ValueError), match="mmap"):
        put(part, 0, 0.0)
    assert list(tmp_path.iterdir()) == []


def test_two_writers_never_share_a_part(tmp_path):
    Part(part_path(tmp_path, "w", 0), first=0, capacity=1)
    with pytest.raises(FileExistsError):
        Part(part_path(tmp_path, "w", 0), first=0, capacity=1)


def test_points_wait_beside_a_local_store_and_else_among_the_users_state(tmp_path, monkeypatch):
    assert spool_folder(Store(tmp_path / "store")) == tmp_path / "store" / ".spool"
    assert spool_folder(Store("memory://x")) is None
    pytest.importorskip("s3fs")
    team, other = Store("s3://team/flights"), Store("s3://team/other")
    monkeypatch.setenv("MLOPSKIT_SPOOL", os.fspath(tmp_path / "spool"))
    assert spool_folder(team).parent == tmp_path / "spool"
    assert spool_folder(team) != spool_folder(other)
    monkeypatch.delenv("MLOPSKIT_SPOOL")
    monkeypatch.setenv("XDG_STATE_HOME", os.fspath(tmp_path / "state"))
    assert spool_folder(team).is_relative_to(tmp_path / "state")
