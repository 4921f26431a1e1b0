"""`TrialWatch`: an observer that finds out what became of one trial of a sweep."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping
from typing import Any, Literal

import attrs

from mlopskit.errors import PipelineError
from mlopskit.pipeline.sweeps.metric import SweptMetric
from mlopskit.pipeline.sweeps.result import Outcome
from mlopskit.records.event import Event, Observer, PipelineFinished, PipelineStarted, StepFinished


class TrialWatch:
    """Hears how one trial goes: finds its score, and ends it when the sweep has ended.

    What it hears it passes on, so that a trial without a score is recorded as a run that failed.
    """

    def __init__(self, number: int, metric: SweptMetric, stopped: threading.Event, observer: Observer) -> None:
        self._error = ""
        self._number = number
        self._metric = metric
        self._stopped = stopped
        self._observer = observer
        self._steps: list[StepFinished] = []
        self._score: float | None = None
        self._hopeless: PipelineError | None = None
        self._started = time.perf_counter()

    def __call__(self, event: Event) -> None:
        """Take the next event of the trial, and pass it on."""
        match event:
            case PipelineFinished(error=error):
                self._judge(error)
                event = PipelineFinished(self._error)
            case _ if self._stopped.is_set():
                raise PipelineError("The sweep ended before this trial did.")
            case PipelineStarted():
                event = attrs.evolve(event, name=f"trial-{self._number}")
            case StepFinished():
                self._steps.append(event)
        self._observer(event)

    @property
    def run(self) -> Any:
        """The tracked run."""
        return getattr(self._observer, "run", None)

    def fail(self, error: str) -> None:
        """Note why there is no score, if nothing was heard of that: the run was refused before it began."""
        if self._score is None and not self._error:
            self._error = error

    def outcome(self, params: Mapping[str, Any]) -> Outcome:
        """Say what became of the trial.

        Raises
        ------
        PipelineError
            If the others would fare no better, as the metric is not to be found.
        """
        if self._hopeless is not None:
            raise self._hopeless
        cached = all(event.status in ("cached", "skipped") for event in self._steps)
        status: Literal["done", "cached", "failed"] = "failed" if self._error else "cached" if cached else "done"
        seconds = time.perf_counter() - self._started
        return Outcome(self._number, params, self._score, status, seconds, self._error, getattr(self.run, "id", ""))

    def _judge(self, error: str) -> None:
        """Find the score; a failure of a step that it does not need is no failure of the trial."""
        complete = not error and not any(event.status == "skipped" for event in self._steps)
        try:
            score = self._metric.score(self._steps, complete=complete)
        except PipelineError as hopeless:
            self._hopeless, self._error = hopeless, str(hopeless)
            return
        if score is None:
            self._error = error or self._why_none()
        elif math.isnan(score):
            self._error = f"The metric {self._metric.name!r} is NaN."
        else:
            self._score = score

    def _why_none(self) -> str:
        skipped = [f"{event.step} was skipped, as {event.reason}" for event in self._steps if event.status == "skipped"]
        return f"No step gave the metric {self._metric.name!r}{': ' if skipped else ''}{'; '.join(skipped)}."
