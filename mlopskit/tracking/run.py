"""`Run`: a run while it is being recorded."""

from __future__ import annotations

import base64
import logging
import os
import platform
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from mlopskit.errors import ConflictError, MlopskitError, StoreError
from mlopskit.records.event import StepFinished
from mlopskit.records.json import to_json
from mlopskit.records.run import Dataset, MetricSummary
from mlopskit.storage.artifacts import Artifacts, artifact_to_json
from mlopskit.storage.commit import this_user
from mlopskit.storage.identifiers import new_id
from mlopskit.tracking import keeper
from mlopskit.tracking.lifecycle import Lifecycle, run_folder
from mlopskit.tracking.live import BEAT_SECONDS, as_seen, with_summaries, write_live
from mlopskit.tracking.plain import plain_values
from mlopskit.tracking.recorded_run import RecordedRun
from mlopskit.tracking.series import EMBEDDED_POINTS, SeriesWriter
from mlopskit.tracking.spool import spool_folder

if TYPE_CHECKING:
    import pandas as pd

    from mlopskit.storage.store import Store
    from mlopskit.tracking.capture import KeptEnvironment
    from mlopskit.tracking.segments import Segment, Series
    from mlopskit.tracking.summaries import Summaries

LONGEST_ERROR = 2000
FLUSH_SECONDS = 10.0
_LOGGER = logging.getLogger("mlopskit")
_T = TypeVar("_T")


