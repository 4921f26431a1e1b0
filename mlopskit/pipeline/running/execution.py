"""`Execution`: one run of a pipeline: what can begin, begins; what ends is noted and told, and lets others begin.

The steps' functions run wherever the workers are; all that is here happens in the one thread that called
`Pipeline.run`.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from mlopskit.errors import FingerprintError, PipelineError, SerializationError, StoreError
from mlopskit.pipeline.caching.cache import Cache, Entry
from mlopskit.pipeline.caching.leases import Leases
from mlopskit.pipeline.caching.outputs import Outputs
from mlopskit.pipeline.caching.plan import can_be_planned, plan_key, without_memory
from mlopskit.pipeline.caching.recipe import Recipe, digest_of, recipe_of
from mlopskit.pipeline.explanation import note_of
from mlopskit.pipeline.graph import Graph
from mlopskit.pipeline.running.failure import in_words
from mlopskit.pipeline.running.queue import Queue
from mlopskit.pipeline.running.resources import Resources
from mlopskit.pipeline.running.step_run import StepRun
from mlopskit.pipeline.running.warning import warn
from mlopskit.pipeline.running.workers import Here, Workers
from mlopskit.pipeline.step import Step
from mlopskit.records.event import Event, Observer, PipelineFinished, PipelineStarted, StepFinished, StepStarted

LOOK_SECONDS = 0.1
"""How often a run looks for an output that somebody else is making."""

Life = Generator[Collection[Future[Any]], None, StepFinished]


class Execution:
    """One run: the outputs so far, what became of each step, and who is told.

    Parameters
    ----------
    graph : Graph
        What needs what.
    cache : Cache
        Where outputs are looked up and kept.
    params : mapping of str to object
        The run parameters.
    given : mapping of str to object
        Values that stand in for outputs.
    observers : iterable of Observer
        Called with every event, in order.
    caching : bool, default True
        Whether outputs are looked up and kept.
    """

    def __init__(
        self,
        graph: Graph,
        cache: Cache,
        params: Mapping[str, Any],
        given: Mapping[str, Any],
        observers: Iterable[Observer],
        *,
        caching: bool = True,
    ) -> None:
        self.graph = graph
        self.cache = cache
        self.params = params
        self.caching = caching
        self.finished: dict[str, StepFinished] = {}
        self.failures: dict[str, PipelineError] = {}
        self.failed_for: dict[str, str] = {}  # of each step that failed, or needs one that did: which one that is
        self.entries: dict[str, Entry] = {}
        self.outputs = Outputs(cache)
        self.leases = Leases(cache.store)
        self.workers: Workers = Here(cache)
        self._observers = list(observers)
        self._recipes: dict[str, Recipe | None] = {}
        self._warned: set[str] = set()
        self._store_refuses = False
        for name, value in given.items():
            self.outputs.give(name, value, self.content_digest(name, value))

    def run(
        self, name: str, steps: Sequence[Step], workers: Workers, resources: Resources, wanted: Collection[str]
    ) -> None:
        """Run the steps; after a failure, those that do not depend on it.

        Parameters
        ----------
        name : str
            The pipeline's name.
        steps : sequence of Step
            In order.
        workers : Workers
            What makes the calls.
        resources : Resources
            What the steps share.
        wanted : collection of str
            Outputs that are to stay in memory.

        Raises
        ------
        PipelineError
            For the first step that failed, after all others are done.
        """
        self.workers = workers
        try:
            self.tell(PipelineStarted(name, dict(self.params), tuple(step.name for step in steps)))
            self._run_all(name, steps, resources, wanted)
        except BaseException as error:
            workers.stop()
            self.tell(PipelineFinished(in_words(error)))
            raise
        finally:
            self.leases.end()
            self.workers = Here(self.cache)  # for what has to be made again later
        self.tell(PipelineFinished(str(next(iter(self.failures.values()), ""))))
        self._raise_first_failure()

    # -- what the steps of this run ask ----------------------------------------------------------

    def value_of(self, output: str) -> Any:
        """Return an output; one that is kept but can not be loaded is made again, here."""
        try:
            return self.outputs.value(output)
        except Exception as error:  # noqa: BLE001 - unpickling can raise anything
            owner = self.graph.owners[output]
            self.warn(owner, f"runs again, as its kept output can not be loaded: {error}")
            self.finished[owner] = StepRun(self, self.graph.steps[owner], Here(self.cache)).again()
            return self.outputs.value(output)

    def recipe(self, step: Step) -> Recipe | None:
        """Return what a step is made of, as it was when this run first asked; None if that can not be told."""
        if step.name not in self._recipes:
            self._recipes[step.name] = None
            try:
                self._recipes[step.name] = recipe_of(step, self.parameters(step))
            except FingerprintError as error:
                self.warn(step.name, f"runs every time: {error}")
        return self._recipes[step.name]

    def parameters(self, step: Step) -> dict[str, Any]:
        """Return the arguments of a step's function that no other step fills."""
        needs = self.graph.needs[step.name]
        return {name: self.params.get(name, default) for name, default in step.arguments.items() if name not in needs}

    def content_digest(self, name: str, value: Any) -> str:
        """Digest a value that is not kept; empty, with a warning, if it has no digest."""
        if not self.caching:
            return ""
        try:
            return digest_of(value)
        except FingerprintError as error:
            self.warn(name, f"makes the steps that need it run every time: {error}")
            return ""

    def tell(self, event: Event) -> None:
        """Tell the observers."""
        for observer in self._observers:
            observer(event)

    def warn(self, name: str, message: str) -> None:
        """Warn of a step, once a run."""
        if name not in self._warned:
            self._warned.add(name)
            warn(f"Step {name!r} {message}")

    def warn_unkept(self, name: str, problem: SerializationError | StoreError) -> None:
        """Warn that an output is not kept; of a store that takes nothing, such as a full one, once a run."""
        if not self._store_refuses:
            self.warn(name, f"is not cached: {problem}")
        self._store_refuses = self._store_refuses or isinstance(problem, StoreError)

    # -- one step after another ------------------------------------------------------------------

    def _run_all(self, name: str, steps: Sequence[Step], resources: Resources, wanted: Collection[str]) -> None:
        if not self.caching:
            self._turn(steps, resources, wanted)
            return
        early = without_memory(self.graph, steps)
        self._turn(early, resources, wanted)
        rest = [step for step in steps if step not in early] if early else steps
        key = self._plan_key(rest)
        if key and self._take_plan(rest, self.cache.find_plan(key)):
            return
        self._turn(rest, resources, wanted)
        self._keep_plan(key, rest)
        self._keep_note(name, steps)

    def _turn(self, steps: Sequence[Step], resources: Resources, wanted: Collection[str]) -> None:
        queue = Queue(steps, self.graph.sources)
        readers = _Readers(self.graph, steps, wanted)
        lives: dict[str, Life] = {}
        waits: dict[str, Collection[Future[Any]]] = {}

        def advance(name: str) -> None:
            try:
                waits[name] = next(lives[name])
            except StopIteration as end:
                del lives[name]
                waits.pop(name, None)
                self.finished[name] = end.value
                queue.done(name)
                resources.give_back(self.graph.steps[name])
                for output in readers.outputs_done_with(self.graph.steps[name]):
                    self.outputs.let_go(output)
                self.tell(end.value)

        try:
            while True:
                while (step := queue.next(resources.take)) is not None:
                    lives[step.name] = StepRun(self, step, self.workers).life()
                    advance(step.name)
                if not lives:
                    return
                for name in _ready(waits):
                    advance(name)
        finally:
            for life in lives.values():
                life.close()

    # -- whole runs ------------------------------------------------------------------------------

    def _plan_key(self, steps: Sequence[Step]) -> str:
        if not can_be_planned(steps):
            return ""
        recipes = {step.name: self.recipe(step) for step in steps}
        given = {output: self.outputs.digest(output) for output in self.graph.owners if output in self.outputs}
        if not all(recipes.values()) or not all(given.values()):
            return ""
        digests = {name: recipe.digest for name, recipe in recipes.items() if recipe is not None}
        try:
            return plan_key(self.graph, steps, digests, given)
        except KeyError:  # an early step failed or was skipped
            return ""

    def _take_plan(self, steps: Sequence[Step], entries: Sequence[Entry]) -> bool:
        """Take all outputs from an earlier run of the very same; false if some of them are not those any more."""
        if len(entries) != len(steps) or not self._keys_hold(steps, entries):
            return False
        for step, entry in zip(steps, entries, strict=True):
            self.tell(StepStarted(step.name))
            self.finished[step.name] = StepRun(self, step, self.workers).from_cache(entry)
            self.tell(self.finished[step.name])
        return True

    def _keys_hold(self, steps: Sequence[Step], entries: Sequence[Entry]) -> bool:
        """Whether outputs still behave as they did: a class that the bytes of one name may have been edited."""
        if not any(kept.names for entry in entries for kept in entry.outputs.values()):
            return True
        digests = {output: self.outputs.digest(output) for output in self.graph.owners if output in self.outputs}
        for step, entry in zip(steps, entries, strict=True):
            needs, recipe = self.graph.needs[step.name], self.recipe(step)
            inputs = {each: digests[output] for each, output in needs.items() if each not in step.ignore}
            if recipe is None or not all(inputs.values()) or recipe.key(inputs) != entry.key:
                return False
            digests |= {name: kept.digest() for name, kept in entry.outputs.items()}
        return True

    def _keep_plan(self, key: str, steps: Sequence[Step]) -> None:
        if not key or any(step.name not in self.entries for step in steps):
            return
        with contextlib.suppress(StoreError):  # then the steps are found one by one
            self.cache.keep_plan(key, [self.entries[step.name] for step in steps])

    def _keep_note(self, name: str, steps: Sequence[Step]) -> None:
        """Note what the steps were made of, for `Pipeline.explain`."""
        recipes = {step.name: recipe for step in steps if (recipe := self.recipe(step)) is not None}
        known = self.cache.last(name).get("steps", {})  # this run may have been of some steps only
        with contextlib.suppress(StoreError):  # then `explain` tells of the run before
            self.cache.keep_last(name, {"steps": known | note_of(recipes, self.finished)})

    def _raise_first_failure(self) -> None:
        if not self.failures:
            return
        first, *others = self.failures.values()
        skipped = [name for name in self.failed_for if name not in self.failures]
        for other in others:
            first.add_note(str(other))
        if skipped:
            first.add_note(f"Not run, as they need what failed: {', '.join(skipped)}.")
        first.add_note("The outputs of the other steps are kept; the next run resumes there.")
        raise first.with_traceback(None)  # how the step came to be called here tells the user nothing


class _Readers:
    """Who still has to read each output, so that one nobody waits for need not stay in memory."""

    def __init__(self, graph: Graph, steps: Iterable[Step], wanted: Collection[str]) -> None:
        self._needs = graph.needs
        self._wanted = wanted
        self._left: dict[str, int] = {}
        for step in steps:
            for output in graph.needs[step.name].values():
                self._left[output] = self._left.get(output, 0) + 1

    def outputs_done_with(self, step: Step) -> list[str]:
        """Return the outputs that nobody needs any more, now that a step is over; its own may be among them."""
        read = self._needs[step.name].values()
        for output in read:
            self._left[output] -= 1
        return [each for each in (*read, *step.results) if not self._left.get(each) and each not in self._wanted]


def _ready(waits: Mapping[str, Collection[Future[Any]]]) -> list[str]:
    """Wait until something can go on: a call is done, or it is time to look again."""
    futures = {future for some in waits.values() for future in some}
    looking = [name for name, some in waits.items() if not some]
    if futures:
        wait(futures, LOOK_SECONDS if looking else None, FIRST_COMPLETED)
    else:
        time.sleep(LOOK_SECONDS)
    return [name for name, some in waits.items() if not some or any(future.done() for future in some)]
