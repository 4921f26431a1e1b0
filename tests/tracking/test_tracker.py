import math
import uuid

import pandas as pd
import pytest

from mlopskit.errors import InvalidNameError, NotFoundError
from mlopskit.tracking.tracker import Tracker


def test_runs_are_a_frame_with_the_newest_first(tracker):
    for depth in (4, 6):
        with tracker.start_run(f"depth-{depth}", params={"max_depth": depth}) as run:
            run.log_metrics({"loss": 1 / depth})
    going = tracker.start_run("going", params={"seed": "x"})
    going.log_metric("loss", 1.0)
    frame = tracker.runs()
    assert list(frame) == [
        "run_id",
        "name",
        "status",
        "started",
        "seconds",
        "ended",
        "user",
        "parent",
        "params.max_depth",
        "params.seed",
        "metrics.loss",
    ]
    assert frame["name"].tolist() == ["going", "depth-6", "depth-4"]
    assert frame["status"].tolist() == ["running", "finished", "finished"]
    assert frame["params.max_depth"].tolist()[1:] == [6, 4]
    assert frame["metrics.loss"].tolist()[1:] == [1 / 6, 1 / 4]
    assert math.isnan(frame["metrics.loss"][0])
    assert math.isnan(frame["seconds"][0])
    assert (frame["seconds"][1:] >= 0).all()
    assert frame["run_id"][0] == going.id
    assert str(frame["started"].dtype).endswith("UTC]")


def test_no_runs_are_an_empty_frame_of_the_same_kind(tracker):
    frame = tracker.runs()
    assert frame.empty
    assert list(frame) == ["run_id", "name", "status", "started", "seconds", "ended", "user", "parent"]
    assert frame["seconds"].dtype == float
    assert str(frame["started"].dtype).endswith("UTC]")


def test_a_tracker_lists_its_own_experiment_and_finds_every_run(tracker):
    other = Tracker(tracker.store, experiment="прочее/другое")
    run = other.start_run("elsewhere")
    run.finish()
    assert tracker.runs().empty
    assert tracker.get_run(run.id).experiment == "прочее/другое"


def test_two_trackers_of_one_url_share_everything():
    url = f"memory://{uuid.uuid4().hex}"
    with Tracker(url).start_run("shared"):
        pass
    assert Tracker(url).runs()["name"].tolist() == ["shared"]


def test_a_run_without_a_name_gets_one(tracker):
    run = tracker.start_run()
    assert run.name == f"run-{run.id[-6:]}"


@pytest.mark.parametrize("run_id", ["0" * 26, "depth-6", "../../x"])
def test_a_run_that_is_not_there_is_not_found(tracker, run_id):
    with pytest.raises(NotFoundError):
        tracker.get_run(run_id)


@pytest.mark.parametrize("experiment", ["", None, 7])
def test_an_experiment_is_named_by_text(store, experiment):
    with pytest.raises(InvalidNameError, match="experiment"):
        Tracker(store, experiment=experiment)


def test_a_damaged_run_is_left_out_with_a_warning(tracker):
    for name in ("good", "bad"):
        with tracker.start_run(name) as run:
            pass
    tracker.store.replace(next(name for name in tracker.store.list("runs") if run.id in name), b"{")
    tracker.store.delete(*tracker.store.list("index"))
    with pytest.warns(UserWarning, match=run.id):
        assert tracker.runs()["name"].tolist() == ["good"]


def test_params_and_metrics_of_any_name_become_columns(tracker):
    with tracker.start_run(params={"a/b": [1, 2], "µ": None}) as run:
        run.log_metric("$float", math.inf)
    (row,) = tracker.runs().to_dict("records")
    assert row["params.a/b"] == [1, 2]
    assert pd.isna(row["params.µ"])
    assert row["metrics.$float"] == math.inf


def test_a_tracker_says_where_it_writes(tracker):
    assert repr(tracker) == f"Tracker({str(tracker.store)!r}, experiment='flight-delays')"
