import os
import pathlib

import pytest

from mlopskit.storage.file_content import file_digest


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "data.csv"
    file.write_text("1")
    return file


def test_content_counts_and_nothing_else(file, tmp_path):
    first = file_digest(file)
    file.touch()
    assert file_digest(file) == first
    other = tmp_path / "other.csv"
    other.write_text("1")
    assert file_digest(other) == first
    other.write_text("2")
    assert file_digest(other) != first


def test_an_edit_of_the_same_size_within_the_same_tick_is_seen(file):
    digests = set()
    for number in range(10):
        file.write_text(str(number))
        digests.add(file_digest(file))
    assert len(digests) == 10


def test_an_edit_that_sets_the_time_back_is_seen(file):
    before, status = file_digest(file), file.stat()
    file.write_text("2")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert file_digest(file) != before


def test_a_file_that_is_old_enough_is_read_once(file, monkeypatch):
    monkeypatch.setattr("mlopskit.storage.file_content._SETTLED_NS", 0)
    first = file_digest(file)
    monkeypatch.setattr(pathlib.Path, "open", None)
    assert file_digest(file) == first


def test_a_relative_path_is_that_of_the_folder_one_is_in(tmp_path, monkeypatch):
    digests = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "data.csv").write_text(name)
        monkeypatch.chdir(tmp_path / name)
        digests.add(file_digest(pathlib.Path("data.csv")))
    assert len(digests) == 2


def test_what_is_not_there(tmp_path):
    with pytest.raises(OSError, match="nothing"):
        file_digest(tmp_path / "nothing")
