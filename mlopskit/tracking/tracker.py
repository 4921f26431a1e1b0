"""`Tracker`: starts runs, and finds them again."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlopskit.errors import DamagedError, InvalidNameError, NotFoundError
from mlopskit.storage.store import Store, StoreLike
from mlopskit.tracking.lifecycle import RunState, read_states, run_log
from mlopskit.tracking.observer import PipelineObserver
from mlopskit.tracking.recorded_run import RecordedRun
from mlopskit.tracking.run import Run

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = ["run_id", "name", "status", "started", "seconds"]


class Tracker:
    """Keeps the runs of an experiment on a store, which any number of processes may use at once.

    Parameters
    ----------
    store : Store, str, path or None
        Where runs are kept, below the folder ``runs``. None is the default store.
    experiment : str, default "default"
        What the runs started here belong to; any text.

    Examples
    --------
    >>> tracker = Tracker("memory://docs-tracker", experiment="flight-delays")
    >>> with tracker.start_run("depth-6", params={"max_depth": 6}, tags={"team": "ops"}) as run:
    ...     run.log_metric("loss", 0.31, step=10)
    >>> tracker.runs()[["name", "status", "params.max_depth", "metrics.loss"]].values.tolist()
    [['depth-6', 'finished', 6, 0.31]]
    """

    def __init__(self, store: StoreLike = None, *, experiment: str = "default") -> None:
        if not isinstance(experiment, str) or not experiment:
            raise InvalidNameError("An experiment is named by a text of at least one character.")
        self.store = Store.of(store)
        self.experiment = experiment

    def start_run(
        self,
        name: str | None = None,
        *,
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
    ) -> Run:
        """Start a run; best in a ``with`` statement, which ends it too.

        Writes one commit, which params and tags given here are part of.

        Parameters
        ----------
        name : str, optional
            For people; need not be unique.
        params, tags : mapping of str to object, optional
            What the run is made with, and marks to find it by; values as for `Run.log_params`.

        Raises
        ------
        StoreError
            If the store can not be written.
        """
        return Run(self.store, experiment=self.experiment, name=name, params=params, tags=tags)

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
        state = run_log(self.store, run_id).state()
        if not state:
            raise NotFoundError(f"{self.store} has no run {run_id}; Tracker.runs() lists those it has.")
        return RecordedRun(self.store, state)

    def runs(self) -> pd.DataFrame:
        """Which runs does this experiment have? Newest first; reads the commits of all runs on the store.

        Returns
        -------
        DataFrame
            One row a run: ``run_id``, ``name``, ``status``, ``started`` (UTC), ``seconds`` (NaN while it
            runs), a column ``params.<name>`` for each param, and a column ``metrics.<name>`` with
            the last value of each metric, NaN while the run goes on.

        Warns
        -----
        UserWarning
            If a run can not be read; it is left out.
        """
        import pandas as pd

        states = self._states()
        columns = [*_COLUMNS, *_columns(states, "params"), *_columns(states, "metrics")]
        frame = pd.DataFrame([_row(state) for state in states], columns=columns)
        frame["started"] = pd.to_datetime(frame["started"], utc=True, format="ISO8601")
        return frame.astype({"seconds": float})

    def observe(self) -> PipelineObserver:
        """Return an observer that records one run of a pipeline as a run of this experiment."""
        return PipelineObserver(self)

    def _states(self) -> list[RunState]:
        states = []
        for state in read_states(self.store):
            if isinstance(state, DamagedError):
                warnings.warn(f"{state} The run is left out.", stacklevel=3)
            elif state["experiment"] == self.experiment:
                states.append(state)
        return sorted(states, key=lambda state: str(state["started"]), reverse=True)

    def __repr__(self) -> str:
        return f"Tracker({str(self.store)!r}, experiment={self.experiment!r})"


def _columns(states: list[RunState], field: str) -> list[str]:
    return [f"{field}.{name}" for name in sorted({name for state in states for name in state[field]})]


def _row(state: RunState) -> dict[str, Any]:
    row = {"run_id": state["id"], "name": state["name"], "status": state["status"], "started": state["started"]}
    row["seconds"] = state.get("seconds", math.nan)
    for field in ("params", "metrics"):
        row.update({f"{field}.{name}": value for name, value in state[field].items()})
    return row
