import numpy as np
import pytest

from mlopskit.errors import NotFoundError
from mlopskit.records.environment import Code, Environment
from mlopskit.tracking import importing
from mlopskit.tracking.importing import import_run, run_id_for

RUN = run_id_for("elsewhere:1", 1_540_000_000_000)
STATE = {"experiment": "old", "name": "first", "status": "finished", "started": "2018-10-20T00:00:00+00:00"}
STATE |= {"ended": "2018-10-20T01:00:00+00:00", "seconds": 3600.0, "params": {"depth": 6}}


def series(count):
    return np.arange(count), np.arange(count) * 10**9, np.arange(count) / 2


def bring_in(store, files=None, count=3):
    return import_run(
        store,
        run_id=RUN,
        state=STATE,
        points={"loss": series(count), "auc": series(2)},
        files=files or {},
        environment=Environment(code=Code(commit="ab12")),
    )


def test_a_run_from_elsewhere_is_like_any_other(tracker, store, tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    assert bring_in(store, {"notes.txt": tmp_path / "notes.txt"})
    run = tracker.get_run(RUN)
    assert (run.status, run.params, run.record.seconds) == ("finished", {"depth": 6}, 3600.0)
    assert run.metric("loss")["value"].tolist() == [0.0, 0.5, 1.0]
    assert run.summaries["auc"].count == 2
    assert run.environment.code.commit == "ab12"
    with run.open_file("notes.txt") as file:
        assert file.read() == b"hello"
    assert tracker.runs("params.depth = 6", all_experiments=True)["run_id"].tolist() == [RUN]


def test_it_is_brought_in_once(store):
    assert bring_in(store)
    assert not bring_in(store)


def test_an_identifier_follows_from_where_it_comes_from():
    assert run_id_for("elsewhere:1", 1_540_000_000_000) == RUN
    assert run_id_for("elsewhere:2", 1_540_000_000_000) != RUN


def test_an_interrupted_import_shows_nothing_and_can_be_done_again(tracker, store, monkeypatch):
    monkeypatch.setattr(importing, "PART_POINTS", 1000)
    with monkeypatch.context() as patched:
        patched.setattr(importing, "_kept", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            bring_in(store, count=2500)
    with pytest.raises(NotFoundError):
        tracker.get_run(RUN)
    assert tracker.runs(all_experiments=True).empty
    assert bring_in(store, count=2500)
    assert tracker.get_run(RUN).metric("loss")["step"].tolist() == list(range(2500))


def test_a_run_without_points_or_files(tracker, store):
    assert import_run(store, run_id=RUN, state=STATE, points={}, files={})
    assert tracker.get_run(RUN).metrics == {}
    assert tracker.get_run(RUN).environment is None
