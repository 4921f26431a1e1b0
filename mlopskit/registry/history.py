"""What a model's commits add up to: its versions, where its aliases point, and everything that happened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mlopskit.errors import ConflictError, FormatError, NotFoundError
from mlopskit.records.json import from_json
from mlopskit.records.model import Decision, ModelVersion
from mlopskit.storage.commit import Commit
from mlopskit.storage.log import CommitLog
from mlopskit.storage.store import Store

if TYPE_CHECKING:
    import pandas as pd

State = dict[str, Any]
START: State = {"versions": [], "aliases": {}, "history": [], "digests": {}}
FOLD = 2


def open_log(store: Store, name: str) -> CommitLog[State]:
    """Open the log of one model."""
    return CommitLog(store, f"registry/{name}", initial=START, apply=apply, fold=FOLD)


def apply(state: State, commit: Commit) -> State:
    """Return the state after one more commit; a version's number is its place among the registrations.

    Raises
    ------
    FormatError
        If a newer mlopskit wrote an operation that is not known here.
    """
    operation, arguments = commit.change.operation, commit.change.arguments
    if operation == "register":
        return _after_registration(state, commit)
    if operation in _MOVES:
        return _after_move(state, commit)
    if operation not in _CHANGES:
        raise FormatError(f"commit {commit.number} is a {operation!r}, not known here; update mlopskit.")
    number = arguments["version"]
    versions = list(state["versions"])
    versions[number - 1] = _CHANGES[operation](versions[number - 1], commit)
    event = _event(commit, version=number, reason=_words(operation, arguments))
    return state | {"versions": versions, "history": [*state["history"], event]}


def target(state: State, alias: str) -> int | None:
    """Return the number of the version that an alias names, None if there is no such alias."""
    place = state["aliases"].get(alias)
    return place["targets"][-1] if place and place["targets"] else None


def aliases_of(state: State, number: int) -> list[str]:
    """Return the aliases that name a version, sorted."""
    return [alias for alias in sorted(state["aliases"]) if target(state, alias) == number]


def before(state: State, alias: str) -> int | None:
    """Return the version that an alias named before the one it names now, deleted ones aside; None if none."""
    earlier = state["aliases"].get(alias, {"targets": []})["targets"][:-1]
    return next((number for number in reversed(earlier) if not state["versions"][number - 1].get("deleted")), None)


def moved(state: State, alias: str) -> int:
    """Return the number of the commit that last moved an alias, 0 if there is no such alias."""
    return int(state["aliases"].get(alias, {"commit": 0})["commit"])


def refuse_if_moved(state: State, seen: State, name: str, alias: str) -> None:
    """Raise `ConflictError` if an alias was moved since `seen`, on which a decision rests."""
    if moved(state, alias) != moved(seen, alias):
        raise ConflictError(
            f"{alias} of {name} was moved to version {target(state, alias)} while this was being decided against "
            f"version {target(seen, alias)}; nothing was changed. Look at its history, and decide again."
        )


def refuse_unknown(state: State, name: str) -> None:
    """Raise `NotFoundError` if no version was ever registered."""
    if not state["versions"]:
        raise NotFoundError(f"No model is named {name} here; register one, or look at models().")


def refuse_deleted(state: State, name: str, number: int) -> None:
    """Raise `ConflictError` if a version was deleted."""
    if state["versions"][number - 1].get("deleted"):
        raise ConflictError(f"{name}/{number} was deleted and can not be used; choose another version.")


def refuse_other_kind(state: State, name: str, kind: str) -> None:
    """Raise `ConflictError` if the versions before are of another kind."""
    if state["versions"] and (known := state["versions"][0].get("kind", "model")) != kind:
        raise ConflictError(f"{name} is a {known}, and this is a {kind}; register it under another name.")


def version_of(state: State, name: str, number: int) -> ModelVersion:
    """Return one version.

    Raises
    ------
    NotFoundError
        If there is none of this number.
    """
    refuse_unknown(state, name)
    if not 1 <= number <= len(state["versions"]):
        raise NotFoundError(f"{name} has no version {number}; it has 1 to {len(state['versions'])}.")
    return from_json(ModelVersion, state["versions"][number - 1])


def number_of(state: State, name: str, version: int | str | ModelVersion) -> int:
    """Return the number that ``4``, ``"flight-delays/4"``, ``"flight-delays@champion"`` or a ModelVersion stands for.

    Raises
    ------
    NotFoundError
        If there is no such version or alias, or it is another model's.
    """
    text = str(version)
    if not isinstance(version, str | ModelVersion):
        text = f"{name}/{version}"
    model, kind, which = split(text)
    if model != name:
        raise NotFoundError(f"{text} is no version of {name}; name one of its own.")
    refuse_unknown(state, name)
    number = target(state, which) if kind == "@" else int(which)
    if number is None:
        known = ", ".join(alias for alias in sorted(state["aliases"]) if target(state, alias)) or "none"
        raise NotFoundError(f"{name} has no alias {which!r}; it has {known}. Set it with set_alias or promote.")
    return version_of(state, name, number).number


def split(text: str) -> tuple[str, str, str]:
    """Take ``"flight-delays@champion"`` or ``"flight-delays/4"`` apart at its sign.

    Raises
    ------
    NotFoundError
        If it has neither form.

    Examples
    --------
    >>> split("flight-delays/4")
    ('flight-delays', '/', '4')
    """
    for sign in "@/":
        name, found, which = text.partition(sign)
        if found and (sign == "@" or (which.isascii() and which.isdigit())):
            return name, sign, which
    raise NotFoundError(f"{text!r} names no version; write 'name@alias' or 'name/4'.")


def decision_of(name: str, event: dict[str, Any]) -> Decision:
    """Return an event of the history as the decision it is."""
    return from_json(Decision, event | {"model": name})


def event_of(state: State, commit: Commit | None) -> dict[str, Any]:
    """Return what a commit added to the history: the last event, unless others were quick to add theirs."""
    return next(event for event in reversed(state["history"]) if commit and event["commit"] == commit.number)


def standing(state: State, name: str, alias: str) -> Decision:
    """Return the decision that put an alias where it is."""
    last = moved(state, alias)
    return decision_of(name, next(event for event in reversed(state["history"]) if event["commit"] == last))


def target_at(state: State, alias: str, time: str | datetime) -> int | None:
    """Return the number of the version that an alias named at some time, None if it named none yet."""
    moment = datetime.fromisoformat(time) if isinstance(time, str) else time
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    found = None
    for event in state["history"]:
        is_move = event["alias"] == alias and event["accepted"]
        if is_move and datetime.fromisoformat(event["time"]) <= moment:
            found = None if event["operation"] == "remove_alias" else event["version"]
    return found


def summary(state: State, name: str) -> dict[str, Any]:
    """Return a model's line in the list of models."""
    named = {alias: target(state, alias) for alias in sorted(state["aliases"])}
    aliases = ", ".join(f"{alias} = {number}" for alias, number in named.items() if number)
    versions = state["versions"]
    registered = versions[-1]["registered"] if versions else None
    kind = versions[0].get("kind", "model") if versions else "model"
    return {"name": name, "kind": kind, "versions": len(versions), "aliases": aliases, "registered": registered}


