"""`Tracker`: starts runs, and finds them again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from mlopskit.errors import ConflictError, InvalidNameError, NotFoundError
from mlopskit.storage.store import Store, StoreLike
from mlopskit.tracking.lifecycle import Lifecycle, RunState
from mlopskit.tracking.live import announce_change, as_seen
from mlopskit.tracking.observer import PipelineObserver
from mlopskit.tracking.recorded_run import RecordedRun
from mlopskit.tracking.recovery import recover
from mlopskit.tracking.run import FLUSH_SECONDS, Run, run_start
from mlopskit.tracking.spool import spool_folder

if TYPE_CHECKING:
    from mlopskit.tracking.comparison import Comparison
    from mlopskit.tracking.deletion import Collected
    from mlopskit.tracking.runs_table import RunsTable


class Tracker:
    """Keeps the runs of an experiment on a store, which any number of processes may use at once.

    Whatever a killed process has left on this machine, metric points above all, is brought to
    the store whenever a tracker is asked for something.

    Parameters
    ----------
    store : Store, str, path or None
        Where runs are kept, below the folder ``runs``. None is the default store.
    experiment : str, default "default"
        What the runs started here belong to; any text.
    flush_seconds : float, default 10
        How long metric points wait on this machine, at most, before they are put on the store:
        what a power loss may take.
    environment : bool, default True
        Whether runs capture code, packages and machine, in the background; never a secret.
    system_metrics : bool, default False
        Whether runs log how busy the machine is; see `mlopskit.tracking.system_metrics`. Needs psutil.

    Examples
    --------
    >>> tracker = Tracker("memory://docs-tracker", experiment="flight-delays")
    >>> with tracker.start_run("depth-6", params={"max_depth": 6}, tags={"team": "ops"}) as run:
    ...     run.log_metric("loss", 0.31, step=10)
    >>> tracker.runs("params.max_depth > 4")[["name", "status", "params.max_depth", "metrics.loss"]].values.tolist()
    [['depth-6', 'finished', 6, 0.31]]
    """

    def __init__(
        self,
        store: StoreLike = None,
        *,
        experiment: str = "default",
        flush_seconds: float = FLUSH_SECONDS,
        environment: bool = True,
        system_metrics: bool = False,
    ) -> None:
        if not isinstance(experiment, str) or not experiment:
            raise InvalidNameError("An experiment is named by a text of at least one character.")
        self.store = Store.of(store)
        self.experiment = experiment
        self.flush_seconds = flush_seconds
        self.environment = environment
        self.system_metrics = system_metrics

    def start_run(
        self,
        name: str | None = None,
        *,
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
        resume: str | None = None,
    ) -> Run:
        """Start a run, or go on with one; best in a ``with`` statement, which ends it too.

        Writes one commit, which params and tags given here are part of.

        Parameters
        ----------
        name : str, optional
            For people; need not be unique.
        params, tags : mapping of str to object, optional
            What the run is made with, and marks to find it by; values as for `Run.log_params`.
        resume : str, optional
            Identifier of a run to go on with, of any experiment, whatever became of it. Several
            processes may have it open at once: it has ended when all of them have.

        Raises
        ------
        NotFoundError
            If there is no run to resume.
        ConflictError
            If the run to resume was deleted, or has one of the params with another value.
        StoreError
            If the store can not be written.
        """
        self._recover()
        if resume is None:
            start = run_start(self.experiment, name, params, tags)
            return self._run(Lifecycle(self.store, start["id"]), start)
        lifecycle = self._lifecycle(resume)
        if lifecycle.state["deleted"]:
            raise ConflictError(f"run {resume} was deleted; Tracker.restore_run brings it back.")
        run = self._run(lifecycle, {})
        if params:
            run.log_params(params)
        if tags:
            run.set_tags(tags)
        if name:
            run._change("set", {"name": name})
        return run

    def get_run(self, run_id: str) -> RecordedRun:
        """Read a run of any experiment on this store, as it is now.

        Parameters
        ----------
        run_id : str
            What `Run.id` shows.

        Raises
        ------
        NotFoundError
            If the store has no such run.
        """
        self._recover()
        return RecordedRun(self.store, as_seen(self.store, self._lifecycle(run_id).state))

    def runs(
        self,
        expression: str = "",
        *,
        order_by: str | Sequence[str] | None = None,
        limit: int | None = None,
        all_experiments: bool = False,
        deleted: bool = False,
    ) -> RunsTable:
        """Which runs does this experiment have? Newest first.

        Parameters
        ----------
        expression : str
            Which runs to show, such as ``"metrics.roc_auc > 0.7 and params.max_depth == 6"``; the
            language is described in `mlopskit.tracking.search`.
        order_by : str or list of str, optional
            Such as ``"metrics.roc_auc desc"``.
        limit : int, optional
            How many to show at most.
        all_experiments : bool, default False
            Whether to look at all experiments of the store.
        deleted : bool, default False
            True shows the deleted runs instead.

        Returns
        -------
        DataFrame
            One row a run: ``run_id``, ``name``, ``status``, ``started`` (UTC), ``seconds`` (NaN while it
            runs), ``ended``, ``user``, ``parent``, and a column for each param, ``params.<name>``, each
            metric's last value, ``metrics.<name>``, and each tag, ``tags.<name>``.

        Raises
        ------
        SearchError
            If the expression can not be understood; the message points at the place.
        """
        from mlopskit.tracking.index import read_index
        from mlopskit.tracking.runs_table import runs_frame

        self._recover()
        experiment = None if all_experiments else self.experiment
        return runs_frame(read_index(self.store), experiment, expression, order_by, limit, deleted=deleted)

    def compare(self, a: str, b: str) -> Comparison:
        """Put two runs side by side: in what do params, metrics, code, data and packages differ.

        Parameters
        ----------
        a, b : str
            Their identifiers.

        Raises
        ------
        NotFoundError
            If the store has no such run.
        """
        from mlopskit.tracking.comparison import compare

        one, other = self.get_run(a), self.get_run(b)
        return compare(one.record, other.record, one.environment, other.environment)

    def delete_run(self, run_id: str) -> None:
        """Delete a run; `restore_run` brings it back until `collect_garbage` removes it. Its children stay.

        Raises
        ------
        NotFoundError
            If the store has no such run.
        ConflictError
            If it is running.
        """
        lifecycle = self._lifecycle(run_id)
        if as_seen(self.store, lifecycle.state)["status"] == "running":
            raise ConflictError(f"run {run_id} is running; finish it before deleting it.")
        self._set(lifecycle, {"deleted": datetime.now(UTC).isoformat()})

    def restore_run(self, run_id: str) -> None:
        """Bring a deleted run back.

        Raises
        ------
        NotFoundError
            If the store has no such run, or no longer.
        """
        self._set(self._lifecycle(run_id), {"deleted": ""})

    def collect_garbage(self, *, older_than: timedelta = timedelta(days=30)) -> Collected:
        """Remove deleted runs for good, and free what only they kept; others may use the store meanwhile.

        Looks at the whole store, whatever the experiment: every blob that nothing names any more is deleted,
        also what killed processes have left. Reads all that is on the store but blobs and metric points.

        Parameters
        ----------
        older_than : timedelta, default 30 days
            Runs that were deleted longer ago are removed; the others can still be restored.

        Returns
        -------
        Collected
            How many runs and blobs were removed, and the bytes of these.

        Raises
        ------
        StoreError
            If something can not be read or deleted; what was removed by then was garbage, and the
            next collection goes on.

        Examples
        --------
        >>> tracker = Tracker("memory://docs-collect-garbage", environment=False)
        >>> with tracker.start_run() as run:
        ...     run.log_artifact("notes", "weather from LaGuardia")
        >>> tracker.delete_run(run.id)
        >>> tracker.collect_garbage(older_than=timedelta(0))
        Collected(runs=1, blobs=1, size=22)
        """
        from mlopskit.tracking.deletion import collect

        return collect(self.store, older_than)

    def autolog(self, *, run: Run | None = None, keep_model: bool = True) -> AbstractContextManager[list[Run]]:
        """Record every outermost ``fit`` of a scikit-learn estimator within a ``with`` block as a run.

        Within the block the ``fit`` of scikit-learn's classes is replaced by one that records;
        `Run.watch` does the same for one object and touches no class.

        Parameters
        ----------
        run : Run, optional
            Log all fits to this run instead.
        keep_model : bool, default True
            Whether to keep the fitted estimators.
        """
        from mlopskit.tracking.autolog import autolog

        return autolog(self, run=run, keep_model=keep_model)

    def observe(self) -> PipelineObserver:
        """Return an observer that records one run of a pipeline, or one sweep, as a run of this experiment."""
        return PipelineObserver(self.start_run)

    def _run(self, lifecycle: Lifecycle, start: dict[str, Any]) -> Run:
        run = Run(self.store, lifecycle, start, flush_seconds=self.flush_seconds, environment=self.environment)
        if self.system_metrics:
            from mlopskit.tracking.system_metrics import SystemMetrics

            SystemMetrics(run)
        return run

    def _lifecycle(self, run_id: str) -> Lifecycle:
        lifecycle = Lifecycle(self.store, run_id)
        if not lifecycle.read():
            raise NotFoundError(f"{self.store} has no run {run_id}; Tracker.runs() lists those it has.")
        return lifecycle

    def _set(self, lifecycle: Lifecycle, fields: RunState) -> None:
        if lifecycle.change("set", fields):
            announce_change(self.store, lifecycle.state, lifecycle.number)

    def _recover(self) -> None:
        recover(self.store, spool_folder(self.store))

    def __repr__(self) -> str:
        return f"Tracker({str(self.store)!r}, experiment={self.experiment!r})"
