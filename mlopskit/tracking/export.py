"""A run as one ZIP file that needs nothing to be read."""

from __future__ import annotations

import csv
import io
import json
import shutil
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from mlopskit.records.json import to_json
from mlopskit.storage.artifacts import artifact_from_json, leaves
from mlopskit.storage.blobs import Blob, Blobs

if TYPE_CHECKING:
    from mlopskit.tracking.recorded_run import RecordedRun
    from mlopskit.tracking.segments import Series

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # so that equal runs are equal files


def export_run(run: RecordedRun, path: Path) -> Path:
    """Write `run` to `path`; see `RecordedRun.export`."""
    if path.exists():
        raise FileExistsError(f"{path} exists; export the run to another file, or move that one away.")
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with ZipFile(partial, "x", ZIP_DEFLATED) as archive:
            _add_bytes(archive, "run.json", json.dumps(_facts(run), indent=2, ensure_ascii=False).encode())
            _add_bytes(archive, "metrics.csv", _metrics_csv(run._series()).encode())
            for name, blob in _contents(run):
                _add_blob(archive, name, Blobs(run._store), blob)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
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


def _add_bytes(archive: ZipFile, name: str, content: bytes) -> None:
    archive.writestr(_entry(name), content)


def _add_blob(archive: ZipFile, name: str, blobs: Blobs, blob: Blob) -> None:
    with blobs.open(blob) as source, archive.open(_entry(name), "w", force_zip64=True) as target:
        shutil.copyfileobj(source, target)


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, _LONG_AGO)
    entry.compress_type = ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry
