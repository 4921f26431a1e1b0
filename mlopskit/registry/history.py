"""What a model's commits add up to: its versions, where its aliases point, and everything that happened."""

from __future__ import annotations

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
START: State = {"versions": [], "aliases": {}, "history": []}
FOLD = 1


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
        return _registered(state, commit)
    if operation not in ("approve", "promote", "set_alias", "rollback"):
        raise FormatError(f"commit {commit.number} is a {operation!r}, not known here; update mlopskit.")
    alias, version = arguments.get("alias"), arguments["version"]
    happened = {"version": version, "alias": alias, "previous": target(state, alias) if alias else None}
    after = state | {"history": [*state["history"], _event(commit, **(arguments | happened))]}
    if operation == "approve":
        return after | {"versions": _approved(state, version, commit.actor)}
    if not arguments.get("accepted", True):
        return after
    targets = state["aliases"].get(alias, {"targets": []})["targets"]
    targets = targets[:-1] if operation == "rollback" else [*targets, version]
    return after | {"aliases": state["aliases"] | {alias: {"targets": targets, "commit": commit.number}}}


def target(state: State, alias: str) -> int | None:
    """Return the number of the version that an alias names, None if there is no such alias."""
    place = state["aliases"].get(alias)
    return place["targets"][-1] if place else None


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
        known = ", ".join(sorted(state["aliases"])) or "none"
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
            found = event["version"]
    return found


def summary(state: State, name: str) -> dict[str, Any]:
    """Return a model's line in the list of models."""
    aliases = ", ".join(f"{alias} = {target(state, alias)}" for alias in sorted(state["aliases"]))
    registered = state["versions"][-1]["registered"] if state["versions"] else None
    return {"name": name, "versions": len(state["versions"]), "aliases": aliases, "registered": registered}


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

    rows = []
    for number in range(1, len(state["versions"]) + 1):
        version = version_of(state, name, number)
        aliases = [alias for alias in sorted(state["aliases"]) if target(state, alias) == number]
        row = {"version": number, "registered": version.registered, "by": version.by, "aliases": ", ".join(aliases)}
        row |= {"approved_by": ", ".join(version.approved_by), "run": version.run, "description": version.description}
        for kind in ("metrics", "params", "tags"):
            row |= {f"{kind}.{key}": value for key, value in getattr(version, kind).items()}
        rows.append(row)
    frame = pd.DataFrame(rows)
    return frame.assign(registered=pd.to_datetime(frame["registered"], utc=True, format="ISO8601")).set_index("version")


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
}


def _event(commit: Commit, **facts: Any) -> dict[str, Any]:
    who = {"commit": commit.number, "time": commit.time, "by": commit.actor, "operation": commit.change.operation}
    return _EVENT | facts | who


def _registered(state: State, commit: Commit) -> State:
    number = len(state["versions"]) + 1
    facts = {"number": number, "registered": commit.time, "by": commit.actor, "approved_by": []}
    return state | {
        "versions": [*state["versions"], commit.change.arguments | facts],
        "history": [*state["history"], _event(commit, version=number)],
    }


def _approved(state: State, number: int, by: str) -> list[dict[str, Any]]:
    versions = list(state["versions"])
    version = versions[number - 1]
    versions[number - 1] = version | {"approved_by": [*version["approved_by"], by]}
    return versions


def _finding(result: dict[str, Any]) -> str:
    return f"{result['check']}: {result['status']}" + (f" ({result['message']})" if result["message"] else "")
