"""Garbage: what nothing names goes, what something names stays, however writers and collectors interleave."""

import json
import os
import random
import threading
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.errors import NotFoundError
from mlopskit.storage import condemned as condemned_module
from mlopskit.storage.blobs import Blobs
from mlopskit.storage.commit import Change, Commit
from mlopskit.storage.condemned import Condemned, blob_name
from mlopskit.storage.garbage import Garbage, collect_garbage
from mlopskit.storage.log import CommitLog
from mlopskit.storage.store import Store

SOME, OTHER = b"something", b"another thing"


def reference(blob):
    return {"digest": blob.digest, "size": blob.size}


def refer(store, name, blob):
    """Name a blob in a record, as the rooms do, and return the record."""
    record = {"kept": [reference(blob)]}
    store.create(f"records/{name}.json", json.dumps(record).encode())
    return record


def test_what_nothing_names_is_deleted_and_the_rest_stays(store):
    blobs = Blobs(store)
    kept, in_log, garbage = blobs.put(SOME), blobs.put(OTHER), blobs.put(b"nobody")
    refer(store, "a", kept)
    CommitLog(store, "models/m", initial=0, apply=lambda state, _: state).commit(
        lambda _: Change("register", {"model": reference(in_log)})
    )
    assert collect_garbage(store) == Garbage(1, 6)
    assert blobs.read(kept) == SOME
    assert blobs.read(in_log) == OTHER
    with pytest.raises(NotFoundError):
        blobs.read(garbage)
    assert collect_garbage(store) == Garbage(0, 0)


def test_an_empty_store_has_no_garbage(store):
    assert collect_garbage(store) == Garbage(0, 0)
    assert store.list() == []


def test_other_peoples_files_among_the_blobs_are_left_alone(local):
    Blobs(local).put(SOME)
    local.create("blobs/notes.txt", b"mine")
    collect_garbage(local)
    assert local.list("blobs") == ["blobs/notes.txt"]


def test_content_that_was_collected_can_be_kept_again(store):
    blobs = Blobs(store)
    refused = blobs.put(SOME)
    collect_garbage(store)
    blob = blobs.put(SOME)
    assert blob == refused
    record = refer(store, "a", blob)
    while not blobs.spares(record):
        blobs.put(SOME)
    assert collect_garbage(store).blobs <= 1
    assert Blobs(store).read(blob) == SOME
    assert blob in Blobs(store)
    with Blobs(store).open(blob) as file:
        assert file.read() == SOME
    assert Blobs(store).verify() == []


def test_a_writer_that_was_overlooked_writes_again_under_a_name_that_nobody_deletes(store):
    blobs = Blobs(store)
    blob = blobs.put(SOME)
    Condemned(store).add([blob_name(blob.digest)])
    record = refer(store, "a", blob)  # after the collector's last look
    assert not blobs.spares(record)
    assert blobs.put(SOME) == blob
    assert blobs.spares(record)
    store.delete(blob_name(blob.digest))  # the collector goes on at last
    assert blobs.read(blob) == SOME


@pytest.mark.parametrize("size", [10, 5_000])
def test_a_file_that_was_condemned_is_written_again_too(store, size, monkeypatch):
    monkeypatch.setattr("mlopskit.storage.blobs.IN_MEMORY", 1_000)
    monkeypatch.setattr("mlopskit.storage.blobs.WRITTEN_AT_ONCE", 1_000)
    content = os.urandom(size)
    blobs = Blobs(store)
    with blobs.writer() as file:
        file.write(content)
    Condemned(store).add([blob_name(file.blob.digest)])
    record = refer(store, "a", file.blob)
    assert not blobs.spares(record)
    with blobs.writer() as file:
        file.write(content)
    assert blobs.spares(record)
    store.delete(blob_name(file.blob.digest))
    with blobs.open(file.blob) as kept:
        assert kept.read() == content


def test_a_later_copy_that_nothing_names_is_garbage_too(local):
    blobs = Blobs(local)
    blob = blobs.put(SOME)
    Condemned(local).add([blob_name(blob.digest)])
    assert not blobs.spares({"kept": reference(blob)})
    blobs.put(SOME)
    assert len(local.list("blobs")) == 2
    assert collect_garbage(local).blobs == 2
    assert local.list("blobs") == []
    assert not blobs.spares({"kept": reference(blob)})
    blobs.put(SOME)
    assert local.list("blobs") == [blob_name(blob.digest, 2)]