class Run(SeriesWriter, RecordedRun):
    """Records what a run was given, measured and made; `Tracker.start_run` makes these.

    Use it in a ``with`` statement: the run is then *finished* at the end, or *failed* with the
    error's type and message if an exception, Ctrl-C and SIGTERM included, leaves the block.

    What survives what:

    * A metric point survives SIGKILL from the moment its call returns: it waits in a mapped file,
      and whoever next opens the store on that machine puts it where it belongs.
    * Everything logged before `flush` or the end of the run survives power loss when that
      returns; artifacts, files, figures and datasets do when their own call returns.
    * A power loss, or the loss of the machine, takes at most the metric points of the last
      `flush_seconds`.

    If the store stops answering, metric points, params, tags and notes wait on this machine, the
    user is told once, and training goes on.

    Any number of threads may log to one run. After a fork the child logs its metric points as a
    writer of its own; how the run ends is the parent's to say. Other processes join with
    ``tracker.start_run(resume=run.id)``.

    Parameters
    ----------
    store : Store
        Where it goes: one small commit and one live object at its start, a segment for each
        write of metric points, one commit at its end.
    lifecycle : Lifecycle
        The run's log; that of a run that exists if it is resumed.
    start : dict
        The first commit's fields, empty if the run is resumed.
    flush_seconds : float
        How long metric points wait, at most, before they are put on the store.
    environment : bool
        Whether to capture code, packages and machine, in the background.

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
        lifecycle: Lifecycle,
        start: Mapping[str, Any],
        *,
        flush_seconds: float = FLUSH_SECONDS,
        environment: bool = True,
    ) -> None:
        run_id = str((start or lifecycle.state)["id"])
        self._session = new_id()
        header = {"v": 1, "run": run_id, "session": self._session, "store": str(store), "writer": self._session}
        SeriesWriter.__init__(self, store, run_folder(run_id), spool_folder(store), header)
        self._lifecycle = lifecycle
        self._artifacts = Artifacts(store)
        self._blobs = self._artifacts.blobs
        self._flush_seconds = flush_seconds
        self._captures = environment
        self._kept_environment: KeptEnvironment | None = None
        self._capturing = threading.Lock()
        self._process = os.getpid()
        self._started = time.monotonic()
        self._changing = threading.RLock()
        self._pending: list[tuple[str, dict[str, Any]]] = []
        self._end: dict[str, Any] | None = None
        self._known_steps: dict[str, int] | None = {} if start else None
        self._last_segment: dict[str, bytes] | None = None
        self._summaries: Summaries | None = None
        self._open_journal()
        self._begin(start)

    def _begin(self, start: Mapping[str, Any]) -> None:
        """Commit that the run starts, or that one more process has it open."""
        session = {self._session: {"host": platform.node(), "process": self._process}}
        if start:
            self._lifecycle.change("start", {**start, "user": this_user(), "sessions": session})
        else:
            dead = as_seen(self._store, self._lifecycle.state)["status"] == "killed"
            gone = list(self._lifecycle.state["sessions"]) if dead else []
            self._lifecycle.change("resume", {"sessions": session, "dead": gone})
        RecordedRun.__init__(self, self._store, self._lifecycle.state)
        self._show()
        keeper.look_after(self)

    @property
    def summaries(self) -> dict[str, MetricSummary]:
        """Last, least, greatest and mean value and number of points of each metric, as this process logged them."""
        if self._state["status"] != "running":
            return super().summaries
        from mlopskit.tracking.summaries import Summaries

        with self._sealing:
            return Summaries(self._unsealed(), known=self._summaries).result()

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
        self._change_or_wait("params", plain_values(params, "param"))

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Add or overwrite tags, with values as for `log_params`; one commit."""
        self._change_or_wait("tags", plain_values(tags, "tag"))

    def set_note(self, note: str) -> None:
        """Write about the run, in place of what was written before; one commit."""
        self._change_or_wait("set", {"note": str(note)})

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
        StoreError
            If the store can not be written.
        """
        self._keep("artifacts", lambda: {name: artifact_to_json(self._artifacts.save(value))})

    def log_file(self, path: str | os.PathLike[str], name: str | None = None) -> None:
        """Keep the content of a local file, or of all files of a folder, for `open_file`; blobs and one commit.

        Parameters
        ----------
        path : str or path
            A file, or a folder, whose files are kept as ``<name>/<their path in it>``. Symbolic
            links to files are followed, those to folders are not.
        name : str, optional
            What to keep it as; default its own name. The same name again replaces it.

        Raises
        ------
        OSError
            If a file can not be read.
        ConflictError
            If the run has ended.
        """
        path = Path(path)
        name = name or path.resolve().name
        if path.is_dir():
            files = {f"{name}/{file.relative_to(path).as_posix()}": file for file in _files_below(path)}
            if not files:
                raise FileNotFoundError(f"{path} has no files to keep; give a file, or a folder with files in it.")
        else:
            files = {name: path}
        self._keep_files(files)

    def log_figure(self, name: str, figure: object) -> None:
        """Keep a figure as a file ``figures/<name>.<suffix>``; a blob and one commit.

        Parameters
        ----------
        name : str
            Such as ``"roc"``; a suffix such as ``"roc.svg"`` chooses the format where there is a choice.
        figure : object
            A Matplotlib figure, or whatever shows itself in a notebook: Plotly, Altair, an image.

        Raises
        ------
        TypeError
            If it is nothing that can be shown.
        ConflictError
            If the run has ended.
        """
        from mlopskit.tracking.figures import figure_file

        wanted = Path(name).suffix
        suffix, content = figure_file(figure, wanted) if wanted in (".svg", ".png") else figure_file(figure)
        stem = name.removesuffix(suffix)
        self._keep_files({f"figures/{stem}{suffix}": content})

    def log_dataset(self, name: str, frame: pd.DataFrame, *, keep_rows: bool = False) -> None:
        """Note which data the run used: fingerprint, number of rows, names and dtypes. One commit.

        Parameters
        ----------
        name : str
            Its part in the run, such as ``"train"``.
        frame : DataFrame
        keep_rows : bool, default False
            Whether to keep the frame as well, as the artifact ``datasets/<name>``.

        Raises
        ------
        FingerprintError
            If a cell holds something that has no content digest.
        ConflictError
            If the run has ended.
        """
        from mlopskit.storage.fingerprint import fingerprint

        artifact = f"datasets/{name}" if keep_rows else ""
        if keep_rows:
            self.log_artifact(artifact, frame)
        columns, dtypes = tuple(map(str, frame.columns)), tuple(map(str, frame.dtypes))
        dataset = Dataset(fingerprint(frame), len(frame), columns, dtypes, artifact)
        self._keep("datasets", lambda: {name: to_json(dataset)})

    def start_child(
        self, name: str | None = None, *, params: Mapping[str, Any] | None = None, tags: Mapping[str, Any] | None = None
    ) -> Run:
        """Start a run below this one, such as a fold or a trial; as `Tracker.start_run` does."""
        start = run_start(self.experiment, name, params, tags, parent=self.id)
        return Run(
            self._store,
            Lifecycle(self._store, start["id"]),
            start,
            flush_seconds=self._flush_seconds,
            environment=self._captures,
        )

    def watch(self, estimator: _T) -> _T:
        """Record the next ``fit`` of a scikit-learn estimator: params, time, scores, the model; returns the estimator.

        A search's candidates become child runs. Nothing but this one object is changed, and that
        only until its ``fit`` is called.
        """
        from mlopskit.tracking.watching import watch

        return watch(self, estimator)

    def progress(self, iterable: Iterable[_T], *, total: int | None = None) -> Iterator[_T]:
        """Iterate with a live line that shows how far the loop is and how the metrics move.

        Parameters
        ----------
        iterable : iterable
            What to loop over.
        total : int, optional
            How many items there are; default its length, if it has one.
        """
        from mlopskit.tracking.progress import progress

        return progress(iterable, describe=lambda: dict(self.metrics), total=total)

    def flush(self) -> None:
        """Put everything on the store that waits; when this returns it survives SIGKILL and power loss.

        Raises
        ------
        StoreError
            If the store can not be written; all is kept for the next attempt.
        """
        with self._changing:
            self._change_pending()
        sealed = self._sealed
        super().flush()
        if self._sealed > sealed and not self._closed and os.getpid() == self._process:
            with self._changing:
                self._show()

    def finish(
        self,
        status: Literal["finished", "failed"] = "finished",
        *,
        error: str = "",
        steps: Iterable[StepFinished] = (),
    ) -> None:
        """End the run: write all that waits, then one commit with a summary of each metric.

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
            If the store can not be written. All is kept on this machine, and is written when the
            store answers again, by this process or by the next one that opens the store.
        """
        if status not in ("finished", "failed"):
            raise ValueError(f"A run ends as 'finished' or 'failed', not as {status!r}.")
        if self._closed and self._end is None:
            if self.status not in (status, "running"):
                raise ConflictError(f"run {self.id} is {self.status} already and can not end again as {status}.")
            return
        if self._end is None:
            self._end = {
                "session": self._session,
                "status": status,
                "error": error[:LONGEST_ERROR].encode("utf-8", "replace").decode(),
                "seconds": time.monotonic() - self._started,
                "steps": [to_json(step) for step in steps],
            }
        try:
            self._commit_end()
        except StoreError:
            self._note({"change": ["end", self._end]})
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if os.getpid() != self._process:  # a forked child leaves the block; the run goes on in the parent
            self._leave()
        elif not self._closed:
            self._end_because_of(error)

    # -- changes to the run ----------------------------------------------------------------

    def _change(self, operation: str, arguments: dict[str, Any]) -> None:
        """Commit a change, after those that wait."""
        with self._changing:
            self._change_pending()
            if self._lifecycle.change(operation, arguments):
                self._show()
            self._state = self._lifecycle.state

    def _change_or_wait(self, operation: str, arguments: dict[str, Any]) -> None:
        """Commit a change; if the store does not answer, let it wait and go on."""
        with self._changing:
            try:
                self._change(operation, arguments)
            except ConflictError:
                raise
            except StoreError as problem:
                self._pending.append((operation, arguments))
                self._note({"change": [operation, arguments]})
                self._tell("store", f"{problem} Changes to run {self.id} wait on this machine meanwhile.")

    def _change_pending(self) -> None:
        while self._pending:
            try:
                self._lifecycle.change(*self._pending[0])
            except ConflictError as problem:
                self._tell("conflict", f"{problem} It was logged while the store did not answer, and is left out.")
            self._pending.pop(0)
            self._state = self._lifecycle.state

    def _keep(self, collection: str, saved: Callable[[], dict[str, Any]]) -> None:
        """Save something and commit that it is part of the run; again if it was taken for garbage meanwhile."""
        self._change(collection, kept := saved())
        while not self._blobs.spares(kept):
            self._change(collection, kept := saved())

    def _keep_files(self, files: Mapping[str, bytes | Path]) -> None:
        def saved() -> dict[str, Any]:
            blobs = {name: self._blobs.put(content) for name, content in files.items()}
            return {name: {"digest": blob.digest, "size": blob.size} for name, blob in blobs.items()}

        self._keep("files", saved)

    def _show(self) -> None:
        """Show the run's state and metrics so far to whoever looks at the store."""
        self._shown_at = time.monotonic()
        state = with_summaries(self._lifecycle.state, self._summaries.result() if self._summaries else {})
        final = state["status"] != "running"
        write_live(self._store, state, self._lifecycle.number, self._session, final=final)

    # -- metric points ---------------------------------------------------------------------

    def _has_sealed(self, segment: Segment) -> None:
        from mlopskit.tracking.summaries import Summaries

        super()._has_sealed(segment)
        self._summaries = Summaries([segment], known=self._summaries)

    def _first_step(self, name: str) -> int:
        """Go on counting where the processes before this one have stopped."""
        if self._known_steps is None:
            self._known_steps = {name: len(series.steps) for name, series in RecordedRun._series(self).items()}
        return self._known_steps.get(name, 0)

    def _series(self) -> dict[str, Series]:
        if self._state["status"] == "running":
            self.flush()
        return super()._series()

    # -- the end ---------------------------------------------------------------------------

    def _commit_end(self) -> None:
        with self._changing:
            if (end := self._end) is None:  # another thread has done it
                return
            self._close()
            self._change_pending()
            environment = self._captured_environment()
            with self._sealing:
                embedded = self._embedded()
                if not embedded:
                    SeriesWriter.flush(self)
                summaries = self._final_summaries(embedded)
            series = {name: base64.b64encode(data).decode() for name, data in embedded.items()}
            summed = {name: to_json(summary) for name, summary in summaries.items()}
            self._lifecycle.change("end", {**end, "summaries": summed, "series": series, "environment": environment})
            self._state, self._end = self._lifecycle.state, None
            self._secure_environment()
            keeper.let_go(self)
            try:
                self._show_end()
            finally:
                self._remove_spool()

    def _show_end(self) -> None:
        state, number = self._state, self._lifecycle.number
        write_live(self._store, state, number, self._session, final=state["status"] != "running")

    def _embedded(self) -> dict[str, bytes]:
        """Return the run's only segment, if it is so small that the last commit can hold it."""
        if self._last_segment is None:
            self._last_segment = {}
            waiting = [] if self._stored or self._segment else list(self._unsealed())
            if len(waiting) == 1 and len(waiting[0].keys) <= EMBEDDED_POINTS:
                name, data = self._encoded(waiting[0])
                self._last_segment = {name: data}
                self._has_sealed(waiting[0])
        return self._last_segment

    def _final_summaries(self, embedded: Mapping[str, bytes]) -> dict[str, MetricSummary]:
        """Sum up the run, with what other processes have logged."""
        from mlopskit.tracking.recovery import recover
        from mlopskit.tracking.segments import read_segments
        from mlopskit.tracking.summaries import Summaries

        recover(self._store, self._spool)  # forked children that have ended
        others = [name for name in self._store.list(f"{self._folder}/series") if self._writer not in name]
        if not others and not self._state["series"]:
            return self._summaries.result() if self._summaries else {}
        known = {name: base64.b64decode(data) for name, data in self._state["series"].items()}
        return Summaries(read_segments(self._store, self._folder, {**known, **embedded})).result()

    def _end_because_of(self, error: BaseException | None) -> None:
        """End the run as the program's block has ended; a store that fails must not hide how that was."""
        problem = None
        try:
            if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
                self.finish()
            else:
                self.finish("failed", error="".join(traceback.format_exception_only(error)).strip())
        except StoreError as caught:
            problem = f"The end of run {self.id} could not be recorded yet and waits on this machine: {caught}"
        if self._lost:
            problem = f"{problem or ''} {self._lost:,} metric points of run {self.id} were lost.".strip()
        if problem and error is not None:
            error.add_note(problem)
        elif problem:
            warnings.warn(problem, stacklevel=3)

    # -- the keeper's part -----------------------------------------------------------------

    def _look_after(self) -> None:
        try:
            if self._end is not None:
                return self._commit_end()
            if environment := self._captured_environment():
                self._change("set", {"environment": environment})
                self._secure_environment()
            self._tend(self._flush_seconds)
            if time.monotonic() - self._shown_at >= BEAT_SECONDS:
                self._shown_at = time.monotonic()
                with self._changing:
                    self._change_pending()
                    self._show()
        except (MlopskitError, OSError) as error:
            self._tell("store", f"{error} The run is kept on this machine meanwhile.")

    def _captured_environment(self) -> dict[str, Any]:
        """Keep, once, what the run can be reproduced with; nothing if the run says it already."""
        if os.getpid() != self._process:
            return {}
        with self._capturing:  # an end that comes meanwhile waits for it
            if self._captures:
                from mlopskit.tracking.capture import kept_environment

                self._kept_environment = kept_environment(self._blobs)
                self._captures = False
        if self._kept_environment is None or self._lifecycle.state["environment"]:
            return {}
        return self._kept_environment.reference

    def _secure_environment(self) -> None:
        """Put the environment again if it was taken for garbage before the run referred to it."""
        kept = self._kept_environment
        while kept is not None and not self._blobs.spares(kept.reference):
            from mlopskit.tracking.capture import put_environment

            put_environment(self._blobs, kept.environment)

    def _end_with_process(self, error: BaseException | None) -> None:
        if os.getpid() != self._process:
            self._leave()
        elif self._end is not None or not self._closed:
            self._end_because_of(error)

    def _go_on_in_child(self) -> None:
        """Log as a writer of its own from here on; the parent's files are the parent's."""
        if self._journal is not None:
            self._journal.close()
        self._lifecycle = Lifecycle(self._store, self.id)
        self._changing, self._capturing = threading.RLock(), threading.Lock()
        self._pending, self._end = [], None
        self._header["session"] = ""
        self._summaries = None
        self._become_writer(new_id())

    def _leave(self) -> None:
        """A forked child has ended: put its points on the store."""
        try:
            SeriesWriter.flush(self)
        except StoreError as problem:
            self._tell("store", f"{problem} Metric points wait on this machine.")
        else:
            self._remove_spool()

    def _open_journal(self) -> None:
        super()._open_journal()
        if os.getpid() != self._process:  # in a forked child, where no keeper runs until it is needed
            keeper.look_after(self)


def run_start(
    experiment: str,
    name: str | None,
    params: Mapping[str, Any] | None,
    tags: Mapping[str, Any] | None,
    parent: str = "",
) -> dict[str, Any]:
    """Return the first commit's fields of a new run."""
    run_id = new_id()
    return {
        "id": run_id,
        "experiment": experiment,
        "name": name or f"run-{run_id[-6:]}",
        "params": plain_values(params or {}, "param"),
        "tags": plain_values(tags or {}, "tag"),
        "parent": parent,
    }


def _files_below(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
