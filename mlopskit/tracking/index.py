"""The index: all runs of a store as columns, for a search; a cache that the runs themselves can give back.

It is a *snapshot* of the runs that had ended, ``index/snapshot/<number>.bin``, and what runs show of themselves since,
``index/live/``. When many of these have gathered, a reader folds them into the next snapshot. The order
matters: a new snapshot is created, then the old one deleted, then what was folded; so whoever finds something gone that
was listed looks again, and misses nothing. Of those who fold at once, only one creates the next number.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby
from typing import Any

import numpy as np

from mlopskit.errors import ConflictError, DamagedError, FormatError, StoreError
from mlopskit.storage.canonical_json import decode
from mlopskit.storage.store import Store
from mlopskit.tracking.lifecycle import Lifecycle, RunState, read_states
from mlopskit.tracking.live import judged_status
from mlopskit.tracking.run_columns import RunColumns
from mlopskit.tracking.snapshot import decode_snapshot, encode_snapshot

_LEAST_FOLDED = 64
_SHARE_FOLDED = 0.02  # of the runs in the snapshot: folding costs as much as there are

_cached: dict[str, tuple[str, RunColumns]] = {}


def read_index(store: Store) -> RunColumns:
    """Read what is known of all runs: one list, the snapshot unless this process has it, and the live objects.

    Writes a new snapshot now and then; a store that can not be written is read all the same.

    Parameters
    ----------
    store : Store

    Warns
    -----
    UserWarning
        If the index had to be made anew and a run could not be read.
    """
    snapshot, columns, live = _read(store)
    ended = {name for names, state in live for name in names if state["status"] not in ("running", "killed")}
    if len(ended) > max(_LEAST_FOLDED, _SHARE_FOLDED * columns.count):
        folded = [(names, state) for names, state in live if ended.issuperset(names)]
        merged = _merged(columns, [state for _, state in folded])
        _replace(store, snapshot, merged, [name for names, _ in folded for name in names])
        return _merged(merged, [state for names, state in live if not ended.issuperset(names)])
    return _merged(columns, [state for _, state in live])


def forget(store: Store, run_ids: Collection[str]) -> None:
    """Take runs that are no longer there out of the index.

    Parameters
    ----------
    store : Store
    run_ids : collection of str
    """
    while True:
        snapshot, columns, live = _read(store)
        store.delete(*(name for names, state in live if state["id"] in run_ids for name in names))
        known = columns.column("run", "run_id")
        gone = np.isin(known.values.astype(str), list(run_ids)) if known else np.zeros(0, dtype=bool)
        if not gone.any() or _replace(store, snapshot, columns.only(~gone), []):
            return


def _read(store: Store) -> tuple[str, RunColumns, list[tuple[list[str], RunState]]]:
    """Return the snapshot's name and runs, and the state of each run that shows itself, with the names it has there."""
    while True:
        names = store.list("index")
        snapshots = [name for name in names if name.startswith("index/snapshot/")]
        shown = [name for name in names if name.startswith("index/live/")]
        if not snapshots:
            _rebuild(store)
            continue
        newest = max(snapshots)
        cached = _cached.get(store.url)
        known = cached[1] if cached and cached[0] == newest else None
        contents = store.read_many(shown if known else [*shown, newest])
        if len(contents) < len(shown) + (known is None):
            continue  # somebody has folded meanwhile
        if known is None:
            try:
                known = decode_snapshot(contents.pop(newest))
            except DamagedError:
                store.delete(*snapshots)
                continue
            _cached[store.url] = newest, known
        return newest, known, list(_states(store, contents))


def _states(store: Store, contents: dict[str, bytes]) -> Iterator[tuple[list[str], RunState]]:
    now = time.time()
    for run_id, group in groupby(sorted(contents), key=_run_of):
        names = list(group)
        shown = [content for name in names for content in _decoded(store, run_id, contents[name])]
        if shown:
            yield names, _one_state(shown, now)


def _run_of(name: str) -> str:
    return name.rpartition("/")[2].partition("-")[0]


def _decoded(store: Store, run_id: str, data: bytes) -> Iterator[dict[str, Any]]:
    """Read what a run shows; the run itself if that was torn by a power loss."""
    try:
        yield decode(data)
    except (DamagedError, FormatError):
        lifecycle = Lifecycle(store, run_id)
        if state := lifecycle.read():
            yield {"n": lifecycle.number, "final": state["status"] != "running", "beat": 0.0, "state": state}


def _one_state(shown: list[dict[str, Any]], now: float) -> RunState:
    """The newest state of what a run's processes show, with the metrics of all while one goes on."""
    newest = max(shown, key=lambda content: (content["n"], content["final"]))
    state: RunState = {**newest["state"], "commits": newest["n"]}
    if state["status"] != "running":
        return state
    summaries: dict[str, Any] = {}
    for content in shown:
        summaries |= content["state"]["summaries"]
    beat = max(content["beat"] for content in shown)
    return {**state, "summaries": summaries, "status": judged_status(state, beat, now)}


def _merged(columns: RunColumns, states: list[RunState]) -> RunColumns:
    """Put states in the place of what the table has of these runs, unless that is newer."""
    if not states:
        return columns
    ids, commits = columns.column("run", "run_id"), columns.column("run", "commits")
    if ids is None or commits is None:
        return RunColumns.of(states)
    wanted = {state["id"]: state for state in states}
    kept = np.ones(columns.count, dtype=bool)
    for row in np.flatnonzero(np.isin(ids.values.astype(str), list(wanted))).tolist():
        run_id = ids.values[row]
        if wanted[run_id]["commits"] < commits.numbers[row]:
            del wanted[run_id]
        else:
            kept[row] = False
    return columns.only(kept).followed_by(RunColumns.of(wanted.values()))


def _replace(store: Store, snapshot: str, columns: RunColumns, folded: Iterable[str]) -> bool:
    """Create the snapshot after `snapshot`; False if somebody else has, or the store can not be written."""
    try:
        return _create(store, int(snapshot.rpartition("/")[2].removesuffix(".bin")) + 1, columns, folded)
    except (StoreError, OSError):
        return False


def _create(store: Store, number: int, columns: RunColumns, folded: Iterable[str]) -> bool:
    name = f"index/snapshot/{number:012}.bin"
    data = encode_snapshot(columns)
    try:
        store.create(name, data)
    except ConflictError:
        return False
    _cached[store.url] = name, decode_snapshot(data)
    store.delete(*(other for other in store.list("index/snapshot") if other < name))
    store.delete(*folded)
    return True


def _rebuild(store: Store) -> None:
    """Make the first snapshot, of what all runs' own logs say."""
    states = []
    for state in read_states(store):
        if isinstance(state, DamagedError):
            warnings.warn(f"A run is left out: {state}", stacklevel=5)
        elif state["status"] == "running":  # if it is alive it shows itself, and that counts
            states.append({**state, "status": "killed"})
        else:
            states.append(state)
    if not store.list("index/snapshot"):
        # The clock's number is another than that of any snapshot which a process may still remember.
        _create(store, int(time.time()), RunColumns.of(states), [])
