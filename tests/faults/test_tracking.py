"""Runs whose processes are killed, meet one another, or lose the disk below them."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from mlopskit.errors import StoreFullError, UnreachableError
from mlopskit.storage.store import Store
from mlopskit.tracking.tracker import Tracker

pytestmark = pytest.mark.faults

ROUNDS = 50
KILLED = """
import json, mmap, os, random, signal, sys, time
from mlopskit.tracking.tracker import Tracker

url, rounds = sys.argv[1], int(sys.argv[2])
for number in range(rounds):
    counted = mmap.mmap(-1, 8)  # shared: tells how many calls have returned when the child is dead
    child = os.fork()
    if child == 0:
        run = Tracker(url, flush_seconds=0.02, environment=False).start_run(f"killed-{number}")
        for step in range(10_000_000):
            run.log_metric("loss" if step % 3 else "auc", step / 2, step)
            counted[:] = (step + 1).to_bytes(8, "little")
    while counted[:] == bytes(8):
        time.sleep(0.001)
    time.sleep(random.uniform(0, 0.1))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    print(int.from_bytes(counted[:], "little"), flush=True)
"""


def script(source, *arguments):
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", source, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )


def printed(process, code=0):
    out, _ = process.communicate(timeout=240)
    assert process.returncode == code
    return out.split()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows does not fork")
@pytest.mark.timeout(280)
def test_no_point_whose_call_returned_is_lost_to_sigkill(tmp_path):
    acknowledged = list(map(int, printed(script(KILLED, tmp_path / "store", ROUNDS))))
    tracker = Tracker(tmp_path / "store")
    runs = tracker.runs().set_index("name")
    assert len(runs) == ROUNDS
    for number, least in enumerate(acknowledged):
        found = tracker.get_run(runs["run_id"][f"killed-{number}"])
        steps = np.sort(np.concatenate([found.metric(name)["step"] for name in found.metrics]))
        assert least <= len(steps) <= least + 1
        assert (steps == np.arange(len(steps))).all()
        assert found.status == "killed"
    with tracker.start_run("next") as run:
        run.log_metric("loss", 0.5)
    assert run.status == "finished"
    assert not list(Path(tmp_path / "store" / ".spool").iterdir())


JOINS = """
import sys
from mlopskit.tracking.tracker import Tracker
with Tracker(sys.argv[1], environment=False).start_run(resume=sys.argv[2]) as run:
    for step in range(3000):
        run.log_metric("loss", int(sys.argv[3]), step)
"""
CREATES = """
import sys
from mlopskit.tracking.tracker import Tracker
for number in range(5):
    with Tracker(sys.argv[1], environment=False).start_run(f"{sys.argv[2]}-{number}") as run:
        for step in range(300):
            run.log_metric("loss", step, step)