def test_what_was_condemned_long_ago_is_forgotten():
    def commit(number, time, copies):
        return Commit(number, "", "id", time, "ana", Change("condemn", {"copies": copies}), "")

    state = condemned_module._apply({}, commit(1, "2026-01-01T00:00:00+00:00", {"a": 0, "b": 1}))
    state = condemned_module._apply(state, commit(2, "2026-01-20T00:00:00+00:00", {"b": 0}))
    assert state["b"] == [1, "2026-01-20T00:00:00+00:00"]
    state = condemned_module._apply(state, commit(3, "2026-02-05T00:00:00+00:00", {"c": 0}))
    assert sorted(state) == ["b", "c"]


def test_many_names_are_condemned_in_several_commits(local, monkeypatch):
    monkeypatch.setattr(condemned_module, "_NAMES_A_COMMIT", 2)
    blobs = Blobs(local)
    for number in range(5):
        blobs.put(b"%d" % number)
    assert collect_garbage(local).blobs == 5
    assert len(local.list("garbage/log")) == 3


class SteppedStore(Store):
    """A store whose every request waits for its turn, so that a test decides how requests interleave."""

    turn = None

    def _attempt(self, name, operation):
        if self.turn is not None:
            self.turn.wait()
        return super()._attempt(name, operation)


class Turns:
    """Lets one of several threads go on at a time: the most urgent one, until at some point it becomes the least.

    A few such points, at random, find most of what can go wrong (probabilistic concurrency testing,
    Burckhardt et al. 2010).
    """

    def __init__(self, seed):
        self._random = random.Random(seed)
        self._condition = threading.Condition()
        self._urgency = {}
        self._waiting, self._working, self._chosen = set(), 0, None

    def work(self, job):
        with self._condition:
            self._working += 1
        thread = threading.Thread(target=self._run, args=(job,))
        thread.start()
        return thread

    def _run(self, job):
        try:
            job()
        finally:
            with self._condition:
                self._working -= 1
                self._choose()

    def wait(self):
        me = threading.get_ident()
        with self._condition:
            self._waiting.add(me)
            self._choose()
            assert self._condition.wait_for(lambda: self._chosen == me, timeout=30)
            self._chosen = None
            self._waiting.remove(me)

    def _choose(self):
        if self._chosen is None and self._waiting and len(self._waiting) == self._working:
            for thread in self._waiting - self._urgency.keys():
                self._urgency[thread] = self._random.random()
            if self._random.random() < 0.15:
                self._urgency[max(self._waiting, key=self._urgency.get)] = min(self._urgency.values()) - 1
            self._chosen = max(self._waiting, key=self._urgency.get)
            self._condition.notify_all()


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_nothing_that_is_named_is_lost_however_requests_interleave(seed):
    url = f"memory://{uuid.uuid4().hex}"
    store = Store(url)
    contents = [b"first", b"second"]
    for content in contents:
        Blobs(store).put(content)
    acknowledged = []

    def write(content):
        mine = SteppedStore(url)
        mine.turn = turns
        blobs = Blobs(mine)
        record = refer(mine, uuid.uuid4().hex, blob := blobs.put(content))
        while not blobs.spares(record):
            blobs.put(content)
        acknowledged.append((blob, content))

    def collect():
        mine = SteppedStore(url)
        mine.turn = turns
        collect_garbage(mine)

    turns = Turns(seed)
    jobs = [lambda: write(contents[0]), lambda: write(contents[1]), lambda: write(contents[0]), collect, collect]
    with turns._condition:  # nobody goes on before all are there
        threads = [turns.work(job) for job in jobs]
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    assert len(acknowledged) == 3
    for blob, content in acknowledged:
        assert Blobs(store).read(blob) == content


def test_the_newest_of_many_copies_is_read_and_foreign_files_are_not(local):
    blobs = Blobs(local)
    blob = blobs.put(SOME)
    for copy in (9, 10):
        local.create(blob_name(blob.digest, copy), SOME if copy == 10 else b"soon gone")
    local.create(f"{blob_name(blob.digest)}.notes", b"mine")
    local.delete(blob_name(blob.digest))
    assert blobs.read(blob) == SOME
