import uuid

import pytest

from mlopskit.errors import ConflictError, DamagedError, FormatError, NotFoundError
from mlopskit.storage.commit import Change
from mlopskit.storage.identifiers import new_id
from mlopskit.storage.log import CommitLog
from mlopskit.storage.store import Store
from mlopskit.tracking.lifecycle import Lifecycle, read_states, run_folder, run_log

END = {"session": "", "status": "finished", "error": "", "seconds": 1.0, "summaries": {}}
START = {"experiment": "default", "name": "first", "params": {"depth": 6}, "tags": {}}


def commit_change(log, operation, arguments):
    lifecycle = Lifecycle(log.store, log.folder.rpartition("/")[2])
    lifecycle.change(operation, arguments)
    return lifecycle.state


@pytest.fixture
def store():
    return Store(f"memory://{uuid.uuid4().hex}")


@pytest.fixture
def log(store):
    run_id = new_id()
    log = run_log(store, run_id)
    commit_change(log, "start", {"id": run_id, **START})
    return log


def test_a_run_lies_below_the_month_it_was_made_in():
    assert run_folder("00000000000000000000000000") == "runs/197001/00000000000000000000000000"


@pytest.mark.parametrize("wrong", ["", "../../etc", "depth-6", "z" * 26, "7" + "z" * 25, None, 7])
def test_what_can_not_be_a_run_is_not_found(wrong):
    with pytest.raises(NotFoundError, match="not the id of a run"):
        run_folder(wrong)


def test_changes_add_up(log):
    commit_change(log, "tags", {"stage": "dev"})
    state = commit_change(log, "tags", {"stage": "prod", "team": "ops"})
    assert state == log.state()
    assert state["tags"] == {"stage": "prod", "team": "ops"}
    assert state["status"] == "running"


def test_what_is_there_already_is_not_committed_again(log):
    commit_change(log, "params", {"depth": 6})
    assert log.head().number == 1


@pytest.mark.parametrize("value", [7, 6.0, True, "6"])
def test_a_param_never_changes(log, value):
    with pytest.raises(ConflictError, match="depth"):
        commit_change(log, "params", {"depth": value, "lr": 0.1})
    assert log.state()["params"] == {"depth": 6}


def test_two_writers_of_one_param_can_not_both_win(store, log):
    other = Lifecycle(store, log.state()["id"])
    other.read()
    commit_change(log, "params", {"lr": 0.1})
    with pytest.raises(ConflictError, match="lr"):
        other.change("params", {"lr": 0.2})
    other.change("tags", {"a": 1})
    assert other.state["params"] == {"depth": 6, "lr": 0.1}


def test_a_run_that_has_ended_takes_nothing_more(log):
    commit_change(log, "end", END)
    for operation, arguments in [("params", {"a": 1}), ("artifacts", {"a": {}}), ("files", {"a": {}})]:
        with pytest.raises(ConflictError, match="is finished"):
            commit_change(log, operation, arguments)


def test_an_operation_of_a_later_version_asks_for_an_update(log):
    with pytest.raises(FormatError, match="Update mlopskit"):
        log.commit(lambda state: Change("dance", {}))
    later = CommitLog(log.store, log.folder, initial={}, apply=lambda state, commit: state)
    later.commit(lambda state: Change("dance", {}))
    with pytest.raises(FormatError, match="Update mlopskit"):
        run_log(log.store, log.folder.rpartition("/")[2]).state()
    (state,) = read_states(log.store)
    assert "Update mlopskit" in str(state)


def test_states_equal_those_of_the_logs(store):
    logs = {run_id: run_log(store, run_id) for run_id in (new_id() for _ in range(3))}
    for run_id, log in logs.items():
        commit_change(log, "start", {"id": run_id, **START})
        commit_change(log, "end", END)
    store.create(f"{log.folder}/series/x-00000001.seg", b"not read")
    assert list(read_states(store)) == [{**logs[run_id].state(), "commits": 2} for run_id in sorted(logs)]


@pytest.mark.parametrize("damage", ["removed", "edited"])
def test_a_run_that_can_not_be_read_is_named(store, log, damage):
    commit_change(log, "tags", {"a": 1})
    first = f"{log.folder}/log/00000001.json"
    store.delete(first) if damage == "removed" else store.replace(first, b"{}")
    (state,) = read_states(store)
    assert isinstance(state, DamagedError)
    assert log.folder in str(state)
