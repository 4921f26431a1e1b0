"""`PipelineObserver`: one run of a pipeline, or one sweep with its trials, recorded as a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from mlopskit.errors import PipelineError
from mlopskit.records.event import (
    Event,
    PipelineFinished,
    PipelineStarted,
    StepFinished,
    SweepFinished,
    SweepStarted,
)
from mlopskit.tracking.run import Run


class RunStarter(Protocol):
    """Whatever starts runs: `Tracker.start_run`, `Run.start_child`."""

    def __call__(self, name: str | None = None, *, params: Mapping[str, Any] | None = None) -> Run:
        """Start a run."""


class PipelineObserver:
    """Hears what a pipeline tells and records it; `Tracker.observe` makes these, one for each run.

    The run starts with the pipeline, with the run parameters as its params. A step whose output
    is a dict of numbers adds these to the metrics; how each step went is part of the commit that
    ends the run.

    A sweep is recorded in the same way, and each of its trials as a child of it, by the observer that `observe` gives.

    Parameters
    ----------
    start_run : callable
        Starts the run.

    Attributes
    ----------
    run : Run or None
        None before the pipeline has started.

    Examples
    --------
    >>> from mlopskit.tracking.tracker import Tracker
    >>> observer = Tracker("memory://docs-observer").observe()
    >>> for event in [
    ...     PipelineStarted("flights", {"month": 1}, steps=("scores",)),
    ...     StepFinished("scores", "done", seconds=0.2, metrics={"roc_auc": 0.71}),
    ...     PipelineFinished(),
    ... ]:
    ...     observer(event)
    >>> observer.run.status, observer.run.params, observer.run.metrics
    ('finished', {'month': 1}, {'roc_auc': 0.71})
    >>> [(step.step, step.status, step.seconds) for step in observer.run.record.steps]
    [('scores', 'done', 0.2)]
    """

    def __init__(self, start_run: RunStarter) -> None:
        self.run: Run | None = None
        self._start_run = start_run
        self._steps: list[StepFinished] = []

    def __call__(self, event: Event) -> None:
        """Take the next event.

        Raises
        ------
        PipelineError
            If a pipeline or a sweep goes on that has not started.
        """
        match event:
            case PipelineStarted(name=name, params=params) | SweepStarted(name=name, params=params):
                self.run = self._start_run(name, params=params)
            case StepFinished(metrics=metrics):
                self._steps.append(event)
                self._running().log_metrics(metrics)
            case PipelineFinished(error=error):
                self._finish(error)
            case SweepFinished(metrics=metrics, error=error):
                self._running().log_metrics(metrics)
                self._finish(error)

    def observe(self) -> PipelineObserver:
        """Return an observer that records one trial of the sweep as a child of its run.

        Raises
        ------
        PipelineError
            If the sweep has not started.
        """
        return PipelineObserver(self._running().start_child)

    def _finish(self, error: str) -> None:
        self._running().finish("failed" if error else "finished", error=error, steps=self._steps)

    def _running(self) -> Run:
        if self.run is None:
            raise PipelineError(
                "An observer hears of what has not started; send it SweepStarted or PipelineStarted first."
            )
        return self.run
