"""A file for a blob's bytes: in memory, then on the disk, and rightly named wherever it ends."""

import os
import subprocess
import sys
from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.errors import StoreError
from mlopskit.storage import blob_writer
from mlopskit.storage.blob import Blob
from mlopskit.storage.blob_writer import BLOCK, BlobWriter
from mlopskit.storage.store import Store

MEMORY = Store("memory://blob-writer")


def scratch_files():
    return list(MEMORY.scratch().iterdir())


@given(pieces=st.lists(st.binary(max_size=50), max_size=10), in_memory=st.integers(0, 200))
@settings(max_examples=60, deadline=None)
def test_the_name_is_that_of_all_bytes_wherever_they_lie(pieces, in_memory):
    whole = b"".join(pieces)
    with BlobWriter(MEMORY, in_memory) as file:
        assert [file.write(memoryview(piece)) for piece in pieces] == [len(piece) for piece in pieces]
        file.finish()
        assert file.blob == Blob.of(whole)
        if len(whole) <= in_memory:
            assert file.content == whole
        else:
            assert file.content is None
            assert file.path.read_bytes() == whole
    assert scratch_files() == []


def test_big_and_small_pieces_are_hashed_in_their_order():
    pieces = [os.urandom(size) for size in (10, 3 * BLOCK, 7, BLOCK - 1, BLOCK, 1)]
    with BlobWriter(MEMORY, 100) as file:
        for piece in pieces:
            file.write(piece)
        file.finish()
    assert file.blob == Blob.of(b"".join(pieces))


def test_arrays_are_written_as_they_lie():
    numbers = np.arange(BLOCK, dtype="<i4")
    with BlobWriter(MEMORY, 0) as file:
        assert file.write(numbers) == numbers.nbytes
        file.finish()
    assert file.blob == Blob.of(numbers.tobytes())


def test_a_value_that_changes_while_it_is_written_is_not_misnamed():
    numbers = np.zeros(4 * BLOCK, np.uint8)
    with BlobWriter(MEMORY, 0) as file:
        file.write(numbers)
        numbers[:] = 1
        file.finish()
        assert file.blob == Blob.of(file.path.read_bytes())


def test_what_was_not_finished_leaves_nothing():
    with BlobWriter(MEMORY, 0) as file:
        file.write(b"half")
        assert len(scratch_files()) == 1
    assert scratch_files() == []


def test_big_bytes_are_kept_even_while_the_interpreter_ends(tmp_path):
    program = (
        "import atexit, io, sys\nfrom mlopskit.storage.blobs import Blobs\n"
        "atexit.register(lambda: print(Blobs(sys.argv[1]).put(io.BytesIO(b'x' * (3 << 20))).digest))\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "store"], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == Blob.of(b"x" * (3 << 20)).digest


def test_a_disk_that_fails_is_named(monkeypatch):
    monkeypatch.setattr(blob_writer.hashlib, "sha256", Mock(side_effect=OSError(5, "Input/output error")))
    with BlobWriter(MEMORY, 0) as file:
        file.write(b"bytes")
        with pytest.raises(StoreError, match="Input/output error"):
            file.finish()
