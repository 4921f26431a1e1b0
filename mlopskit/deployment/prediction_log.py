"""`PredictionLog`: what a model was asked and what it said, in segments that nobody ever changes.

A segment is a frame, kept as an artifact, and ``predictions/<model>/<yyyymmdd>/<id>.json``, which names it
and is written last. Ids are unique by chance, so writers need not know of each other, and a writer
that is killed leaves a whole segment or none. The day is that of the writing, by the writer's clock (UTC).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from mlopskit.errors import FormatError, MlopskitError, NotFoundError
from mlopskit.storage.artifacts import Artifacts, artifact_from_json, artifact_to_json
from mlopskit.storage.canonical_json import decode, encode
from mlopskit.storage.identifiers import new_id
from mlopskit.storage.store import StoreLike, checked_part

FORMAT = 1
COLUMNS = ("prediction", "probability", "model_version", "predicted_at", "prediction_id")
"""What stands beside the features; `probability` is that of the positive class, of models that tell one."""

Moment = str | datetime


class PredictionLog:
    """What a model was asked, what it said, and which version said it.

    Parameters
    ----------
    store : Store, str, path or None
        As for `Store`; the one of the registry.
    name : str
        The model's name.

    Examples
    --------
    >>> log = PredictionLog("memory://docs-prediction-log", "flight-delays")
    >>> time = pd.Timestamp("2013-02-01 09:00", tz="UTC")
    >>> answered = {"prediction": 12.5, "model_version": 3, "predicted_at": time, "prediction_id": "a-0"}
    >>> log.append(pd.DataFrame([{"distance": 733.0, **answered}]))
    >>> log.read(start="2013-02-01")[["distance", "prediction", "model_version"]].to_dict("records")
    [{'distance': 733.0, 'prediction': 12.5, 'model_version': 3}]
    """

    def __init__(self, store: StoreLike, name: str) -> None:
        self.name = checked_part(name, kind="model")
        self._artifacts = Artifacts(store)
        self._folder = f"predictions/{name}"

    def append(self, frame: pd.DataFrame) -> None:
        """Write one segment; on return it survives a power loss.

        Parameters
        ----------
        frame : DataFrame, shape (rows, features + columns of the log)
            With `predicted_at` (moments in UTC) and `prediction_id`; not empty.

        Raises
        ------
        StoreError
            If the store does not take it. Appending the same rows again does no harm: `read` tells by their ids.
        """
        record: dict[str, Any] = {
            "format": FORMAT,
            "rows": len(frame),
            "first": frame["predicted_at"].min().isoformat(),
            "last": frame["predicted_at"].max().isoformat(),
            "artifact": artifact_to_json(self._artifacts.save(frame)),
        }
        name = f"{self._folder}/{datetime.now(UTC):%Y%m%d}/{new_id()}.json"
        self._artifacts.store.create(name, encode(record))
        while not self._artifacts.blobs.spares(record):  # it was taken for garbage before the record was there
            self._artifacts.save(frame)

    def read(self, start: Moment | None = None, end: Moment | None = None) -> pd.DataFrame:
        """Return the predictions made from `start` until before `end`, in the order of their times.

        Parameters
        ----------
        start, end : str or datetime, optional
            ISO 8601, such as ``"2013-02-01"``; without a time zone it is UTC.

        Returns
        -------
        DataFrame, shape (predictions, features + 4 or 5)
            The features as the model got them, `prediction` (``prediction.0``, ... of a model with several outputs),
            `probability` if the model tells one, `model_version`, `predicted_at` and `prediction_id`. Features that
            only some versions take are missing in the rows of the others.

        Warns
        -----
        RuntimeWarning
            For each segment that is gone or damaged; its rows are left out.
        """
        start, end = _moment(start), _moment(end)
        frames = [_within(frame, start, end) for frame in self._segments(start, end)]
        frames = [frame for frame in frames if len(frame)]
        if not frames:
            return pd.DataFrame(columns=list(COLUMNS))
        log = pd.concat(frames, ignore_index=True).drop_duplicates("prediction_id")
        own = [name for name in log if _is_own(name)]
        log = log[[*(name for name in log if name not in own), *own]]
        return log.sort_values("predicted_at", kind="stable", ignore_index=True)

    def __repr__(self) -> str:
        return f"PredictionLog({str(self._artifacts.store)!r}, {self.name!r})"

    def _segments(self, start: pd.Timestamp | None, end: pd.Timestamp | None) -> Iterator[pd.DataFrame]:
        store = self._artifacts.store
        first_day = start.strftime("%Y%m%d") if start is not None else ""
        names = [name for name in store.list(self._folder) if name.split("/")[2] >= first_day]
        records = store.read_many(names)
        for name in names:
            try:
                record = _record(name, records.get(name))
                if _overlaps(record, start, end):
                    yield self._artifacts.load(artifact_from_json(record["artifact"]))
            except MlopskitError as error:
                message = f"The segment {name} of the prediction log is left out: {error}"
                warnings.warn(message, RuntimeWarning, stacklevel=3)


def _is_own(column: str) -> bool:
    return column in COLUMNS or column.startswith("prediction.")


def _moment(moment: Moment | None) -> pd.Timestamp | None:
    if moment is None:
        return None
    stamp = pd.Timestamp(moment)
    return stamp.tz_localize("UTC") if stamp.tz is None else stamp.tz_convert("UTC")


def _record(name: str, data: bytes | None) -> dict[str, Any]:
    if data is None:
        raise NotFoundError(f"{name} was deleted just now.")
    record = decode(data)
    if not isinstance(record, dict) or record.get("format") != FORMAT or {"first", "last", "artifact"} - set(record):
        raise FormatError(f"{name} is no segment of format {FORMAT}; if a newer mlopskit wrote it, update this one.")
    return record


def _overlaps(record: dict[str, Any], start: pd.Timestamp | None, end: pd.Timestamp | None) -> bool:
    after_start = start is None or pd.Timestamp(record["last"]) >= start
    return after_start and (end is None or pd.Timestamp(record["first"]) < end)


def _within(frame: pd.DataFrame, start: pd.Timestamp | None, end: pd.Timestamp | None) -> pd.DataFrame:
    if start is not None:
        frame = frame[frame["predicted_at"] >= start]
    return frame if end is None else frame[frame["predicted_at"] < end]
