"""A run's life as commits: started, then params, tags, artifacts and so on, then ended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, TypeAlias

from mlopskit.errors import ConflictError, DamagedError, FormatError, NotFoundError
from mlopskit.storage.canonical_json import encode
from mlopskit.storage.commit import START, Change, Commit, Head, commit_from_bytes
from mlopskit.storage.log import CommitLog
from mlopskit.storage.store import Store

RunState: TypeAlias = dict[str, Any]
"""The fields of a `RunRecord`, JSON-able; empty before the first commit."""

_COLLECTIONS = ("params", "tags", "artifacts", "files", "datasets")
_BASE_32 = str.maketrans("0123456789abcdefghjkmnpqrstvwxyz", "0123456789abcdefghijklmnopqrstuv")
_IS_RUN_ID = re.compile("[0-7][0-9a-hjkmnp-tv-z]{25}").fullmatch


def run_folder(run_id: str) -> str:
    """Return where a run lies on the store: below the month that its identifier tells.

    Raises
    ------
    NotFoundError
        If this can not be the identifier of a run.

    Examples
    --------
    >>> run_folder("01cv5wts007b8m9v5pcmx7z2ed")
    'runs/201810/01cv5wts007b8m9v5pcmx7z2ed'
    """
    try:
        milliseconds = int(run_id[:10].translate(_BASE_32), 32) if _IS_RUN_ID(run_id) else -1
        month = datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y%m") if milliseconds >= 0 else ""
    except (TypeError, ValueError, OverflowError, OSError):
        month = ""
    if not month:
        raise NotFoundError(f"{run_id!r} is not the id of a run: it is 26 digits and letters, as Run.id shows it.")
    return f"runs/{month}/{run_id}"


def run_log(store: Store, run_id: str) -> CommitLog[RunState]:
    """Return the log that a run's lifecycle is committed to."""
    return CommitLog(store, run_folder(run_id), initial={}, apply=_apply)


def commit_change(log: CommitLog[RunState], operation: str, arguments: dict[str, Any]) -> RunState:
    """Commit a change to a run, and return the state with it; what is there already is not committed again.

    Parameters
    ----------
    log : CommitLog
        The run's.
    operation : str
        ``"start"``, ``"end"``, or the collection to add to: ``"params"``, ``"tags"`` and so on.
    arguments : dict
        JSON-able fields of the state, or items of the collection.

    Raises
    ------
    ConflictError
        If the run has ended, or if a param has another value already.
    """
    state: RunState = {}

    def intent(found: RunState) -> Change | None:
        nonlocal state
        state = found
        if operation == "start":
            return Change(operation, arguments)
        _refuse_ended(state)
        known = state.get(operation, {})
        changed = {
            name for name, value in arguments.items() if name not in known or encode(known[name]) != encode(value)
        }
        if operation == "params":
            _refuse_changed_params(state, changed)
        return Change(operation, arguments) if changed else None

    commit = log.commit(intent)
    return _apply(state, commit) if commit else state


def read_states(store: Store) -> Iterator[RunState | DamagedError]:
    """Read all runs of a store, in no telling order; an error stands in for a run that can not be read."""
    names = [name for name in store.list("runs") if name.split("/")[3:4] == ["log"]]
    contents = store.read_many(names)
    for folder, commits in groupby(sorted(contents), key=lambda name: name.rpartition("/log/")[0]):
        yield _read_state(folder, [contents[name] for name in commits])


def _read_state(folder: str, commits: list[bytes]) -> RunState | DamagedError:
    state: RunState = {}
    head = START
    try:
        for number, data in enumerate(commits, start=1):
            commit = commit_from_bytes(data, number, folder)
            if commit.previous != head.digest:
                return DamagedError(f"commit {number - 1} or {number} of {folder} was changed.")
            head, state = Head(number, commit.digest), _apply(state, commit)
    except (DamagedError, FormatError, KeyError, TypeError, ValueError) as error:
        return DamagedError(f"a commit of {folder} is missing or not readable: {error}")
    return state


def _refuse_ended(state: RunState) -> None:
    if state["status"] != "running":
        raise ConflictError(f"run {state['id']} is {state['status']} and takes nothing more; start a new run.")


def _refuse_changed_params(state: RunState, names: set[str]) -> None:
    if refused := sorted(names & state["params"].keys()):
        raise ConflictError(
            f"run {state['id']} has the params {', '.join(refused)} with other values; a param is what a run was made "
            "with and does not change: use another name, or a tag."
        )


def _apply(state: RunState, commit: Commit) -> RunState:
    return _next_state(state, commit.change.operation, commit.change.arguments, commit.time)


def _next_state(state: RunState, operation: str, arguments: dict[str, Any], time: str) -> RunState:
    if operation == "start":
        empty: RunState = {collection: {} for collection in _COLLECTIONS}
        return {**empty, "metrics": {}, **arguments, "status": "running", "started": time}
    if operation == "end":
        return {**state, **arguments, "ended": time}
    if operation in _COLLECTIONS:
        return {**state, operation: {**state[operation], **arguments}}
    raise FormatError(f"a run has a commit {operation!r}, which this mlopskit does not know. Update mlopskit.")
