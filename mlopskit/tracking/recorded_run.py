"""`RecordedRun`: what the store knows about a run."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from mlopskit.errors import NotFoundError
from mlopskit.records.json import from_json
from mlopskit.records.run import Dataset, MetricSummary, RunRecord, RunStatus
from mlopskit.storage.artifacts import Artifacts, artifact_from_json
from mlopskit.storage.blobs import Blob, Blobs
from mlopskit.storage.canonical_json import decode
from mlopskit.tracking.lifecycle import Lifecycle, RunState, run_folder
from mlopskit.tracking.live import announce_change, as_seen
from mlopskit.tracking.plain import plain_values

if TYPE_CHECKING:
    import pandas as pd

    from mlopskit.records.environment import Environment
    from mlopskit.storage.store import Store
    from mlopskit.tracking.plots import Plot
    from mlopskit.tracking.runs_table import RunsTable
    from mlopskit.tracking.segments import Segment, Series

_SHOWN_NAMES = 10
_T = TypeVar("_T")


class RecordedRun:
    """A run as it was on the store when it was asked for; `Tracker.get_run` makes these.

    Parameters
    ----------
    store : Store
        Where it lies.
    state : dict
        What its commits add up to.

    Examples
    --------
    >>> from mlopskit.tracking.tracker import Tracker
    >>> tracker = Tracker("memory://docs-recorded-run")
    >>> with tracker.start_run("depth-6", params={"max_depth": 6}) as run:
    ...     run.log_metric("loss", 0.31)
    >>> tracker.get_run(run.id).metrics
    {'loss': 0.31}
    """

    def __init__(self, store: Store, state: RunState) -> None:
        self._store = store
        self._state = state

    @property
    def record(self) -> RunRecord:
        """All that is known about the run, as a frozen value for other rooms."""
        return from_json(RunRecord, self._state)

    @property
    def id(self) -> str:
        """The run's identifier, unique on the store."""
        return str(self._state["id"])

    @property
    def name(self) -> str:
        """The run's name; names may repeat."""
        return str(self._state["name"])

    @property
    def experiment(self) -> str:
        """The experiment that it belongs to."""
        return str(self._state["experiment"])

    @property
    def status(self) -> RunStatus:
        """Whether it is running, finished, failed or killed: gone without a word."""
        return self.record.status

    @property
    def error(self) -> str:
        """Type and message of what made it fail; empty otherwise."""
        return self.record.error

    @property
    def params(self) -> dict[str, Any]:
        """What went in, by name."""
        return dict(self._state["params"])

    @property
    def tags(self) -> dict[str, Any]:
        """What it was marked with, by name."""
        return dict(self._state["tags"])

    @property
    def note(self) -> str:
        """What people wrote about it."""
        return str(self._state["note"])

    @property
    def parent(self) -> str:
        """Identifier of the run that this is a child of; empty if it is none."""
        return str(self._state["parent"])

    @property
    def metrics(self) -> dict[str, float]:
        """The last value of each metric; of a run that goes on, the last one it has shown."""
        return {name: summary.last for name, summary in self.summaries.items()}

    @property
    def summaries(self) -> dict[str, MetricSummary]:
        """Last, least, greatest and mean value and number of points of each metric; as `metrics`."""
        return self.record.summaries

    @property
    def environment(self) -> Environment | None:
        """Code, packages and machine it ran with, verified first; None if they were not captured.

        Raises
        ------
        DamagedError
            If the bytes are not what was written.
        """
        kept = self._state["environment"]
        if not kept:
            return None
        from mlopskit.records.environment import Environment

        return from_json(Environment, decode(Blobs(self._store).read(Blob(kept["digest"], kept["size"]))))

    @property
    def datasets(self) -> dict[str, Dataset]:
        """The data it used, by the name given to `Run.log_dataset`."""
        return self.record.datasets

    def metric(self, name: str) -> pd.DataFrame:
        """Show how a metric moved.

        Parameters
        ----------
        name : str
            A metric's name.

        Returns
        -------
        DataFrame
            One row a point, in the order of logging (if several processes logged: process after
            process): ``step`` (int64), ``value`` (float64) and ``time`` (datetime64, UTC).

        Raises
        ------
        NotFoundError
            If the run has no points of that name on the store.

        Warns
        -----
        UserWarning
            If a stored segment is damaged; its points are left out.

        Examples
        --------
        >>> from mlopskit.tracking.tracker import Tracker
        >>> with Tracker("memory://docs-recorded-run").start_run() as run:
        ...     run.log_metric("loss", 0.5, step=10)
        ...     run.log_metric("loss", 0.4, step=20)
        >>> run.metric("loss")[["step", "value"]].values.tolist()
        [[10.0, 0.5], [20.0, 0.4]]
        """
        import pandas as pd

        series = self._found("metric", name, self._series())
        times = pd.DatetimeIndex(series.times.view("M8[ns]")).tz_localize("UTC")
        return pd.DataFrame({"step": series.steps, "value": series.values, "time": times})

    def artifact(self, name: str, *, trust: bool = False) -> Any:
        """Give back what was logged under `name` with `Run.log_artifact`, verified first.

        Parameters
        ----------
        name : str
            The artifact's name.
        trust : bool, default False
            True consents to running whatever code the bytes bring along.

        Raises
        ------
        NotFoundError
            If the run has no such artifact.
        NotTrustedError
            If the bytes can carry code and nobody whom this user trusts has signed them.
        DamagedError
            If the bytes are not what was written.
        """
        reference = self._found("artifact", name, self._state["artifacts"])
        return Artifacts(self._store).load(artifact_from_json(reference), trust=trust)

    def open_file(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Open a file that was logged with `Run.log_file`, for a ``with`` statement; verified first.

        Raises
        ------
        NotFoundError
            If the run has no such file.
        DamagedError
            If its bytes are not what was written.
        """
        kept = self._found("file", name, self._state["files"])
        return Blobs(self._store).open(Blob(kept["digest"], kept["size"]))

    @property
    def files(self) -> dict[str, int]:
        """Name and size in bytes of each file it kept."""
        return {name: int(kept["size"]) for name, kept in self._state["files"].items()}

    @property
    def artifacts(self) -> list[str]:
        """Names of the values it kept, for `artifact`."""
        return list(self._state["artifacts"])

    def children(self) -> RunsTable:
        """Which runs were started below this one? A table as of `Tracker.runs`, the oldest first."""
        from mlopskit.tracking.index import read_index
        from mlopskit.tracking.runs_table import runs_frame

        return runs_frame(read_index(self._store), None, f"parent = '{self.id}'", "started", None)

    def export(self, path: str | os.PathLike[str]) -> Path:
        """Write all of the run into one ZIP file, for those who have no access to the store.

        It has ``run.json``: what the run was given, how it ended, its environment, and of each artifact the
        digest and the format; ``metrics.csv``: metric, step, value and time of each point; and the bytes of
        files and artifacts below ``files/`` and ``artifacts/``, verified first. Nothing is unpickled. Runs
        below this one are not part of it.

        Parameters
        ----------
        path : str or path
            A file that does not exist yet.

        Returns
        -------
        Path
            The file, which appears only when all is in it.

        Raises
        ------
        FileExistsError
            If there is something already.
        NotFoundError, DamagedError
            If something the run kept is gone, or is not what was written.
        """
        from mlopskit.tracking.export import export_run

        return export_run(self, Path(path))

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Add or overwrite tags, with values as for `Run.log_params`; also of a run that has ended. One commit."""
        self._change("tags", plain_values(tags, "tag"))

    def set_note(self, note: str) -> None:
        """Write about the run, in place of what was written before; also when it has ended. One commit."""
        self._change("set", {"note": str(note)})

    def plot(self, *names: str, x: str = "step") -> Plot:
        """Draw how metrics moved.

        Parameters
        ----------
        *names : str
            Metrics to draw into one chart; default all of them.
        x : {"step", "time"}
            What runs along the horizontal axis.

        Raises
        ------
        NotFoundError
            If the run has no points of such a name.
        """
        from mlopskit.tracking.plots import plot_series

        series = self._series()
        return plot_series({name: self._found("metric", name, series) for name in names or series}, x=x)

    def _series(self) -> dict[str, Series]:
        from mlopskit.tracking.segments import series_by_metric

        return series_by_metric(self._segments())

    def _segments(self) -> list[Segment]:
        from mlopskit.tracking.segments import read_segments

        embedded = {name: base64.b64decode(data) for name, data in self._state["series"].items()}
        return read_segments(self._store, run_folder(self.id), embedded)

    def _change(self, operation: str, arguments: dict[str, Any]) -> None:
        lifecycle = Lifecycle(self._store, self.id)
        if lifecycle.change(operation, arguments):
            announce_change(self._store, lifecycle.state, lifecycle.number)
        self._state = as_seen(self._store, lifecycle.state)

    def _found(self, kind: str, name: str, values: Mapping[str, _T]) -> _T:
        if name not in values:
            raise self._unknown(kind, name, values)
        return values[name]

    def _unknown(self, kind: str, name: str, known: Mapping[str, object]) -> NotFoundError:
        names = [*map(repr, list(known)[:_SHOWN_NAMES]), *(["..."] if len(known) > _SHOWN_NAMES else [])]
        return NotFoundError(f"run {self.id} has no {kind} {name!r}; it has {', '.join(names) or 'none'}.")

    def __repr__(self) -> str:
        record = self.record
        took = f" after {record.seconds:.3g} s" if record.ended else ""
        failed = f", error={record.error.partition(':')[0]!r}" if record.error else ""
        counted = f"{len(record.params)} params, {len(record.summaries)} metrics" if record.ended else ""
        words = ", ".join(filter(None, [f"{record.status}{took}", counted]))
        return f"<{type(self).__name__} {record.name!r} {record.id}: {words}{failed}>"

    def _repr_html_(self) -> str:
        from mlopskit.tracking.run_html import run_html

        return run_html(self.record, self._series(), self.children())
