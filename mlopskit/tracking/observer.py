"""`PipelineObserver`: one run of a pipeline, recorded as a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from mlopskit.errors import PipelineError
from mlopskit.records.event import Event, PipelineFinished, PipelineStarted, StepFinished
from mlopskit.tracking.run import Run


class RunStarter(Protocol):
    """Whatever starts runs: a `Tracker`."""

    def start_run(self, name: str | None = None, *, params: Mapping[str, Any] | None = None) -> Run:
        """Start a run."""


class PipelineObserver:
    """Hears what a pipeline tells and records it; `Tracker.observe` makes these, one for each run.

    The run starts with the pipeline, with the run parameters as its params. A step whose output
    is a dict of numbers adds these to the metrics; how each step went is part of the commit that
    ends the run.

    Parameters
    ----------
    tracker : Tracker
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

    def __init__(self, tracker: RunStarter) -> None:
        self.run: Run | None = None
        self._tracker = tracker
        self._steps: list[StepFinished] = []

    def __call__(self, event: Event) -> None:
        """Take the next event.

        Raises
        ------
        PipelineError
            If a pipeline goes on that has not started.
        """
        if isinstance(event, PipelineStarted):
            self.run = self._tracker.start_run(event.name, params=event.params)
        elif isinstance(event, StepFinished):
            self._steps.append(event)
            self._running().log_metrics(event.metrics)
        elif isinstance(event, PipelineFinished):
            self._running().finish("failed" if event.error else "finished", error=event.error, steps=self._steps)

    def _running(self) -> Run:
        if self.run is None:
            raise PipelineError("An observer hears of a pipeline that has not started; send it PipelineStarted first.")
        return self.run
