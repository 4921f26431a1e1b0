"""`RecordedRun`: what the store knows about a run."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from mlopskit.errors import NotFoundError
from mlopskit.records.json import from_json
from mlopskit.records.run import Dataset, RunRecord, RunStatus
from mlopskit.storage.artifacts import Artifacts, artifact_from_json
from mlopskit.storage.blobs import Blob, Blobs
from mlopskit.tracking.lifecycle import RunState, run_folder
from mlopskit.tracking.series import last_values, read_segments

if TYPE_CHECKING:
    import pandas as pd

    from mlopskit.storage.store import Store

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
        """Whether it is running, finished or failed; a run whose process was killed stays *running*."""
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
    def metrics(self) -> dict[str, float]:
        """The last value of each metric; of a run that has not ended, the last one on the store."""
        if self._state["status"] == "running":
            return last_values(read_segments(self._store, run_folder(self.id)))
        return dict(self._state["metrics"])

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
        import numpy as np
        import pandas as pd

        segments = read_segments(self._store, run_folder(self.id))
        found = [(each, each.keys == each.names.index(name)) for each in segments if name in each.names]
        if not found:
            raise self._unknown("metric", name, dict.fromkeys(each for segment in segments for each in segment.names))
        times = np.concatenate([segment.times[rows] for segment, rows in found])
        return pd.DataFrame(
            {
                "step": np.concatenate([segment.steps[rows] for segment, rows in found]),
                "value": np.concatenate([segment.values[rows] for segment, rows in found]),
                "time": pd.DatetimeIndex(times.view("M8[ns]")).tz_localize("UTC"),
            }
        )

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
        counted = f"{len(record.params)} params, {len(record.metrics)} metrics" if record.ended else ""
        words = ", ".join(filter(None, [f"{record.status}{took}", counted]))
        return f"<{type(self).__name__} {record.name!r} {record.id}: {words}{failed}>"

    def _repr_html_(self) -> str:
        from mlopskit.tracking.run_html import run_html

        return run_html(self.record, read_segments(self._store, run_folder(self.id)))
