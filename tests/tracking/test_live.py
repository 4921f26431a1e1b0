import time

import pytest

from mlopskit.storage.canonical_json import decode, encode
from mlopskit.tracking.lifecycle import Lifecycle
from mlopskit.tracking.live import DEAD_SECONDS, as_seen, judged_status, live_name, write_live


@pytest.fixture
def run(tracker):
    return tracker.start_run("depth-6", params={"max_depth": 6})


def shown(store, run):
    (name,) = [name for name in store.list("index/live") if run.id in name]
    return name, decode(store.read(name))


def test_a_running_run_shows_its_state_and_a_beat(store, run):
    _, content = shown(store, run)
    assert content["state"]["params"] == {"max_depth": 6}
    assert not content["final"]
    assert abs(content["beat"] - time.time()) < 60
    run.finish()
    assert shown(store, run)[1]["final"]


def test_what_a_search_never_asks_for_is_not_shown(store, run):
    run.log_artifact("notes", "x" * 1000)
    assert "artifacts" not in shown(store, run)[1]["state"]


@pytest.mark.parametrize(("silent", "status"), [(DEAD_SECONDS - 10, "running"), (DEAD_SECONDS + 10, "killed")])
def test_a_run_of_which_nothing_is_heard_is_seen_as_killed(store, run, silent, status):
    name, content = shown(store, run)
    store.replace(name, encode({**content, "beat": time.time() - silent}))
    lifecycle = Lifecycle(store, run.id)
    assert as_seen(store, lifecycle.read())["status"] == status


def test_the_state_on_the_store_is_not_touched_by_how_it_is_seen(store, run):
    store.delete(*store.list("index/live"))
    lifecycle = Lifecycle(store, run.id)
    assert as_seen(store, lifecycle.read())["status"] == "killed"
    assert lifecycle.read()["status"] == "running"


def test_the_metrics_of_all_processes_are_seen(store, run):
    run.log_metric("loss", 0.5)
    run.flush()
    lifecycle = Lifecycle(store, run.id)
    state = lifecycle.read()
    summaries = {"auc": {"last": 0.7, "min": 0.7, "max": 0.7, "mean": 0.7, "count": 1}}
    joined = {**state, "sessions": {**state["sessions"], "other": {}}}
    write_live(store, {**joined, "summaries": summaries}, lifecycle.number, "other", final=False)
    assert set(as_seen(store, joined)["summaries"]) == {"loss", "auc"}
    assert live_name(run.id, "other") in store.list("index/live")


def test_an_ended_run_stays_as_it_ended():
    assert judged_status({"status": "finished"}, beat=0.0, now=1e9) == "finished"