"""


@pytest.mark.timeout(280)
def test_eight_that_log_to_one_run_and_eight_that_make_runs_lose_and_double_nothing(tmp_path):
    url = tmp_path / "store"
    tracker = Tracker(url)
    with tracker.start_run("shared") as shared:
        processes = [script(JOINS, url, shared.id, number) for number in range(8)]
        processes += [script(CREATES, url, number) for number in range(8)]
        for process in processes:
            printed(process)
    points = tracker.get_run(shared.id).metric("loss")
    expected = [(float(writer), step) for writer in range(8) for step in range(3000)]
    assert sorted(zip(points["value"], points["step"], strict=True)) == expected
    runs = tracker.runs()
    assert len(runs) == 41
    assert (runs["status"] == "finished").all()
    for run_id in runs["run_id"][runs["name"] != "shared"]:
        assert tracker.get_run(run_id).metric("loss")["step"].tolist() == list(range(300))


def test_two_who_resume_the_same_run_end_it_together(tmp_path):
    tracker = Tracker(tmp_path)
    with tracker.start_run("again") as run:
        run.log_metric("loss", 1.0)
    one, other = (tracker.start_run(resume=run.id) for _ in range(2))
    one.log_metric("loss", 2.0)
    other.log_metric("loss", 3.0)
    one.finish()
    assert tracker.get_run(run.id).status == "running"
    other.log_metric("loss", 4.0)
    other.finish()
    found = tracker.get_run(run.id)
    assert found.status == "finished"
    assert sorted(found.metric("loss")["value"]) == [1.0, 2.0, 3.0, 4.0]


def test_training_goes_on_when_the_disk_is_full(tmp_path, monkeypatch, caplog):
    store = Store(tmp_path / "store")
    run = Tracker(store, flush_seconds=0.01).start_run("unlucky")
    run.log_metric("loss", 1.0)

    def full(*_, **__):
        raise StoreFullError("no space left")

    monkeypatch.setattr(Store, "create", full)
    monkeypatch.setattr(Store, "replace", full)
    go_on_training(run)
    wait_for(lambda: caplog.records)
    monkeypatch.undo()
    run.finish()
    nothing_is_lost(run, caplog)


def test_training_goes_on_when_the_folder_vanishes(tmp_path, caplog):
    run = Tracker(tmp_path / "store", flush_seconds=0.01).start_run("unlucky")
    run.log_metric("loss", 1.0)
    (tmp_path / "store").rename(tmp_path / "elsewhere")
    go_on_training(run)
    wait_for(lambda: any("vanished" in record.getMessage() for record in caplog.records))
    with pytest.raises(UnreachableError, match="vanished"):
        run.finish()
    (tmp_path / "elsewhere").rename(tmp_path / "store")
    run.finish()
    nothing_is_lost(run, caplog)


def go_on_training(run):
    for step in range(5000):
        run.log_metric("loss", 0.5, step)
    run.set_tags({"stage": "dev"})


def wait_for(condition):
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)


def nothing_is_lost(run, caplog):
    """The user was told, once for each thing that waits, and all of it arrives."""
    told = [record.getMessage() for record in caplog.records]
    assert 1 <= len(told) <= 3
    assert len(set(told)) == len(told)
    found = Tracker(run._store).get_run(run.id)
    assert (found.status, found.tags, len(found.metric("loss"))) == ("finished", {"stage": "dev"}, 5001)


def test_a_torn_last_segment_is_skipped_and_named(tmp_path):
    tracker = Tracker(tmp_path)
    with tracker.start_run("torn") as run:
        for number in range(3):
            run.log_metric("loss", number)
            run.flush()
    *_, last = sorted(tracker.store.list(f"runs/{run.record.started[:4]}{run.record.started[5:7]}/{run.id}/series"))
    path = tmp_path / last
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.warns(UserWarning, match=last):
        assert tracker.get_run(run.id).metric("loss")["value"].tolist() == [0.0, 1.0]


def test_a_clock_that_goes_backwards_changes_no_order(tmp_path, monkeypatch):
    from mlopskit.tracking import series

    clock = iter(range(2_000_000_000_000_000_000, 0, -1_000_000_000_000_000))
    monkeypatch.setattr(series, "time_ns", lambda: next(clock))
    with Tracker(tmp_path).start_run() as run:
        for number in range(300):
            run.log_metric("loss", number)
    frame = run.metric("loss")
    assert frame["value"].tolist() == list(range(300))
    assert frame["time"].is_monotonic_decreasing


@pytest.mark.parametrize("name", ["val/loss", "../../x", "потери 📉", "a\0b\n", "x" * 500, "$float", "<b>"])
@pytest.mark.parametrize("step", [-1, 2**62])
def test_odd_names_and_steps_come_back_everywhere(tmp_path, name, step):
    tracker = Tracker(tmp_path)
    with tracker.start_run() as run:
        run.log_metric(name, 0.5, step=step)
    assert tracker.get_run(run.id).metric(name)[["step", "value"]].values.tolist() == [[step, 0.5]]
    assert tracker.runs()[f"metrics.{name}"].tolist() == [0.5]


def test_ten_thousand_metrics_in_a_run(tmp_path):
    tracker = Tracker(tmp_path)
    wanted = {f"metric/{number}": number / 2 for number in range(10_000)}
    with tracker.start_run() as run:
        run.log_metrics(wanted)
    assert tracker.get_run(run.id).metrics == wanted
    assert tracker.runs("metrics.metric/9999 > 4999")["run_id"].tolist() == [run.id]


TERMINATED = """
import sys, time
from mlopskit.tracking.tracker import Tracker
with Tracker(sys.argv[1]).start_run("terminated") as run:
    run.log_metric("loss", 0.5)
    print(run.id, flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM")
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_process_that_is_asked_to_end_ends_its_run(tmp_path, sent):
    process = subprocess.Popen(
        [sys.executable, "-c", TERMINATED, tmp_path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    run_id = process.stdout.readline().strip()
    process.send_signal(sent)
    process.communicate(timeout=60)
    found = Tracker(tmp_path).get_run(run_id)
    assert (found.status, found.metrics) == ("failed", {"loss": 0.5})
    assert found.error.startswith(("SystemExit", "KeyboardInterrupt"))


KEEPS = """
import sys
from mlopskit.tracking.tracker import Tracker
tracker = Tracker(sys.argv[1])
for number in range(100):
    with tracker.start_run(f"{sys.argv[2]}-{number}") as run:
        run.log_artifact("kept", f"content {number % 5}")
    if number % 5:
        tracker.delete_run(run.id)
"""
COLLECTS = """
import sys
from datetime import timedelta
from mlopskit.tracking.tracker import Tracker
while True:
    Tracker(sys.argv[1]).collect_garbage(older_than=timedelta(0))
    print("collected", flush=True)
"""


@pytest.mark.timeout(280)
def test_collectors_that_are_killed_take_nothing_that_writers_refer_to(tmp_path):
    url = tmp_path / "store"
    Tracker(url).start_run().finish()
    writers = [script(KEEPS, url, number) for number in range(3)]
    while any(writer.poll() is None for writer in writers):
        collector = script(COLLECTS, url)
        collector.stdout.readline()
        time.sleep(np.random.default_rng().uniform(0, 0.3))
        collector.kill()
        collector.communicate()
    for writer in writers:
        printed(writer)
    tracker = Tracker(url)
    tracker.collect_garbage(older_than=timedelta(0))
    kept = [run for run in tracker.runs()["run_id"] if "kept" in tracker.get_run(run).artifacts]
    assert len(kept) == 3 * 20
    for run in map(tracker.get_run, kept):
        assert run.artifact("kept") == "content 0"
        assert run.environment.python
    assert tracker.runs(deleted=True).empty
    assert tracker.collect_garbage(older_than=timedelta(0)).blobs == 0
