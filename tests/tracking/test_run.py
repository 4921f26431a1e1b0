import os
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from mlopskit.errors import ConflictError, NotFoundError, StoreFullError
from mlopskit.storage.store import Store
from mlopskit.tracking.run import Run
from mlopskit.tracking.tracker import Tracker


def in_another_process(script, *arguments):
    """Run a script and return its exit code and what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)], check=False, capture_output=True, text=True, timeout=60
    )
    assert "Error" not in done.stderr, done.stderr
    return done.returncode, done.stdout


def test_a_run_that_leaves_its_block_is_finished(tracker):
    with tracker.start_run("depth-6", params={"max_depth": 6}, tags={"team": "ops"}) as run:
        assert run.status == "running"
        run.log_metrics({"loss": 0.5, "auc": 0.7}, step=1)
        run.log_metric("loss", 0.4, step=2)
        assert run.metrics == {"loss": 0.4, "auc": 0.7}
        run.log_params({"lr": 0.1})
        run.set_tags({"stage": "dev"})
    assert (run.status, run.error, run.name, run.experiment) == ("finished", "", "depth-6", "flight-delays")
    assert run.params == {"max_depth": 6, "lr": 0.1}
    assert run.tags == {"team": "ops", "stage": "dev"}
    assert run.metrics == {"loss": 0.4, "auc": 0.7}
    assert run.record.ended > run.record.started


def test_another_reader_sees_the_same(tracker):
    with tracker.start_run(params={"depth": 6}) as run:
        run.log_metrics({"loss": np.float32(0.5), "nan": float("nan")})
        run.log_artifact("thresholds", [0.2, 0.5])
    found = Tracker(tracker.store).get_run(run.id)
    assert repr(found.record) == repr(run.record)
    pd.testing.assert_frame_equal(found.metric("loss"), run.metric("loss"))
    assert found.artifact("thresholds") == [0.2, 0.5]


def test_few_objects_are_written(tracker):
    with tracker.start_run(params={f"p{i}": i for i in range(20)}) as run:
        run.log_metrics({f"m{i}": i for i in range(20)})
    assert len(tracker.store.list("runs")) == 2
    assert len(run.metrics) == len(run.params) == 20


@pytest.mark.parametrize("error", [ValueError("too deep"), KeyboardInterrupt(), SystemExit(3)])
def test_an_exception_fails_the_run_and_goes_on(tracker, error):
    run = tracker.start_run()
    run.log_metric("loss", 0.5)
    with pytest.raises(type(error)) as caught, run:
        raise error
    assert caught.value is error
    found = tracker.get_run(run.id)
    assert found.status == "failed"
    assert found.error.startswith(type(error).__name__)
    assert str(error) in found.error
    assert found.metrics == {"loss": 0.5}


def test_an_error_message_that_has_no_json_is_kept_nevertheless(tracker):
    with pytest.raises(ValueError, match="bad"), tracker.start_run() as run:
        raise ValueError("bad \ud800" + "x" * 5000)
    assert run.status == "failed"
    assert run.error.startswith("ValueError: bad ?xxx")
    assert len(run.error) == 2000


class Full(Store):
    full = False

    def create(self, name, data, *, durable=True):
        if self.full:
            raise StoreFullError("no space")
        super().create(name, data, durable=durable)


def test_a_store_that_fails_does_not_hide_the_users_error(tmp_path):
    store = Full(tmp_path)
    run = Tracker(store).start_run()
    run.log_metric("loss", 0.5)
    store.full = True
    with pytest.raises(ValueError, match="mine") as caught, run:
        raise ValueError("mine")
    assert run.id in caught.value.__notes__[0]
    store.full = False
    run.finish("failed")
    assert Tracker(store).get_run(run.id).metrics == {"loss": 0.5}


def test_ending_again_in_the_same_way_does_nothing(tracker):
    run = tracker.start_run()
    run.finish()
    before = tracker.store.list("runs")
    run.finish()
    with run:
        pass
    assert tracker.store.list("runs") == before
    with pytest.raises(ConflictError, match="is finished already"):
        run.finish("failed")
    with pytest.raises(ValueError, match="'killed'"):
        run.finish("killed")


def test_a_run_that_has_ended_takes_nothing_more(tracker, tmp_path):
    with tracker.start_run() as run:
        pass
    (tmp_path / "notes.txt").write_text("x")
    for log in [
        lambda: run.log_metric("loss", 0.5),
        lambda: run.log_params({"a": 1}),
        lambda: run.log_artifact("a", 1),
        lambda: run.log_file(tmp_path / "notes.txt"),
        lambda: run.log_dataset("a", pd.DataFrame({"a": [1]})),
    ]:
        with pytest.raises(ConflictError, match="start another"):
            log()


def test_artifacts_of_any_name_and_type_come_back(tracker):
    frame = pd.DataFrame({"origin": ["JFK", "LGA"], "delay": [3.5, np.nan]})
    with tracker.start_run() as run:
        run.log_artifact("../модель", frame)
        run.log_artifact("both", {"frame": frame, "x": np.arange(3)})
        run.log_artifact("note", "first")
        run.log_artifact("note", "second")
    found = tracker.get_run(run.id)
    pd.testing.assert_frame_equal(found.artifact("../модель"), frame)
    assert found.artifact("both")["x"].tolist() == [0, 1, 2]
    assert found.artifact("note") == "second"
    with pytest.raises(NotFoundError, match=r"no artifact 'nothing'; it has .*'both'"):
        found.artifact("nothing")


@pytest.mark.parametrize("content", [b"some\r\nbytes\0", b""])
def test_files_come_back_byte_for_byte(tracker, tmp_path, content):
    path = tmp_path / "readme.txt"
    path.write_bytes(content)
    with tracker.start_run() as run:
        run.log_file(path)
        run.log_file(str(path), name="notes/readme")
    for name in ("readme.txt", "notes/readme"):
        with tracker.get_run(run.id).open_file(name) as file:
            assert file.read() == content
    with pytest.raises(NotFoundError, match="no file 'other'"):
        run.open_file("other")


def test_a_folder_is_kept_file_by_file(tracker, tmp_path):
    (tmp_path / "plots" / "deep").mkdir(parents=True)
    (tmp_path / "plots" / "deep" / "roc.txt").write_text("curve")
    with tracker.start_run() as run:
        run.log_file(tmp_path / "plots")
        (tmp_path / "empty").mkdir()
        with pytest.raises(FileNotFoundError, match="no files"):
            run.log_file(tmp_path / "empty")
    assert tracker.get_run(run.id).files == {"plots/deep/roc.txt": 5}


def test_a_dataset_is_known_by_content_size_and_schema(tracker):
    frame = pd.DataFrame({"origin": pd.Categorical(["JFK", "LGA"]), "delay": [3.5, 4.0]})
    with tracker.start_run() as run:
        run.log_dataset("train", frame)
        run.log_dataset("again", frame.copy())
        run.log_dataset("other", frame.assign(delay=[3.5, 4.5]))
    data = tracker.get_run(run.id).datasets
    assert data["train"] == data["again"]
    assert (data["train"].rows, data["train"].columns) == (2, ("origin", "delay"))
    assert data["train"].dtypes == ("category", "float64")
    assert data["other"].fingerprint != data["train"].fingerprint


def test_a_metric_is_a_frame_of_step_value_and_time(tracker):
    with tracker.start_run() as run:
        for step, value in [(10, 0.5), (10, 0.4), (5, 0.3)]:
            run.log_metric("val/loss", value, step=step)
            run.log_metric("other", 1.0)
        live = run.metric("val/loss")
    frame = tracker.get_run(run.id).metric("val/loss")
    pd.testing.assert_frame_equal(live, frame)
    assert frame["step"].tolist() == [10, 10, 5]
    assert frame["value"].tolist() == [0.5, 0.4, 0.3]
    assert [str(dtype) for dtype in frame.dtypes] == ["int64", "float64", "datetime64[ns, UTC]"]
    assert abs(frame["time"].iloc[0].timestamp() - time.time()) < 60
    with pytest.raises(NotFoundError, match="no metric 'los'; it has 'val/loss', 'other'"):
        run.metric("los")


def test_a_running_run_is_read_from_what_is_on_the_store(tracker):
    run = tracker.start_run()
    run.log_metric("loss", 0.5)
    assert tracker.get_run(run.id).metrics == {}
    run.flush()
    found = tracker.get_run(run.id)
    assert (found.status, found.metrics) == ("running", {"loss": 0.5})


KILLED = """
import os, signal, sys
from mlopskit.tracking.tracker import Tracker
run = Tracker(sys.argv[1]).start_run("doomed", params={"depth": 6})
for step in range(5000):
    run.log_metric("loss", step / 2, step)
