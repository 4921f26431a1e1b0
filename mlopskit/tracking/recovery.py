"""What a killed process has left on this machine, brought to the store by the next one that opens it."""

from __future__ import annotations

import base64
import contextlib
import logging
from pathlib import Path
from typing import Any

from mlopskit.errors import ConflictError, NotFoundError, StoreError
from mlopskit.records.json import to_json
from mlopskit.storage.store import Store
from mlopskit.tracking.journal import SUFFIX, Journal
from mlopskit.tracking.lifecycle import Lifecycle, RunState, run_folder
from mlopskit.tracking.live import write_live
from mlopskit.tracking.spool import read_part

_LOGGER = logging.getLogger("mlopskit")


def recover(store: Store, folder: Path | None) -> list[str]:
    """Finish the work of writers that died: their metric points, their changes, and how their runs ended.

    Parameters
    ----------
    store : Store
    folder : Path or None
        Where points wait on this machine for `store`.

    Returns
    -------
    list of str
        The runs that were brought to an end; empty if nobody has died.
    """
    if folder is None or not folder.is_dir():
        return []
    runs = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        journal = Journal.take_over(path)
        if journal is None:
            continue
        try:
            runs.append(_finish_work(store, journal))
        except (StoreError, OSError) as error:  # the next one may fare better
            _LOGGER.warning("What a killed process left in %s could not be brought to the store: %s", path, error)
            journal.close()
    return runs


def _finish_work(store: Store, journal: Journal) -> str:
    entries = list(journal.entries())
    header = entries[0] if entries else {}
    run_id, writer = str(header.get("run")), str(header.get("writer"))
    lifecycle = Lifecycle(store, run_id)
    with contextlib.suppress(NotFoundError):
        if lifecycle.read():
            _store_points(store, lifecycle.state, journal, _metric_names(entries))
            _commit_changes(store, lifecycle, header, [entry["change"] for entry in entries if "change" in entry])
    for part in journal.path.parent.glob(f"{writer}-*.points"):
        part.unlink(missing_ok=True)
    journal.remove()
    return run_id


def _metric_names(entries: list[dict[str, Any]]) -> list[str]:
    """Return the names that points refer to by number."""
    return [name for entry in entries for name in entry.get("metrics", ())]


def _store_points(store: Store, state: RunState, journal: Journal, names: list[str]) -> None:
    """Put the points that are not on the store there, under the names that their writer would have given."""
    from mlopskit.tracking.segments import encode_segment, segment_name, writer_and_range
    from mlopskit.tracking.series import segment_of_records

    folder, writer = run_folder(state["id"]), journal.path.name.removesuffix(SUFFIX)
    kept = [*store.list(f"{folder}/series"), *state["series"]]
    reached = max((writer_and_range(name)[2] for name in kept if f"/{writer}-" in name), default=0)
    for path in sorted(journal.path.parent.glob(f"{writer}-*.points")):
        first, records = read_part(path)
        written = (records["mark"] != 0).nonzero()[0]
        end = int(written[-1]) + 1 if len(written) else 0
        start = max(reached - first, 0)
        if start < end:
            segment = segment_of_records(names, records[start:end], first + start)
            store.create(segment_name(folder, writer, segment.first, segment.end), encode_segment(segment))


def _commit_changes(
    store: Store, lifecycle: Lifecycle, header: dict[str, Any], changes: list[tuple[str, dict[str, Any]]]
) -> None:
    """Commit what could not be committed, and that the run has ended."""
    session = str(header["session"])
    ends = [arguments for operation, arguments in changes if operation == "end"]
    for operation, arguments in changes:
        if operation != "end":
            with contextlib.suppress(ConflictError):  # as good as left out: it contradicts what is there
                lifecycle.change(operation, arguments)
    if session in lifecycle.state["sessions"] or ends or lifecycle.state["status"] != "running":
        killed = {"session": session, "status": "killed", "error": "", "seconds": 0.0, "steps": []}
        end = ends[-1] if ends else killed
        lifecycle.change("end", {**end, "summaries": _summaries(store, lifecycle.state)})
    final = lifecycle.state["status"] != "running"
    if session or final:
        write_live(store, lifecycle.state, lifecycle.number, session or header["writer"], final=final)


def _summaries(store: Store, state: RunState) -> dict[str, Any]:
    from mlopskit.tracking.segments import read_segments
    from mlopskit.tracking.summaries import Summaries

    embedded = {name: base64.b64decode(data) for name, data in state["series"].items()}
    found = Summaries(read_segments(store, run_folder(state["id"]), embedded)).result()
    return {name: to_json(summary) for name, summary in found.items()}
