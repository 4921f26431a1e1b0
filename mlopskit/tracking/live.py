"""How a run shows itself to others while it goes on, and to the index when it has ended.

Each process that has a run open keeps one small object on the store, ``index/live/<run>-<session>.json``:
the run's state with its metrics so far, and when this was written, its heartbeat. Its last
version, with ``final`` true, is what the index folds into a snapshot; a change to a run
that has ended is told by one object more.
"""

from __future__ import annotations

import time
from typing import Any

from mlopskit.records.json import to_json
from mlopskit.records.run import MetricSummary
from mlopskit.storage.canonical_json import decode, encode
from mlopskit.storage.identifiers import new_id
from mlopskit.storage.store import Store
from mlopskit.tracking.lifecycle import RunState

FORMAT = 1
BEAT_SECONDS = 30.0
DEAD_SECONDS = 120.0  # four beats missed
_NOT_SEARCHED = {"artifacts", "files", "datasets", "steps", "environment", "series"}


def live_name(run_id: str, session: str) -> str:
    """Return the name on the store of what a session shows of a run."""
    return f"index/live/{run_id}-{session}.json"


def write_live(store: Store, state: RunState, number: int, session: str, *, final: bool) -> None:
    """Show the state that a run's commit `number` left.

    Not synced to the disk: whatever a power loss takes from the index, the runs themselves can give back.
    """
    shown = {name: value for name, value in state.items() if name not in _NOT_SEARCHED}
    content = {"v": FORMAT, "n": number, "final": final, "beat": time.time(), "state": shown}
    store.replace(live_name(state["id"], session), encode(content), durable=False)


def announce_change(store: Store, state: RunState, number: int) -> None:
    """Tell the index that a run which had ended was changed."""
    write_live(store, state, number, new_id(), final=True)


def as_seen(store: Store, state: RunState) -> RunState:
    """Add to the state of a running run what its live objects show: metrics so far, and whether it lives."""
    if state["status"] != "running":
        return state
    names = [live_name(state["id"], session) for session in state["sessions"]]
    shown = [decode(data) for data in store.read_many(names).values()]
    summaries: dict[str, Any] = {}
    for content in shown:
        summaries.update(content["state"]["summaries"])
    beat = max((content["beat"] for content in shown), default=0.0)
    return {**state, "summaries": summaries, "status": judged_status(state, beat, time.time())}


def with_summaries(state: RunState, summaries: dict[str, MetricSummary]) -> RunState:
    """Return the state with the metrics so far."""
    return {**state, "summaries": {name: to_json(summary) for name, summary in summaries.items()}}


def judged_status(state: RunState, beat: float, now: float) -> str:
    """Return a run's status as a reader sees it: *killed* if nothing was heard of it for two minutes.

    Parameters
    ----------
    state : dict
        The run's.
    beat : float
        Its last heartbeat, in seconds since 1970 by the clock of the run's machine.
    now : float
        The reader's clock. A clock that is minutes off makes a living run look killed, or the
        other way round, for that reader and for as long as it is off; nothing is written.

    Examples
    --------
    >>> judged_status({"status": "running"}, beat=1000.0, now=1050.0)
    'running'
    >>> judged_status({"status": "running"}, beat=1000.0, now=1200.0)
    'killed'
    """
    status = str(state["status"])
    return "killed" if status == "running" and now - beat > DEAD_SECONDS else status