def history_frame(state: State) -> pd.DataFrame:
    """Lay out everything that happened, one row per commit."""
    import pandas as pd

    rows = [event | {"results": "; ".join(map(_finding, event["results"]))} for event in state["history"]]
    frame = pd.DataFrame(rows, columns=list(_EVENT))
    frame["time"] = pd.to_datetime(frame["time"], utc=True, format="ISO8601")
    return frame.astype({"version": "int64", "previous": "Int64", "accepted": "bool"}).set_index("commit")


def versions_frame(state: State, name: str) -> pd.DataFrame:
    """Lay out the versions, one row each, their metrics, params and tags in columns of their own."""
    import pandas as pd

    refuse_unknown(state, name)
    rows = [_row(state, number) for number in range(1, len(state["versions"]) + 1)]
    frame = pd.DataFrame(rows)
    return frame.assign(registered=pd.to_datetime(frame["registered"], utc=True, format="ISO8601")).set_index("version")


def _row(state: State, number: int) -> dict[str, Any]:
    version = state["versions"][number - 1]
    row = {"version": number, "registered": version["registered"], "by": version["by"]}
    row |= {"aliases": ", ".join(aliases_of(state, number)), "approved_by": ", ".join(version["approved_by"])}
    row |= {"run": version["run"], "description": version["description"], "deleted": version.get("deleted", "")}
    for kind in ("metrics", "params", "tags"):
        row |= {f"{kind}.{key}": value for key, value in version[kind].items()}
    return row


