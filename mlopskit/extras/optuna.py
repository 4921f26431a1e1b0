"""Records the trials of an Optuna study as child runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optuna.trial import TrialState

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

    from mlopskit.tracking.run import Run


class RunCallback:
    """Records each trial as a child of a run; for ``study.optimize(..., callbacks=[...])``.

    A child has the trial's params, its value as the metric ``value`` (``value_0``, ``value_1`` and so on of several
    objectives), what it reported meanwhile as ``intermediate``, its user attributes and its state as tags;
    it has failed if the trial has. The parent gets the series ``best_value``, if there is one objective.

    Parameters
    ----------
    run : Run
        The parent; log to it from as many threads as ``n_jobs`` makes.

    Examples
    --------
    >>> import optuna
    >>> from mlopskit.tracking.tracker import Tracker
    >>> optuna.logging.set_verbosity(optuna.logging.WARNING)
    >>> tracker = Tracker("memory://docs-optuna")
    >>> with tracker.start_run("study") as run:
    ...     study = optuna.create_study()
    ...     study.optimize(lambda trial: trial.suggest_float("x", -1, 1) ** 2, 3, callbacks=[RunCallback(run)])
    >>> len(tracker.runs("parent is not null"))
    3
    """

    def __init__(self, run: Run) -> None:
        self._run = run

    def __call__(self, study: Study, trial: FrozenTrial) -> None:
        """Record a trial that has ended."""
        tags = {**trial.user_attrs, "optuna.state": trial.state.name.lower()}
        child = self._run.start_child(f"trial-{trial.number}", params=trial.params, tags=tags)
        with child:
            for step, value in sorted(trial.intermediate_values.items()):
                child.log_metric("intermediate", value, step)
            for name, value in _values(trial).items():
                child.log_metric(name, value)
            if trial.state == TrialState.FAIL:
                child.finish("failed", error="the trial failed")
        if len(study.directions) == 1 and any(other.state == TrialState.COMPLETE for other in study.trials):
            self._run.log_metric("best_value", study.best_value, trial.number)


def _values(trial: FrozenTrial) -> dict[str, float]:
    values = trial.values or []
    return {"value": values[0]} if len(values) == 1 else {f"value_{place}": value for place, value in enumerate(values)}
