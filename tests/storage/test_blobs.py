"""Bytes named by their content: exact, deduplicated, never returned damaged, in bounded memory."""

import hashlib
import io
import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.errors import DamagedError, NotFoundError
from mlopskit.storage import blobs as blobs_module
from mlopskit.storage.blobs import EMPTY, Blob, Blobs
from mlopskit.storage.condemned import Condemned, blob_name

CONTENT = os.urandom(300_000)


@pytest.fixture
def tiny_memory(monkeypatch):
    """Make everything over a kilobyte count as big."""
    monkeypatch.setattr(blobs_module, "IN_MEMORY", 1_000)
    monkeypatch.setattr(blobs_module, "WRITTEN_AT_ONCE", 1_000)


def test_content_comes_back_under_its_sha256(store):
    blobs = Blobs(store)
    blob = blobs.put(CONTENT)
    assert blob == Blob(hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
    assert blobs.read(blob) == CONTENT
    assert blob in blobs
    assert blobs.verify() == []


@pytest.mark.usefixtures("tiny_memory")
def test_big_content_is_streamed_in_and_out(store, tmp_path):
    blobs, path = Blobs(store), tmp_path / "file"
    path.write_bytes(CONTENT)
    blob = blobs.put(path)
    assert blobs.put(io.BytesIO(CONTENT)) == blobs.put(CONTENT) == blob
    with blobs.open(blob) as file:
        assert file.read(10) == CONTENT[:10]
        file.seek(-5, os.SEEK_END)
        assert file.read() == CONTENT[-5:]
    blobs.download(blob, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == CONTENT
    assert len(store.list("blobs")) == 1


def test_empty_content_needs_no_file(store):
    blobs = Blobs(store)
    assert blobs.put(b"") == blobs.put(io.BytesIO(b"")) == EMPTY
    assert blobs.read(EMPTY) == b""
    assert EMPTY in blobs
    assert store.list("blobs") == []


def test_a_writer_that_fails_leaves_nothing(local):
    def fail(file):
        file.write(CONTENT)
        raise RuntimeError("half-way")

    with pytest.raises(RuntimeError), Blobs(local).writer() as file:
        fail(file)
    assert local.list() == []
    assert list(local.scratch().iterdir()) == []


def test_a_missing_blob_is_named(store):
    blobs, blob = Blobs(store), Blob("ab" * 32, 5)
    assert blob not in blobs
    with pytest.raises(NotFoundError, match=blob.digest):
        blobs.read(blob)
    assert blob.digest in blobs.verify([blob])[0]


@pytest.mark.parametrize("size", [1_000, 10**9], ids=["big", "small"])
@pytest.mark.parametrize("damage", ["truncated", "flipped", "longer"])
def test_a_damaged_blob_is_reported_and_never_returned(local, tmp_path, monkeypatch, damage, size):
    monkeypatch.setattr(blobs_module, "IN_MEMORY", size)
    blobs = Blobs(local)
    blob = blobs.put(CONTENT)
    path = local.local_path(local.list("blobs")[0])
    spoilt = {"truncated": CONTENT[:-1], "flipped": CONTENT[:-1] + bytes([CONTENT[-1] ^ 1]), "longer": CONTENT + b"x"}
    path.write_bytes(spoilt[damage])
    with pytest.raises(DamagedError, match=blob.digest):
        blobs.read(blob)
    with pytest.raises(DamagedError), blobs.open(blob):
        pass
    with pytest.raises(DamagedError):
        blobs.download(blob, tmp_path / "copy")
    assert list(tmp_path.glob("*copy*")) == []
    assert blob.digest in blobs.verify()[0]


@pytest.mark.parametrize("size", [1_000, 10**9], ids=["big", "small"])
@pytest.mark.parametrize("damaged", [CONTENT[:100], bytes(len(CONTENT))], ids=["truncated", "overwritten"])
def test_putting_the_content_again_heals_a_damaged_blob(local, monkeypatch, size, damaged):
    monkeypatch.setattr(blobs_module, "IN_MEMORY", size)
    blobs = Blobs(local)
    blob = blobs.put(CONTENT)
    local.local_path(local.list("blobs")[0]).write_bytes(damaged)
    assert blobs.put(CONTENT) == blob
    assert blobs.read(blob) == CONTENT


def test_memory_stays_bounded_in_both_directions(tmp_path):
    program = """
import resource, sys
from pathlib import Path
from mlopskit.storage.blobs import Blobs
blobs, source, target = Blobs(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
blobs.download(blobs.put(source), target)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    source = tmp_path / "source"
    with source.open("wb") as file:
        file.truncate(200 << 20)
    answer = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "store", source, tmp_path / "target"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(answer.stdout) * unit < 32 << 20
    assert (tmp_path / "target").stat().st_size == 200 << 20


@given(pieces=st.lists(st.binary(max_size=50), max_size=10))
@settings(max_examples=40, deadline=None)
def test_how_content_is_cut_into_writes_does_not_matter(pieces):
    blobs = Blobs("memory://pieces")
    with blobs.writer() as file:
        for piece in pieces:
            file.write(memoryview(piece))
    assert file.blob == blobs.put(b"".join(pieces))
    assert blobs.read(file.blob) == b"".join(pieces)


def test_damage_of_equal_length_far_away_is_replaced_by_the_next_put():
    blobs = Blobs("memory://damage")
    blob = blobs.put(io.BytesIO(CONTENT))
    blobs.store.replace(blobs.store.list("blobs")[0], bytes(len(CONTENT)))
    assert blobs.put(io.BytesIO(CONTENT)) == blob
    assert blobs.read(blob) == CONTENT


def test_strays_among_the_blobs_do_not_stop_verification(local):
    blobs = Blobs(local)
    blobs.put(CONTENT)
    local.local_path("blobs/ab").mkdir(exist_ok=True)
    (local.local_path("blobs/ab") / "foo (1)").write_bytes(b"x")
    assert blobs.verify() == []


@pytest.fixture
def synced(monkeypatch):
    """The inodes that were synced, in their order."""
    inodes, sync = [], os.fsync

    def observed(descriptor):
        inodes.append(os.fstat(descriptor).st_ino)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", observed)
    return inodes


def inodes_of(local, blob):
    path = local.local_path(f"blobs/{blob.digest[:2]}/{blob.digest}")
    return {path.stat().st_ino, path.parent.stat().st_ino}


@pytest.fixture(params=[1_000, 10**9], ids=["big", "small"])
def any_size(request, monkeypatch):
    """Treat the content as big, and as small."""
    monkeypatch.setattr(blobs_module, "IN_MEMORY", request.param)
    monkeypatch.setattr(blobs_module, "WRITTEN_AT_ONCE", request.param)


@pytest.mark.usefixtures("any_size")
def test_a_blob_that_need_not_be_durable_is_not_synced(local, synced):
    blob = Blobs(local).put(CONTENT, durable=False)
    assert inodes_of(local, blob).isdisjoint(synced)
    assert Blobs(local).read(blob) == CONTENT


@pytest.mark.usefixtures("any_size")
def test_putting_it_again_durably_syncs_what_is_there_and_its_folder(local, synced):
    blobs = Blobs(local)
    blob = blobs.put(CONTENT, durable=False)
    before = inodes_of(local, blob)
    synced.clear()
    assert blobs.put(CONTENT) == blob
    assert before <= set(synced)
    assert inodes_of(local, blob) == before


@pytest.mark.usefixtures("any_size")
def test_putting_it_again_without_need_syncs_nothing(local, synced):
    blobs = Blobs(local)
    blobs.put(CONTENT)
    synced.clear()
    blobs.put(CONTENT, durable=False)
    assert synced == []


@pytest.mark.usefixtures("any_size")
@pytest.mark.parametrize("torn", [b"", CONTENT[:4096], bytes(len(CONTENT))], ids=["empty", "short", "zeros"])
def test_a_blob_that_a_power_loss_tore_is_written_again_durably(local, synced, torn):
    blobs = Blobs(local)
    blob = blobs.put(CONTENT, durable=False)
    local.local_path(local.list("blobs")[0]).write_bytes(torn)
    synced.clear()
    assert blobs.put(CONTENT) == blob
    assert inodes_of(local, blob) <= set(synced)
    assert blobs.read(blob) == CONTENT


def test_folders_are_on_the_disk_before_anything_relies_on_them(local, synced):
    blob = Blobs(local).put(CONTENT, durable=False)
    parents = local.local_path(f"blobs/{blob.digest[:2]}").parent, local.local_path("blobs").parent
    assert {path.stat().st_ino for path in parents} <= set(synced)


def test_few_bytes_that_the_caller_keeps_are_not_written(store):
    blobs = Blobs(store)
    with blobs.writer(inline=10) as file:
        file.write(b"ten bytes!")
    assert (file.content, file.blob) == (b"ten bytes!", Blob.of(b"ten bytes!"))
    assert store.list("blobs") == []
    with blobs.writer(inline=10) as file:
        file.write(b"eleven bytes")
    assert blobs.read(file.blob) == b"eleven bytes"


def test_a_record_s_own_content_is_no_blob_to_look_for(local):
    blobs = Blobs(local)
    blob = Blob("ab" * 32, 5)
    Condemned(local).add([blob_name(blob.digest)])
    named = {"digest": blob.digest, "size": blob.size}
    assert not blobs.spares([named])
    assert blobs.spares([named | {"content": "aGVsbG8="}])
