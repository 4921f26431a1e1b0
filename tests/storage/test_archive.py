import io
import time
from zipfile import ZipFile

import pytest

from mlopskit.storage.archive import new_archive


def test_the_same_content_is_the_same_bytes(tmp_path):
    for name in ("one.zip", "other.zip"):
        with new_archive(tmp_path / name) as archive:
            archive.add("a/b.txt", b"hello" * 1000)
            archive.add("c.bin", io.BytesIO(bytes(10)))
            time.sleep(0.01)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "other.zip").read_bytes()
    with ZipFile(tmp_path / "one.zip") as file:
        assert file.testzip() is None
        assert (file.read("a/b.txt"), file.read("c.bin")) == (b"hello" * 1000, bytes(10))


def test_an_error_leaves_nothing(tmp_path):
    def write_and_fail():
        with new_archive(tmp_path / "x.zip") as archive:
            archive.add("a", b"hello")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(tmp_path):
    (tmp_path / "x.zip").write_text("mine")
    with pytest.raises(FileExistsError, match="another file"), new_archive(tmp_path / "x.zip"):
        pass
    assert (tmp_path / "x.zip").read_text() == "mine"
