"""`Run`: a run while it is being recorded."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from mlopskit.errors import ConflictError, StoreError
from mlopskit.records.event import StepFinished
from mlopskit.records.json import to_json
from mlopskit.records.run import Dataset
from mlopskit.storage.artifacts import Artifacts, artifact_to_json
from mlopskit.storage.blobs import Blobs
from mlopskit.storage.identifiers import new_id
from mlopskit.tracking.lifecycle import commit_change, run_folder, run_log
from mlopskit.tracking.plain import plain_values
from mlopskit.tracking.recorded_run import RecordedRun
from mlopskit.tracking.series import SeriesWriter

if TYPE_CHECKING:
    import pandas as pd

    from mlopskit.storage.store import Store

LONGEST_ERROR = 2000


class Run(SeriesWriter, RecordedRun):
    """Records what a run was given, measured and made; `Tracker.start_run` makes these.

    Use it in a ``with`` statement: the run is then *finished* at the end, or *failed* with the
    error's type and message if an exception, Ctrl-C included, leaves the block.

    What survives what: params, tags, artifacts, files and datasets are on the store when their
    call returns. Metric points are when `flush` returns or the run has ended; before that they
    are written together by the call that makes 4,096 of them wait or that finds the last write
    ten seconds ago. A process that is killed loses the points logged after its last write, and
    its run stays *running*.

    Any number of threads may log to one run. After a fork the child writes its own metric
    points, and has to call `flush` before it ends; how the run ends is the parent's to say.

    Parameters
    ----------
    store : Store
        Where it goes: one small commit at its start, one segment for each write of metric
        points, one commit at its end.
    experiment : str
        The experiment that it belongs to.
    name : str, optional
        Default ``run-`` and the end of its identifier.
    params, tags : mapping of str to object, optional
        What it is given at its start, as for `log_params` and `set_tags`.

    Examples
    --------
    >>> from mlopskit.tracking.tracker import Tracker
    >>> with Tracker("memory://docs-run").start_run("depth-6", params={"max_depth": 6}) as run:
    ...     run.log_metric("loss", 0.31, step=10)
    ...     run.log_metrics({"roc_auc": 0.71, "f1": 0.40}, step=10)
    ...     run.set_tags({"stage": "dev"})
    ...     run.log_artifact("thresholds", [0.2, 0.5])
    >>> run.status, run.metrics["f1"], run.artifact("thresholds")
    ('finished', 0.4, [0.2, 0.5])
    """

    def __init__(
        self,
        store: Store,
        *,
        experiment: str,
        name: str | None = None,
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
    ) -> None:
        run_id = new_id()
        self._log = run_log(store, run_id)
        start = {
            "id": run_id,
            "experiment": experiment,
            "name": name or f"run-{run_id[-6:]}",
            "params": plain_values(params or {}, "param"),
            "tags": plain_values(tags or {}, "tag"),
        }
        RecordedRun.__init__(self, store, commit_change(self._log, "start", start))
        SeriesWriter.__init__(self, store, run_folder(run_id))
        self._process = os.getpid()
        self._started = time.monotonic()

    @property
    def metrics(self) -> dict[str, float]:
        """The last value of each metric; while the run goes on, as this process logged them."""
        return dict(self._last) if self._state["status"] == "running" else super().metrics

    def metric(self, name: str) -> pd.DataFrame:
        """How did this metric move? Flushes, then answers as `RecordedRun.metric` does."""
        self.flush()
        return super().metric(name)

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Add params; one commit.

        Parameters
        ----------
        params : mapping of str to object
            None, bool, numbers, texts, and lists and dicts of these are kept; of anything else a
            short description is.

        Raises
        ------
        ConflictError
            If one of them has another value already, or if the run has ended.
        """
        self._state = commit_change(self._log, "params", plain_values(params, "param"))

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Add or overwrite tags, with values as for `log_params`; one commit.

        Raises
        ------
        ConflictError
            If the run has ended.
        """
        self._state = commit_change(self._log, "tags", plain_values(tags, "tag"))

    def log_artifact(self, name: str, value: object) -> None:
        """Keep a value of any type, for `artifact`; its blobs and one commit.

        Parameters
        ----------
        name : str
            Any text. The same name again replaces what the run gives back under it.
        value : object
            The serializer is chosen by its type; what can carry code is signed with the user's key.

        Raises
        ------
        SerializationError
            If no serializer can hold the value.
        ConflictError
            If the run has ended.
        """
        saved = Artifacts(self._store).save(value)
        self._state = commit_change(self._log, "artifacts", {name: artifact_to_json(saved)})

    def log_file(self, path: str | os.PathLike[str], name: str | None = None) -> None:
        """Keep a local file's content, for `open_file`, in bounded memory; a blob and one commit.

        Parameters
        ----------
        path : str or path
            A file, not a folder.
        name : str, optional
            What to keep it as; default the file's own name. The same name again replaces it.

        Raises
        ------
        OSError
            If the file can not be read.
        ConflictError
            If the run has ended.
        """
        path = Path(path)
        blob = Blobs(self._store).put(path)
        self._state = commit_change(self._log, "files", {name or path.name: {"digest": blob.digest, "size": blob.size}})

    def log_dataset(self, name: str, frame: pd.DataFrame) -> None:
        """Note which data the run used: fingerprint, number of rows, names and dtypes; no rows. One commit.

        Parameters
        ----------
        name : str
            Its part in the run, such as ``"train"``.
        frame : DataFrame

        Raises
        ------
        FingerprintError
            If a cell holds something that has no content digest.
        ConflictError
            If the run has ended.
        """
        from mlopskit.storage.fingerprint import fingerprint

        dataset = Dataset(fingerprint(frame), len(frame), tuple(map(str, frame.columns)), tuple(map(str, frame.dtypes)))
        self._state = commit_change(self._log, "datasets", {name: to_json(dataset)})

    def finish(
        self,
        status: Literal["finished", "failed"] = "finished",
        *,
        error: str = "",
        steps: Iterable[StepFinished] = (),
    ) -> None:
        """End the run: write all points that wait, then one commit with the last value of each metric.

        Parameters
        ----------
        status : {"finished", "failed"}
            How it ended. To end a run again in the same way does nothing.
        error : str
            What made it fail; cut after 2,000 characters.
        steps : iterable of StepFinished
            How each step went, if this was the run of a pipeline.

        Raises
        ------
        ConflictError
            If the run has ended in the other way.
        StoreError
            If the store can not be written; the run goes on and can be finished later.
        """
        if status not in ("finished", "failed"):
            raise ValueError(f"A run ends as 'finished' or 'failed', not as {status!r}.")
        if self._state["status"] == status:
            return
        if self._state["status"] != "running":
            raise ConflictError(f"run {self.id} is {self.status} already and can not end again as {status}.")
        self._close()
        end = {
            "status": status,
            "error": error[:LONGEST_ERROR].encode("utf-8", "replace").decode(),
            "seconds": time.monotonic() - self._started,
            "metrics": self._final_metrics(),
            "steps": [to_json(step) for step in steps],
        }
        self._state = commit_change(self._log, "end", end)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if os.getpid() != self._process:  # a forked child leaves the block; the run goes on in the parent
            self.flush()
        elif error is None:
            self.finish()
        elif self._state["status"] == "running":
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        try:
            self.finish("failed", error="".join(traceback.format_exception_only(error)).strip())
        except StoreError as problem:  # must not hide the error that the user has to see
            error.add_note(f"The end of run {self.id} could not be recorded: {problem}")
