import os
import subprocess
import sys
import threading

import pytest

from mlopskit.errors import PermissionDeniedError
from mlopskit.pipeline import Pipeline
from mlopskit.pipeline.caching import leases as leases_module
from mlopskit.pipeline.caching.cache import Cache
from mlopskit.pipeline.caching.leases import Leases, this_host
from mlopskit.storage.canonical_json import decode, encode
from mlopskit.storage.store import Store

KEY = "ab" * 32
NAME = f"cache/leases/{KEY}.json"


def never():
    return False


def looks(leases, is_made=never):
    """Wait, and return how many times there was a pause; no more than three."""
    pauses = 0
    for _ in leases.wait(KEY, is_made):
        pauses += 1
        if pauses == 3:
            break
    return pauses


def lease_of(pid, host=None, beats=0):
    return encode({"owner": "somebody", "host": host or this_host(), "pid": pid, "beats": beats})


@pytest.fixture
def dead():
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_a_lease_is_taken_once_and_given_back(store):
    mine, other = Leases(store), Leases(store)
    lease = mine.take(KEY)
    assert lease is not None
    assert other.take(KEY) is None
    assert looks(other) == 3
    mine.release(lease, at_once=True)
    assert looks(other) == 0
    assert other.take(KEY) is not None
    other.end()


def test_leases_of_outputs_that_are_there_are_removed_together(store):
    leases = Leases(store)
    leases.release(leases.take(KEY), at_once=False)
    assert store.list("cache/leases") == [NAME]
    leases.close()
    assert store.list("cache/leases") == []


def test_nothing_is_left_behind(tmp_path):
    leases = Leases(Store(tmp_path))
    leases.release(leases.take(KEY), at_once=False)
    leases.end()
    assert not list((tmp_path / ".scratch").iterdir())


def test_a_made_output_ends_the_waiting(store):
    store.create(NAME, lease_of(os.getpid()))
    assert looks(Leases(store), is_made=lambda: True) == 0


def test_of_a_dead_owner_on_this_machine_the_lease_is_taken_over_at_once(store, dead):
    store.create(NAME, lease_of(dead))
    leases = Leases(store)
    assert leases.take(KEY) is None
    assert looks(leases) == 0
    assert leases.take(KEY) is not None
    leases.end()


def test_elsewhere_a_lease_that_does_not_change_is_waited_out(store, dead, monkeypatch):
    store.create(NAME, lease_of(dead, host="another"))
    leases = Leases(store)
    assert looks(leases) == 3
    monkeypatch.setattr(leases_module, "PATIENCE", -1.0)
    assert looks(leases) == 0
    assert store.list("cache/leases") == []


def test_a_torn_lease_is_waited_out_too(store, monkeypatch):
    store.create(NAME, b"{")
    assert looks(Leases(store)) == 3
    monkeypatch.setattr(leases_module, "PATIENCE", -1.0)
    assert looks(Leases(store)) == 0


def test_while_it_is_held_a_lease_keeps_changing(store, monkeypatch):
    monkeypatch.setattr(leases_module, "BEAT_SECONDS", 0.01)
    leases = Leases(store)
    lease = leases.take(KEY)
    while decode(store.read(NAME))["beats"] < 3:
        threading.Event().wait(0.01)
    leases.release(lease, at_once=True)
    while any(thread.name == "mlopskit-leases" for thread in threading.enumerate()):
        threading.Event().wait(0.01)
    assert store.list("cache/leases") == []


def test_a_store_that_can_not_be_written_to_keeps_nobody_waiting(store, monkeypatch):
    def refused(*arguments, **options):
        raise PermissionDeniedError("read only")

    for name in ("create", "create_from_file"):
        monkeypatch.setattr(Store, name, refused)
    leases = Leases(store)
    lease = leases.take(KEY)
    assert lease is not None
    leases.release(lease, at_once=True)


def test_a_dead_lease_that_can_not_be_removed_keeps_nobody_waiting(store, dead, monkeypatch):
    def refused(*arguments):
        raise PermissionDeniedError("no deleting")

    store.create(NAME, lease_of(dead))
    monkeypatch.setattr(Store, "delete", refused)
    leases = Leases(store)
    assert leases.take(KEY) is None
    assert looks(leases) == 0
    assert leases.take(KEY) is not None


def test_a_run_waits_for_whoever_replaces_a_torn_entry(store, monkeypatch):
    """It does not look without pause, and takes over when the other gives up."""

    def first():
        return 1

    pipeline = Pipeline([first], store=store)
    pipeline.run()
    (entry,) = store.list("cache/steps")
    store.delete(*store.list("cache/plans"), *store.list("cache/leases"))
    store.replace(entry, b"{")
    looks = []
    found = Cache.find
    monkeypatch.setattr(Cache, "find", lambda *arguments: looks.append(1) or found(*arguments))
    other = Leases(store)
    lease = other.take(entry.rsplit("/", 1)[-1].removesuffix(".json"))
    threading.Timer(0.5, other.release, (lease,), {"at_once": True}).start()
    with pytest.warns(RuntimeWarning, match="runs again"):
        assert pipeline.run()["first"] == 1
    assert len(looks) <= 3