run.flush()
run.log_artifact("weights", [1.0, 2.0])
print(run.id, flush=True)
run.log_metric("loss", -1.0)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.faults
def test_what_was_flushed_survives_sigkill_and_the_store_stays_usable(tmp_path):
    code, printed = in_another_process(KILLED, tmp_path)
    assert code == -9
    tracker = Tracker(tmp_path)
    found = tracker.get_run(printed.strip())
    assert found.status == "killed"
    assert found.metric("loss")["value"].tolist() == [*(step / 2 for step in range(5000)), -1.0]
    assert found.artifact("weights", trust=True) == [1.0, 2.0]
    with tracker.start_run("next") as run:
        run.log_metric("loss", 0.1)
    assert tracker.runs()["name"].tolist() == ["next", "doomed"]


FORKED = """
import os, sys
from mlopskit.tracking.tracker import Tracker
with Tracker(sys.argv[1]).start_run() as run:
    run.log_metric("parent", 1.0)
    child = os.fork()
    if child == 0:
        run.log_metric("child", 2.0)
        run.__exit__(None, None, None)
        os._exit(0)
    os.waitpid(child, 0)
    run.log_metric("parent", 3.0)
print(run.id)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows does not fork")
def test_a_forked_child_writes_its_own_points_once_and_leaves_the_run_going(tmp_path):
    code, printed = in_another_process(FORKED, tmp_path)
    assert code == 0
    found = Tracker(tmp_path).get_run(printed.strip())
    assert found.status == "finished"
    assert found.metrics == {"parent": 3.0, "child": 2.0}
    assert found.metric("parent")["value"].tolist() == [1.0, 3.0]
    assert found.metric("child")["value"].tolist() == [2.0]


def test_a_run_reads_well(tracker):
    run = tracker.start_run("depth-6", params={"depth": 6})
    assert repr(run) == f"<Run 'depth-6' {run.id}: running>"
    with pytest.raises(ValueError, match="deep"), run:
        raise ValueError("too deep")
    assert repr(run).startswith(f"<Run 'depth-6' {run.id}: failed after ")
    assert repr(run).endswith("s, 1 params, 0 metrics, error='ValueError'>")
    assert repr(tracker.get_run(run.id)).startswith("<RecordedRun 'depth-6'")


def test_a_run_is_started_by_its_tracker(store):
    assert isinstance(Tracker(store).start_run(), Run)
