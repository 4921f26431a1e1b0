"""A run's life as commits: started, then params, tags, artifacts and so on, then ended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, TypeAlias

from mlopskit.errors import ConflictError, DamagedError, FormatError, NotFoundError
from mlopskit.storage.canonical_json import decode, encode
from mlopskit.storage.commit import START, Change, Commit, Head, commit_from_bytes
from mlopskit.storage.log import CommitLog
from mlopskit.storage.store import Store

RunState: TypeAlias = dict[str, Any]
"""The fields of a `RunRecord`, JSON-able; empty before the first commit."""

PURGE = "purge"  # the last commit of a run that is being removed
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


class Lifecycle:
    """A run's log, and its state as of the last look.

    Parameters
    ----------
    store : Store
    run_id : str

    Attributes
    ----------
    state : dict
        What the commits add up to.
    number : int
        Number of the last of them.
    """

    def __init__(self, store: Store, run_id: str) -> None:
        self.log = run_log(store, run_id)
        self.state: RunState = {}
        self.number = 0

    def read(self) -> RunState:
        """Look again, and return the state; empty if there is no such run."""
        self.state, self.number = self.log.state(), self.log.head().number
        if self.state.get("purged"):
            self.state = {}
        return self.state

    def change(self, operation: str, arguments: dict[str, Any]) -> bool:
        """Commit a change to the run; what is there already is not committed again.

        Parameters
        ----------
        operation : str
            ``"start"``, ``"resume"``, ``"end"``, ``"set"`` for single fields, or the collection to
            add to: ``"params"``, ``"tags"`` and so on.
        arguments : dict
            JSON-able fields of the state, or items of the collection.

        Returns
        -------
        bool
            Whether there was anything to commit.

        Raises
        ------
        ConflictError
            If a param has another value already; if the run has ended and this only goes while it runs.
        NotFoundError
            If the run is being removed, or is to be but no longer deleted.
        """

        def intent(found: RunState) -> Change | None:
            self.state = found
            wanted = _wanted(found, operation, arguments)
            return Change(operation, wanted) if wanted else None

        commit = self.log.commit(intent)
        if commit is None:
            self.number = self.log.head().number
            return False
        self.state, self.number = _apply(self.state, commit), commit.number
        return True


def _wanted(state: RunState, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the part of `arguments` that changes `state`, if it may."""
    if state.get("purged") or (operation == PURGE and state.get("deleted") != arguments["deleted"]):
        raise NotFoundError(f"run {state['id']} is being removed, or was restored, by somebody else.")
    if operation in ("start", "resume", "end", PURGE):
        return arguments
    if operation not in ("set", "tags"):
        _refuse_ended(state)
    known = state if operation == "set" else state[operation]
    changed = {
        name: value for name, value in arguments.items() if name not in known or encode(known[name]) != encode(value)
    }
    if operation == "params":
        _refuse_changed_params(state, set(changed))
    return changed


def read_states(store: Store) -> Iterator[RunState | DamagedError]:
    """Read all runs of a store, with the number of their ``commits``; an error stands in for an unreadable one."""
    names = [name for name in store.list("runs") if name.split("/")[3:4] == ["log"]]
    contents = store.read_many(names)
    for folder, group in groupby(sorted(contents), key=lambda name: name.rpartition("/log/")[0]):
        commits = [contents[name] for name in group]
        if not is_purge(commits[-1]):
            yield _read_state(folder, commits)


def is_purge(data: bytes) -> bool:
    """Whether a commit is the one that says that its run is being removed."""
    try:
        return bool(decode(data)["op"] == PURGE)
    except (DamagedError, FormatError, KeyError, TypeError):
        return False


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
    return {**state, "commits": head.number}


def _refuse_ended(state: RunState) -> None:
    if state["status"] != "running":
        raise ConflictError(
            f"run {state['id']} is {state['status']} and takes nothing more; resume it, or start another."
        )


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
        return {**_empty_state(), "status": "running", "started": time, **arguments}
    if operation == "resume":
        return _resumed(state, arguments)
    if operation == "end":
        return _ended(state, arguments, time)
    if operation == "set":
        return {**state, **arguments}
    if operation == PURGE:
        return {**state, "purged": True}
    if operation in _COLLECTIONS:
        return {**state, operation: {**state[operation], **arguments}}
    raise FormatError(f"a run has a commit {operation!r}, which this mlopskit does not know. Update mlopskit.")


def _empty_state() -> RunState:
    empty: RunState = {
        collection: {} for collection in (*_COLLECTIONS, "summaries", "series", "sessions", "environment")
    }
    return {**empty, "user": "", "parent": "", "note": "", "deleted": "", "error": "", "seconds": 0.0}


def _resumed(state: RunState, arguments: dict[str, Any]) -> RunState:
    """Open one more session; one that joins others leaves what they have said."""
    sessions = {name: facts for name, facts in state["sessions"].items() if name not in arguments["dead"]}
    joined = {**state, "sessions": {**sessions, **arguments["sessions"]}, "status": "running"}
    return joined if sessions else {**joined, "error": "", "ended": ""}


def _ended(state: RunState, arguments: dict[str, Any], time: str) -> RunState:
    """Close a session; the run has ended when none is left, and has failed if one of them did."""
    gone = {arguments.get("session"), *arguments.get("dead", ())}
    sessions = {name: facts for name, facts in state["sessions"].items() if name not in gone}
    was_open = arguments.get("session", "") in ("", *state["sessions"])
    error = state["error"] or arguments["error"]
    status = "failed" if error and arguments["status"] == "finished" else arguments["status"]
    if state["status"] != "running":  # given up for dead, and ended without this session
        status = state["status"]
    known = {field: arguments[field] for field in ("steps", "environment") if arguments.get(field)}
    return {
        **state,
        **known,
        "sessions": sessions,
        "status": "running" if sessions else status,
        "ended": "" if sessions else time,
        "error": error,
        "seconds": state["seconds"] + (arguments["seconds"] if was_open else 0.0),
        "summaries": _summaries(arguments),
        "series": {**state["series"], **arguments.get("series", {})},
    }


def _summaries(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the summaries an end brings; the first version's had nothing but last values."""
    if "summaries" in arguments:
        return dict(arguments["summaries"])
    unknown = float("nan")
    return {
        name: {"last": value, "min": unknown, "max": unknown, "mean": unknown, "count": 0}
        for name, value in arguments["metrics"].items()
    }
