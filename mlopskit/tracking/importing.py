"""Runs that were recorded elsewhere, brought in whole: all of a run becomes visible with one commit."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlopskit.records.environment import Environment
from mlopskit.records.json import to_json
from mlopskit.storage.blobs import Blob, Blobs
from mlopskit.storage.canonical_json import encode
from mlopskit.storage.identifiers import id_at
from mlopskit.storage.store import Store
from mlopskit.tracking.lifecycle import Lifecycle, run_folder
from mlopskit.tracking.live import announce_change
from mlopskit.tracking.segments import Segment, encode_segment, joined, segment_name
from mlopskit.tracking.series import PART_POINTS
from mlopskit.tracking.summaries import Summaries


def run_id_for(source: str, started_ms: int) -> str:
    """Return the identifier that a run from elsewhere has here; always the same for the same run.

    Parameters
    ----------
    source : str
        What identifies it where it comes from.
    started_ms : int
        When it was started, in milliseconds since 1970.

    Examples
    --------
    >>> run_id_for("mlflow:6c1a", 1_540_000_000_000)
    '01ct7jea006tsam7qc1pbkty6q'
    """
    return id_at(started_ms, hashlib.sha256(source.encode()).digest()[:10])


def import_run(
    store: Store,
    *,
    run_id: str,
    state: dict[str, Any],
    points: Mapping[str, tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]],
    files: Mapping[str, Path],
    environment: Environment | None = None,
) -> bool:
    """Bring in a run that has ended; if this is interrupted nothing is visible, and it can be done again.

    Parameters
    ----------
    store : Store
    run_id : str
        As `run_id_for` gives it.
    state : dict
        Fields of a `RunRecord`, JSON-able: ``experiment``, ``name``, ``status``, ``started``, ``ended``,
        ``seconds``, ``params``, ``tags`` and whatever else is known.
    points : mapping of str to (int64 array, int64 array, float64 array)
        Of each metric the steps, the times in nanoseconds since 1970, and the values, in order.
    files : mapping of str to Path
        Files to keep, by the name to keep them as.
    environment : Environment, optional
        What is known of code, packages and machine.

    Returns
    -------
    bool
        Whether it was brought in; False if it is there already.
    """
    lifecycle = Lifecycle(store, run_id)
    if lifecycle.read():
        return False
    segment = _one_segment(points)
    for start in range(0, segment.end, PART_POINTS):
        piece = segment.cut(start, start + PART_POINTS)
        store.create(segment_name(run_folder(run_id), run_id, piece.first, piece.end), encode_segment(piece))
    blobs = Blobs(store)
    kept = _kept(blobs, files, environment)
    summaries = {name: to_json(summary) for name, summary in Summaries([segment]).result().items()}
    lifecycle.change("start", {**state, **kept, "id": run_id, "summaries": summaries})
    while not blobs.spares(kept):  # they were taken for garbage meanwhile
        _kept(blobs, files, environment)
    announce_change(store, lifecycle.state, lifecycle.number)
    return True


def _kept(blobs: Blobs, files: Mapping[str, Path], environment: Environment | None) -> dict[str, Any]:
    """Put what the run refers to, and return the fields that do."""
    known = blobs.put(encode(to_json(environment))) if environment else None
    return {
        "files": {name: _reference(blobs.put(path)) for name, path in files.items()},
        "environment": _reference(known) if known else {},
    }


def _reference(blob: Blob) -> dict[str, Any]:
    return {"digest": blob.digest, "size": blob.size}


def _one_segment(points: Mapping[str, tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]]) -> Segment:
    empty = np.zeros(0, np.int64)
    each = [Segment([name], np.zeros(len(series[0]), np.uint32), *series) for name, series in points.items()]
    return joined(each) if each else Segment([], empty.astype(np.uint32), empty, empty, empty.astype(np.float64))