_EVENT: dict[str, Any] = {
    "commit": 0,
    "time": "",
    "operation": "",
    "version": 0,
    "alias": None,
    "previous": None,
    "accepted": True,
    "by": "",
    "reason": "",
    "results": [],
    "forced": False,
}


def _event(commit: Commit, **facts: Any) -> dict[str, Any]:
    who = {"commit": commit.number, "time": commit.time, "by": commit.actor, "operation": commit.change.operation}
    return _EVENT | facts | who


def _after_registration(state: State, commit: Commit) -> State:
    number, digest = len(state["versions"]) + 1, commit.change.arguments.get("digest", "")
    same_as = state["digests"].get(digest)
    facts = {"number": number, "registered": commit.time, "by": commit.actor, "approved_by": [], "same_as": same_as}
    return state | {
        "versions": [*state["versions"], commit.change.arguments | facts],
        "history": [*state["history"], _event(commit, version=number)],
        "digests": {digest: number} | state["digests"],
    }


def _after_move(state: State, commit: Commit) -> State:
    """Move an alias, or record that it was not moved."""
    operation, arguments = commit.change.operation, commit.change.arguments
    alias, version = arguments["alias"], arguments["version"]
    event = _event(commit, **(arguments | {"previous": target(state, alias)}))
    after = state | {"history": [*state["history"], event]}
    if not arguments.get("accepted", True):
        return after
    targets = _MOVES[operation](state["aliases"].get(alias, {"targets": []})["targets"], version)
    return after | {"aliases": state["aliases"] | {alias: {"targets": targets, "commit": commit.number}}}


def _back_to(targets: list[int], version: int) -> list[int]:
    """Cut the targets off after the version gone back to, so that once more goes further back."""
    earlier = targets[:-1]
    while earlier and earlier[-1] != version:
        earlier = earlier[:-1]
    return earlier


_MOVES: dict[str, Callable[[list[int], int], list[int]]] = {
    "promote": lambda targets, version: [*targets, version],
    "set_alias": lambda targets, version: [*targets, version],
    "remove_alias": lambda _targets, _version: [],
    "rollback": _back_to,
}
_CHANGES: dict[str, Callable[[dict[str, Any], Commit], dict[str, Any]]] = {
    "approve": lambda version, commit: version | {"approved_by": [*version["approved_by"], commit.actor]},
    "set_tags": lambda version, commit: version | {"tags": version["tags"] | commit.change.arguments["tags"]},
    "describe": lambda version, commit: (
        version | {"written": version.get("written", {}) | commit.change.arguments["written"]}
    ),
    "delete": lambda version, commit: version | {"deleted": commit.time},
}


def _words(operation: str, arguments: dict[str, Any]) -> str:
    """Say in the history what a change was about."""
    if operation in ("set_tags", "describe"):
        return ", ".join(sorted(arguments["tags" if operation == "set_tags" else "written"]))
    return str(arguments.get("reason", ""))


def _finding(result: dict[str, Any]) -> str:
    return f"{result['check']}: {result['status']}" + (f" ({result['message']})" if result["message"] else "")
