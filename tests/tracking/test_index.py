import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.errors import DamagedError, PermissionDeniedError
from mlopskit.storage.identifiers import new_id
from mlopskit.storage.store import Store
from mlopskit.tracking import index
from mlopskit.tracking.index import forget, read_index
from mlopskit.tracking.lifecycle import Lifecycle
from mlopskit.tracking.run_columns import RunColumns
from mlopskit.tracking.snapshot import decode_snapshot, encode_snapshot

VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
)  # fmt: skip
PARAMS = st.dictionaries(st.sampled_from("abc"), VALUES)
SUMMARIES = st.dictionaries(
    st.sampled_from(["loss", "auc"]),
    st.fixed_dictionaries({part: st.floats(allow_nan=False) for part in ("last", "min", "max", "mean", "count")}),
)
STATES = st.lists(
    st.fixed_dictionaries({"id": st.text(min_size=1, max_size=4), "params": PARAMS, "summaries": SUMMARIES}), max_size=6
)


def table(columns):
    """All that a table says, as plain values."""
    return [
        (kind, name, part, columns.column(kind, name, part).values.tolist())
        for kind, name in sorted(columns.parts)
        for part in sorted(columns.parts[kind, name])
        if columns.column(kind, name, part).present.any()
    ]


@settings(max_examples=60, deadline=None)
@given(STATES)
def test_a_snapshot_gives_back_every_cell_with_its_type(states):
    columns = RunColumns.of(states)
    again = decode_snapshot(encode_snapshot(columns))
    assert repr(table(again)) == repr(table(columns))
    assert again.count == len(states)


@settings(max_examples=60, deadline=None)
@given(STATES, STATES, st.data())
def test_tables_are_cut_and_joined_as_lists_are(some, others, data):
    kept = np.array(data.draw(st.lists(st.booleans(), min_size=len(some), max_size=len(some))), dtype=bool)
    joined = RunColumns.of(some).only(kept).followed_by(RunColumns.of(others))
    expected = [state for state, keep in zip(some, kept, strict=True) if keep] + others
    assert repr(table(joined)) == repr(table(RunColumns.of(expected)))


@settings(max_examples=40, deadline=None)
@given(STATES, st.data())
def test_a_snapshot_that_was_cut_or_changed_is_refused(states, data):
    whole = encode_snapshot(RunColumns.of(states))
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = bytearray(whole)
    changed[place] ^= data.draw(st.integers(1, 255))
    for damaged in (whole[:place], bytes(changed)):
        with pytest.raises(DamagedError):
            decode_snapshot(damaged)


def names(store):
    column = read_index(store).column("run", "name")
    return sorted(column.values.tolist()) if column else []


def test_runs_are_found_before_and_after_they_are_folded(tracker, monkeypatch):
    monkeypatch.setattr(index, "_LEAST_FOLDED", 5)
    for number in range(20):
        with tracker.start_run(f"{number:02}"):
            pass
        assert names(tracker.store) == [f"{known:02}" for known in range(number + 1)]
    assert len(tracker.store.list("index/live")) <= 6
    assert len(tracker.store.list("index/snapshot")) == 1


def test_what_changes_after_a_run_was_folded_is_seen(tracker, monkeypatch):
    monkeypatch.setattr(index, "_LEAST_FOLDED", 0)
    with tracker.start_run("a", tags={"stage": "dev"}) as run:
        pass
    assert names(tracker.store) == ["a"]
    assert tracker.store.list("index/live") == []
    tracker.get_run(run.id).set_tags({"stage": "prod"})
    assert tracker.runs("tags.stage = 'prod'")["name"].tolist() == ["a"]
    with tracker.start_run(resume=run.id):
        assert tracker.runs("status = 'running'")["name"].tolist() == ["a"]
    assert tracker.runs()["status"].tolist() == ["finished"]


def test_an_index_that_was_lost_or_damaged_is_made_anew(tracker):
    with tracker.start_run("a") as run:
        run.log_metric("loss", 0.5)
    before = tracker.runs()
    tracker.store.delete(*tracker.store.list("index"))
    assert tracker.runs().to_dict("list") == before.to_dict("list")
    (snapshot,) = tracker.store.list("index/snapshot")
    tracker.store.replace(snapshot, b"MIDX garbage")
    index._cached.clear()
    assert tracker.runs().to_dict("list") == before.to_dict("list")


def test_a_torn_live_object_is_replaced_by_the_run_itself(tracker):
    with tracker.start_run("a") as run:
        run.log_metric("loss", 0.5)
    tracker.runs()
    with tracker.start_run("b") as run:
        run.log_metric("loss", 0.25)
    (shown,) = (name for name in tracker.store.list("index/live") if run.id in name)
    tracker.store.replace(shown, b'{"v":1,"n"')
    assert tracker.runs()["metrics.loss"].tolist() == [0.25, 0.5]


def test_forgotten_runs_are_found_no_more(tracker, monkeypatch):
    monkeypatch.setattr(index, "_LEAST_FOLDED", 0)
    runs = {}
    for name in "abc":
        with tracker.start_run(name) as runs[name]:
            pass
    assert names(tracker.store) == ["a", "b", "c"]
    forget(tracker.store, {runs["b"].id})
    index._cached.clear()
    assert names(tracker.store) == ["a", "c"]


def test_readers_who_fold_at_once_lose_no_run(tmp_path, monkeypatch):
    monkeypatch.setattr(index, "_LEAST_FOLDED", 2)
    url = str(tmp_path / "store")
    errors, done = [], threading.Event()

    def read():
        while not done.is_set():
            try:
                before = len(made)
                known = len(names(Store(url)))
                if known < before:
                    errors.append((known, before))
            except Exception as error:
                errors.append(error)

    made = []

    def write():
        for _ in range(40):
            lifecycle = Lifecycle(Store(url), new_id())
            lifecycle.change("start", {"id": lifecycle.log.folder[-26:], "name": "x", "experiment": "e"})
            end = {"session": "", "status": "finished", "error": "", "seconds": 1.0, "summaries": {}}
            lifecycle.change("end", end)
            index_live(lifecycle)
            made.append(lifecycle)

    def index_live(lifecycle):
        from mlopskit.tracking.live import announce_change

        announce_change(lifecycle.log.store, lifecycle.state, lifecycle.number)

    readers = [threading.Thread(target=read) for _ in range(3)]
    writers = [threading.Thread(target=write) for _ in range(3)]
    for thread in [*readers, *writers]:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()
    assert errors == []
    index._cached.clear()
    assert len(names(Store(url))) == 120


def test_a_store_that_can_not_be_written_is_searched_all_the_same(tracker, monkeypatch):
    with tracker.start_run("a"):
        pass
    assert names(tracker.store) == ["a"]
    with tracker.start_run("b"):
        pass

    def refused(*_, **__):
        raise PermissionDeniedError("read only")

    monkeypatch.setattr(index, "_LEAST_FOLDED", 0)
    monkeypatch.setattr(Store, "create", refused)
    assert names(tracker.store) == ["a", "b"]
