"""Deleted runs: removed for good, together with the blobs that only they named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs
import numpy as np

from mlopskit.errors import MlopskitError, NotFoundError
from mlopskit.storage.garbage import collect_garbage
from mlopskit.storage.store import Store
from mlopskit.tracking.index import forget, read_index
from mlopskit.tracking.lifecycle import PURGE, Lifecycle, is_purge, run_folder


@attrs.frozen
class Collected:
    """What a collection of garbage has removed.

    Attributes
    ----------
    runs : int
        Deleted runs.
    blobs : int
        Blobs that nothing names.
    size : int
        Bytes of these.
    """

    runs: int
    blobs: int
    size: int


def collect(store: Store, older_than: timedelta) -> Collected:
    """Remove the runs that were deleted longer ago than `older_than`, then all blobs that nothing names.

    A run's last commit says that it is being removed, and is the last of its files to go: whoever finds
    one goes on where the last collector was stopped, and nobody takes the rest for a damaged run.
    """
    if not isinstance(older_than, timedelta):
        raise TypeError(
            f"older_than is a datetime.timedelta, such as timedelta(days=30), not a {type(older_than).__name__}."
        )
    before = datetime.now(UTC) - older_than
    gone = [run_id for run_id in _deleted_runs(store) if _remove(store, run_id, before)]
    if gone:
        forget(store, gone)
    garbage = collect_garbage(store)
    return Collected(len(gone), garbage.blobs, garbage.size)


def _deleted_runs(store: Store) -> list[str]:
    """Return the runs that the index knows as deleted, and those it does not know: what a stopped removal left."""
    columns = read_index(store)
    deleted, ids = columns.column("run", "deleted"), columns.column("run", "run_id")
    known = ids.values.astype(str) if ids else np.zeros(0, dtype=str)
    gone = known[deleted.values.astype(str) != ""] if deleted else known[:0]
    there = {parts[2] for name in store.list("runs") if len(parts := name.split("/")) > 3}
    return sorted({*gone.tolist(), *(there - set(known.tolist()))})


def _remove(store: Store, run_id: str, before: datetime) -> bool:
    """Remove a run, if it was deleted before then; whether nothing of it is left."""
    try:
        folder = run_folder(run_id)
    except NotFoundError:  # somebody else's folder
        return False
    commits = store.list(f"{folder}/log")
    if not commits:
        return not store.list(folder)
    if not _is_marked(store, commits[-1]) and not _mark(store, run_id, before):
        return False
    names = store.list(folder)
    commits = [name for name in names if "/log/" in name]
    store.delete(*(name for name in names if name not in commits))
    store.delete(*commits[:-1])
    store.delete(*commits[-1:])
    return True


def _is_marked(store: Store, commit: str) -> bool:
    return any(map(is_purge, store.read_many([commit]).values()))  # none if another collector is quicker


def _mark(store: Store, run_id: str, before: datetime) -> bool:
    """Commit that the run is being removed; False if it is not deleted, or not for long enough."""
    lifecycle = Lifecycle(store, run_id)
    try:
        deleted = lifecycle.read().get("deleted")
    except MlopskitError:  # a damaged run is not for us to remove
        return False
    if not deleted or datetime.fromisoformat(deleted) > before:
        return False
    try:
        return lifecycle.change(PURGE, {"deleted": deleted})
    except NotFoundError:  # restored, or removed, meanwhile
        return False
