from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from mlopskit.errors import ConflictError, NotFoundError
from mlopskit.storage.canonical_json import decode
from mlopskit.tracking import deletion
from mlopskit.tracking.deletion import Collected
from mlopskit.tracking.lifecycle import run_folder
from mlopskit.tracking.tracker import Tracker

NOW = timedelta(0)


def a_run(tracker, content, points=3):
    with tracker.start_run(tags={"content": content}) as run:
        run.log_artifact("kept", content)
        for number in range(points):
            run.log_metric("loss", number)
    return run


@pytest.fixture
def tracker(store):
    return Tracker(store, experiment="flight-delays", environment=False)


def test_a_deleted_run_goes_with_what_only_it_kept(tracker, store):
    gone, stays = a_run(tracker, "only mine", points=10_000), a_run(tracker, "shared")
    shared = a_run(tracker, "shared")
    for run in (gone, shared):
        tracker.delete_run(run.id)
    assert tracker.collect_garbage(older_than=NOW) == Collected(runs=2, blobs=1, size=len("only mine"))
    assert store.list(run_folder(gone.id)) == []
    assert tracker.get_run(stays.id).artifact("kept") == "shared"
    assert tracker.runs()["run_id"].tolist() == [stays.id]
    assert tracker.runs(deleted=True).empty
    for act in (tracker.get_run, tracker.restore_run, tracker.delete_run):
        with pytest.raises(NotFoundError):
            act(gone.id)
    assert tracker.collect_garbage(older_than=NOW) == Collected(0, 0, 0)


def test_what_was_deleted_lately_can_still_be_restored(tracker):
    run = a_run(tracker, "kept")
    tracker.delete_run(run.id)
    assert tracker.collect_garbage() == Collected(0, 0, 0)
    tracker.restore_run(run.id)
    assert tracker.collect_garbage(older_than=NOW) == Collected(0, 0, 0)
    assert tracker.get_run(run.id).artifact("kept") == "kept"


def test_runs_of_all_experiments_are_collected(tracker):
    other = Tracker(tracker.store, experiment="other", environment=False)
    run = a_run(other, "elsewhere")
    other.delete_run(run.id)
    assert tracker.collect_garbage(older_than=NOW).runs == 1


def test_environments_are_shared_and_go_last(store, tmp_path):
    tracker = Tracker(store)
    first, second = a_run(tracker, "first"), a_run(tracker, "second")
    tracker.delete_run(first.id)
    tracker.collect_garbage(older_than=NOW)
    assert tracker.get_run(second.id).environment is not None
    tracker.delete_run(second.id)
    tracker.collect_garbage(older_than=NOW)
    third = a_run(tracker, "third")
    assert tracker.get_run(third.id).environment.python


@pytest.mark.parametrize("survivors", [0, 1, 2])
def test_a_collection_that_was_stopped_is_gone_on_with(tracker, store, monkeypatch, survivors):
    run = a_run(tracker, "mine", points=10_000)
    other = a_run(tracker, "other")
    tracker.delete_run(run.id)
    delete, calls = type(store).delete, []

    def stop(self, *names):
        if any(name.startswith("runs/") for name in names):
            calls.append(names)
            if len(calls) > survivors:
                raise KeyboardInterrupt
        delete(self, *names)

    with monkeypatch.context() as patched:
        patched.setattr(type(store), "delete", stop)
        with pytest.raises(KeyboardInterrupt):
            tracker.collect_garbage(older_than=NOW)
    left = store.list(run_folder(run.id))
    assert decode(store.read(left[-1] if survivors else max(n for n in left if "/log/" in n)))["op"] == "purge"
    store.delete(*store.list("index"))  # what is left is no damaged run
    assert tracker.runs()["run_id"].tolist() == [other.id]
    assert tracker.collect_garbage(older_than=NOW).blobs == 1
    assert store.list(run_folder(run.id)) == []
    assert tracker.runs(deleted=True).empty


def test_a_run_that_is_being_removed_is_not_restored(tracker):
    run = a_run(tracker, "mine")
    lifecycle = tracker._lifecycle(run.id)
    tracker.delete_run(run.id)
    lifecycle.read()
    assert deletion._mark(tracker.store, run.id, deletion.datetime.now(deletion.UTC))
    with pytest.raises(NotFoundError, match="being removed"):
        lifecycle.change("set", {"deleted": ""})


def test_a_run_that_was_restored_meanwhile_is_not_removed(tracker):
    run = a_run(tracker, "mine")
    tracker.delete_run(run.id)
    stale = tracker._lifecycle(run.id)
    tracker.restore_run(run.id)
    with pytest.raises(NotFoundError):
        stale.change("purge", {"deleted": stale.state["deleted"]})
    assert tracker.collect_garbage(older_than=NOW).runs == 0


def test_a_running_run_and_its_artifacts_are_safe(tracker):
    run = tracker.start_run()
    run.log_artifact("kept", "early")
    with pytest.raises(ConflictError):
        tracker.delete_run(run.id)
    assert tracker.collect_garbage(older_than=NOW) == Collected(0, 0, 0)
    run.finish()
    assert run.artifact("kept") == "early"


def test_foreign_folders_and_damaged_runs_are_left_alone(tracker, store):
    run = a_run(tracker, "mine")
    store.create("runs/notes/mine/log/x.json", b"hello")
    store.delete(f"{run_folder(run.id)}/log/00000001.json")
    store.delete(*store.list("index"))
    with pytest.warns(UserWarning, match="left out"):
        assert tracker.collect_garbage(older_than=NOW) == Collected(0, 0, 0)
    assert len(store.list("runs")) >= 2


def test_several_collectors_at_once_remove_everything_once(tracker, store):
    for number in range(12):
        tracker.delete_run(a_run(tracker, f"content {number}").id)
    kept = a_run(tracker, "kept")
    with ThreadPoolExecutor(4) as threads:
        done = [threads.submit(Tracker(store.url).collect_garbage, older_than=NOW) for _ in range(4)]
        assert all(each.result().runs <= 12 for each in done)
    assert tracker.runs(deleted=True).empty
    assert {name.split("/")[2] for name in store.list("runs")} == {kept.id}
    assert tracker.get_run(kept.id).artifact("kept") == "kept"
    assert tracker.collect_garbage(older_than=NOW).blobs == 0


def test_an_age_that_is_none_is_refused(tracker):
    with pytest.raises(TypeError, match="timedelta"):
        tracker.collect_garbage(older_than=30)
