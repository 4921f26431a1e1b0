"""`Sweep`: a pipeline run again and again with other parameters, to find those with the best score."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed, wait
from typing import TYPE_CHECKING, Any

from mlopskit.errors import PipelineError
from mlopskit.pipeline.progress import open_bar, shows_progress
from mlopskit.pipeline.result import Result
from mlopskit.pipeline.running.failure import in_words
from mlopskit.pipeline.running.workers import ProcessLostError, Workers, workers_for
from mlopskit.pipeline.sweeps.metric import SweptMetric
from mlopskit.pipeline.sweeps.result import Outcome, SweepResult, written
from mlopskit.pipeline.sweeps.searches import Grid, Search, Trial, described, values_of
from mlopskit.pipeline.sweeps.trial_watch import TrialWatch
from mlopskit.records.event import (
    Event,
    Observer,
    StepFinished,
    StepProgressed,
    StepStarted,
    SweepFinished,
    SweepStarted,
)

if TYPE_CHECKING:
    from mlopskit.pipeline.pipeline import Pipeline

STOP_SECONDS = 5.0
"""How long a sweep that is interrupted waits until its trials are recorded as failed."""


class Sweep:
    """One search: the steps that all trials share are run first, then one batch of trials after another.

    The trials of a batch run side by side, each driven by a thread of this process, and their steps are
    called wherever the executor calls them. What comes next is decided only when a whole batch has
    ended, so the trials are the same whatever the executor.

    Parameters
    ----------
    pipeline : Pipeline
    space : mapping of str to sequence or distribution
        What each searched parameter may be.
    metric : str
        A key of a step's output that is a dict of numbers, such as ``"roc_auc"``, or with the step's name,
        ``"scores.roc_auc"``.
    search : Search or None
        None: all combinations.
    maximize : bool
        Whether more is better.
    params : mapping of str to object
        The run parameters that all trials share.

    Raises
    ------
    PipelineError
        If a parameter is unknown, missing or named twice, or the search can not go through the space.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        space: Mapping[str, Any],
        metric: str,
        search: Search | None,
        maximize: bool,
        params: Mapping[str, Any],
    ) -> None:
        self._pipeline = pipeline
        self._search = search if search is not None else Grid()
        self._space = {name: values_of(name, values) for name, values in space.items()}
        self._searched = self._search.parameters(self._space)
        self._params = dict(params)
        self._batch = dict(enumerate(self._search.propose(self._space, ())))
        self._check_parameters()
        self._metric = SweptMetric(metric, pipeline.graph, self._searched)
        self._check_plan()
        self._sign = 1 if maximize else -1
        self._outcomes: dict[int, Outcome] = {}
        self._best_result: Result | None = None
        self._given: dict[str, Any] = {}
        self._noting = threading.Lock()
        self._stopped = threading.Event()
        self._lost: set[int] = set()
        self._bar = _Bar(pipeline.name)

    def run(self, executor: int | Executor | None, progress: bool | None) -> SweepResult:
        """Run all trials, and compare them.

        Raises
        ------
        PipelineError
            If every trial fails, no step gives the metric, or a step fails that all trials share.
        """
        self._workers(executor)  # refuses what can not run the steps, before anything is recorded
        tracker = self._pipeline._tracker
        observer = tracker.observe() if tracker is not None else _deaf
        # Who knows nothing of sweeps hears of each trial as of a run of its own.
        self._observe: Callable[[], Observer] = getattr(observer, "observe", getattr(tracker, "observe", lambda: _deaf))
        observer(SweepStarted(self._pipeline.name, self._said()))
        if shows_progress(progress):
            self._bar.open(len(self._batch))
        try:
            self._run_shared_steps(executor, observer)
            self._run_trials(executor)
        except BaseException as error:
            observer(SweepFinished(self._summary(), in_words(error)))
            raise
        finally:
            self._bar.close()
        observer(SweepFinished(self._summary()))
        result = self._result(getattr(observer, "run", None))
        if any(step.on_success for step in self._pipeline.graph.steps.values()):
            self._pipeline._follow_up(result.best.execution)
        return result

    # -- what is refused before anything runs ----------------------------------------------------

    def _check_parameters(self) -> None:
        if not self._searched or not self._batch:
            raise PipelineError('There is nothing to search; give a space, such as {"max_depth": [4, 6, 8]}.')
        self._pipeline.graph.check_parameters({**self._params, **dict.fromkeys(self._searched)}, ())
        for name in self._searched:
            if name in self._params:
                raise PipelineError(f"{name!r} is searched, and given as {name}=... too; leave one of them out.")

    def _check_plan(self) -> None:
        graph = self._pipeline.graph
        steps = graph.plan(self._metric.targets, ())
        graph.check_parameters({**self._params, **self._batch[0]}, steps)

    # -- what all trials share -------------------------------------------------------------------

    def _run_shared_steps(self, executor: int | Executor | None, observer: Observer) -> None:
        """Run the steps that no searched parameter reaches; what the cache does not hold is given to the trials."""
        if not (shared := self._metric.shared):
            return

        def hear(event: Event) -> None:
            if isinstance(event, StepStarted | StepProgressed | StepFinished):
                observer(event)

        result = self._pipeline._run(shared, None, executor, None, False, self._params, hear)
        outputs = result.execution.outputs
        names = [name for name in self._pipeline.graph.outputs_of(shared) if name in outputs]
        self._given = {name: outputs.value(name) for name in names if outputs.kept(name) is None}

    # -- trials ----------------------------------------------------------------------------------

    def _run_trials(self, executor: int | Executor | None) -> None:
        while self._batch:
            self._bar.expect(len(self._outcomes) + len(self._batch))
            self._run_batch(executor)
            proposed = self._search.propose(self._space, self._trials())
            self._batch = dict(enumerate(proposed, start=len(self._outcomes)))
        if self._best() is None:
            first = self._outcomes[0]
            raise PipelineError(
                f"All {len(self._outcomes)} trials failed; the first one, with {written(first.params)}: {first.error}"
            )

    def _run_batch(self, executor: int | Executor | None) -> None:
        width = self._workers(executor).width
        numbers: Sequence[int] = list(self._batch)
        if width > 1:
            self._run_side_by_side(numbers, executor, width)
            # A process that dies takes the calls of other trials with it; alone, it is known whose fault that was.
            numbers, self._lost = sorted(self._lost), set()
        for number in numbers:
            self._run_trial(number, executor, alone=True)

    def _run_side_by_side(self, numbers: Sequence[int], executor: int | Executor | None, width: int) -> None:
        threads = ThreadPoolExecutor(min(width, len(numbers)), thread_name_prefix="mlopskit-sweep")
        trials = [threads.submit(self._run_trial, number, executor, alone=False) for number in numbers]
        try:
            for trial in as_completed(trials):
                trial.result()
        except BaseException:
            self._stopped.set()
            self._workers(executor).stop()
            threads.shutdown(wait=False, cancel_futures=True)
            wait([trial for trial in trials if not trial.cancelled()], STOP_SECONDS)
            raise
        finally:
            threads.shutdown(wait=False)

    def _run_trial(self, number: int, executor: int | Executor | None, *, alone: bool) -> None:
        """Run a trial and note what became of it; one that lost its process beside others is left for later."""
        watch = TrialWatch(number, self._metric, self._stopped, self._observe())
        result, params = None, {**self._params, **self._batch[number]}
        try:
            result = self._pipeline._run(self._metric.targets, self._given, executor, None, False, params, watch)
        except PipelineError as error:
            if isinstance(error.__cause__, ProcessLostError) and not alone:
                self._lost.add(number)
                return
            watch.fail(str(error))
        self._note(watch.outcome(self._batch[number]), result)

    def _workers(self, executor: int | Executor | None) -> Workers:
        return workers_for(executor, self._pipeline._cache, caching=self._pipeline._caching)

    def _note(self, outcome: Outcome, result: Result | None) -> None:
        """Note an outcome; of all results only the best one is kept, as they may hold whole models."""
        with self._noting:
            if self._stopped.is_set():
                return
            self._outcomes[outcome.number] = outcome
            best = self._best()
            if best is outcome:
                self._best_result = result
            self._bar.show(self._outcomes.values(), best)

    # -- what came of it -------------------------------------------------------------------------

    def _trials(self) -> list[Trial]:
        """Return what the search is to know, in the order in which it was proposed."""
        scores = [None if each.score is None else self._sign * each.score for each in self._ended()]
        return [Trial(each.params, score) for each, score in zip(self._ended(), scores, strict=True)]

    def _ended(self) -> list[Outcome]:
        return [self._outcomes[number] for number in sorted(self._outcomes)]

    def _best(self) -> Outcome | None:
        place = self._search.best(self._trials())
        return None if place is None else self._ended()[place]

    def _said(self) -> dict[str, Any]:
        """Return the params of the run that stands for the whole sweep; those of a trial are its own."""
        space = {f"space.{name}": described(values) for name, values in self._space.items()}
        search = {"metric": self._metric.name, "maximize": self._sign > 0, "search": repr(self._search)}
        return {**self._params, **space, **{f"sweep.{name}": value for name, value in search.items()}}

    def _summary(self) -> dict[str, float]:
        failed = sum(outcome.status == "failed" for outcome in self._outcomes.values())
        summary = {"trials": float(len(self._outcomes)), "failed": float(failed)}
        if (best := self._best()) is not None and best.score is not None:
            summary |= {f"best_{self._metric.key}": best.score, "best_trial": float(best.number)}
        return summary

    def _result(self, run: Any) -> SweepResult:
        best, kept = self._best(), self._best_result
        assert best is not None, "else it was refused"  # noqa: S101 - for the type checker
        params = {**self._params, **best.params}
        targets, given = self._metric.targets, self._given

        def load() -> Result:
            return kept if kept is not None else self._pipeline._run(targets, given, None, None, False, params, None)

        return SweepResult(self._pipeline.name, self._metric.name, self._ended(), best, load, run)


class _Bar:
    """How many trials are over, and the best score so far; nothing is shown until it is opened."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._bar: Any = None

    def open(self, trials: int) -> None:
        """Show the bar; of a search that goes on step by step the first trials are all that is known."""
        self._bar = open_bar(self._name, trials)

    def expect(self, trials: int) -> None:
        """Say how many trials there are by now."""
        if self._bar is not None:
            self._bar.total = trials
            self._bar.refresh()

    def show(self, outcomes: Collection[Outcome], best: Outcome | None) -> None:
        """Show what became of the trials so far."""
        if self._bar is None:
            return
        failed = sum(outcome.status == "failed" for outcome in outcomes)
        words = [f"best {best.score:.4g} of trial {best.number}"] if best is not None else []
        self._bar.set_postfix_str(", ".join([*words, *([f"{failed} failed"] if failed else [])]), refresh=False)
        self._bar.update(len(outcomes) - self._bar.n)

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()


def _deaf(_event: Event) -> None:
    """Stand in for an observer where there is no tracker."""
