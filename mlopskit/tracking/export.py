"""A run as one ZIP file that needs nothing to be read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mlopskit.records.json import to_json
from mlopskit.storage.archive import new_archive
from mlopskit.storage.artifacts import artifact_from_json, leaves
from mlopskit.storage.blobs import Blob, Blobs

if TYPE_CHECKING:
    from mlopskit.tracking.recorded_run import RecordedRun
    from mlopskit.tracking.segments import Series


def export_run(run: RecordedRun, path: Path) -> Path:
    """Write `run` to `path`; see `RecordedRun.export`."""
    with new_archive(path) as archive:
        archive.add("run.json", json.dumps(_facts(run), indent=2, ensure_ascii=False).encode())
        archive.add("metrics.csv", _metrics_csv(run._series()).encode())
        blobs = Blobs(run._store)
        for name, blob in _contents(run):
            with blobs.open(blob) as content:
                archive.add(name, content)
    return path


def _facts(run: RecordedRun) -> dict[str, Any]:
    environment = run.environment
    return {**to_json(run.record), "environment": to_json(environment) if environment else None}


def _metrics_csv(series: Mapping[str, Series]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["metric", "step", "value", "time"])
    for name in sorted(series):
        points = series[name]
        for step, value, time in zip(points.steps.tolist(), points.values.tolist(), points.times.tolist(), strict=True):
            moment = datetime.fromtimestamp(time / 1e9, UTC).isoformat(timespec="milliseconds")
            writer.writerow([name, step, repr(value), moment])
    return text.getvalue()


def _contents(run: RecordedRun) -> Iterator[tuple[str, Blob]]:
    """Yield all that the run kept, with its name in the archive."""
    record = run.record
    for name, kept in record.files.items():
        yield _archived("files", name), Blob(kept["digest"], kept["size"])
    for name, reference in record.artifacts.items():
        parts = leaves(artifact_from_json(reference))
        for number, part in enumerate(parts):
            which = f"{name}/{number}" if len(parts) > 1 else name
            yield f"{_archived('artifacts', which)}.{part.serializer}", part.blob


def _archived(folder: str, name: str) -> str:
    """Return a name that no unpacker takes out of its folder, whatever text it was."""
    parts = [quote(part, safe=" ()+,=@") for part in name.split("/")]
    return "/".join([folder, *("%2E" * len(part) if set(part) <= {"."} else part for part in parts)])
