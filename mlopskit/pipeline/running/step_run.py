"""`StepRun`: one step of one run, from the question whether it has to run to the news that it is done."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Generator, Mapping
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs

from mlopskit.errors import FingerprintError, PipelineError, SerializationError
from mlopskit.pipeline.caching.cache import Entry, Kept
from mlopskit.pipeline.caching.recipe import Recipe, digest_of
from mlopskit.pipeline.isolation import isolated
from mlopskit.pipeline.running.failure import failure
from mlopskit.pipeline.running.fan_out import Item, Items, ItemsMade, ItemsTask, gathered, group_of, items_key, items_of
from mlopskit.pipeline.running.shipping import UnpackError
from mlopskit.pipeline.running.task import Made, Task, kept, metrics_in
from mlopskit.pipeline.running.worker_process import InputLostError, StrangeCodeError
from mlopskit.pipeline.running.workers import Call, Here, ProcessLostError, Workers
from mlopskit.pipeline.step import REQUIRED, Step
from mlopskit.records.event import StepFinished, StepProgressed, StepStarted
from mlopskit.storage.canonical_json import encode

if TYPE_CHECKING:
    from mlopskit.pipeline.running.execution import Execution

CHUNKS_A_WORKER = 8
"""Into how many parts the items of a step are cut for each worker: few calls, and yet none has nothing left to do."""

_Waiting = Generator[Collection[Future[Any]], None, Any]


class StepRun:
    """One step of one run.

    Its life is a generator that yields the calls it waits for, or nothing when it waits for another process,
    and returns what is to be told of the step.

    Parameters
    ----------
    run : Execution
        The run, with the outputs of the steps before.
    step : Step
    workers : Workers
        What makes its calls.
    """

    def __init__(self, run: Execution, step: Step, workers: Workers) -> None:
        self._run = run
        self._step = step
        self._workers = workers
        self._started = time.perf_counter()
        self._needs = run.graph.needs[step.name]

    def life(self) -> Generator[Collection[Future[Any]], None, StepFinished]:
        """Skip the step, take it from the cache, wait until somebody else has made it, or make it."""
        if reason := self._missing_input():
            return StepFinished(self._step.name, "skipped", 0.0, reason=reason)
        self._run.tell(StepStarted(self._step.name))
        try:
            if not self._condition_holds():
                return StepFinished(self._step.name, "skipped", 0.0, reason="its condition does not hold")
            return (yield from self._found_or_made())
        except PipelineError as error:
            self._run.failures[self._step.name] = error
            self._run.failed_for[self._step.name] = self._step.name
            seconds = time.perf_counter() - self._started
            return StepFinished(self._step.name, "failed", seconds, error=str(error))

    def again(self) -> StepFinished:
        """Make the step in this process, whether it is known or not."""
        making = self._made(self.key(), known=False)
        while True:
            try:
                next(making)
            except StopIteration as end:
                return self._done(end.value)

    def key(self) -> str:
        """Name the step's outputs on the store; empty if they are not to be looked up, or can not."""
        inputs = self._input_digests()
        if not (self._run.caching and self._step.cache and all(inputs.values())):
            return ""
        recipe = self._run.recipe(self._step)
        return recipe.key(inputs) if recipe is not None else ""

    def from_cache(self, entry: Entry) -> StepFinished:
        """Take the outputs of an earlier run."""
        self._note(entry)
        return self._finished("cached", time.perf_counter() - self._started, entry.metrics)

    # -- whether it runs at all ------------------------------------------------------------------

    def _missing_input(self) -> str:
        """Say which step failed that this one needs, or was skipped while its output has no default here."""
        for argument, output in (*self._needs.items(), *self._run.graph.conditions[self._step.name].items()):
            if output in self._run.outputs:
                continue
            owner = self._run.graph.owners[output]
            if owner in self._run.failed_for:
                self._run.failed_for[self._step.name] = self._run.failed_for[owner]
                return f"{self._run.failed_for[owner]} failed"
            if self._default(argument) is REQUIRED:
                return f"{owner} was skipped"
        return ""

    def _condition_holds(self) -> bool:
        if self._step.when is None:
            return True
        arguments = {name: isolated(self._condition_argument(name)) for name in self._step.condition}
        try:
            return bool(self._step.when(**arguments))
        except Exception as error:
            raise failure(self._step, arguments, error, part="condition") from error

    def _condition_argument(self, argument: str) -> Any:
        output = self._run.graph.conditions[self._step.name].get(argument)
        if output is not None and output in self._run.outputs:
            return self._run.value_of(output)
        return self._run.params.get(argument, self._step.condition[argument])

    def _default(self, argument: str) -> Any:
        return self._step.arguments.get(argument, self._step.condition.get(argument, REQUIRED))

    # -- whether it is known ---------------------------------------------------------------------

    def _found_or_made(self) -> Generator[Collection[Future[Any]], None, StepFinished]:
        key = self.key()
        if not key:
            return self._done((yield from self._made("")))
        entry = self._found(key)
        lease = None
        while entry is None and (lease := self._run.leases.take(key)) is None:
            bad = self._run.cache.written(key)  # an entry that is of no use is not what its maker will write
            for _ in self._run.leases.wait(key, partial(self._is_made, key, bad)):
                yield ()
            entry = self._found(key)
        if entry is not None:
            return self.from_cache(entry)
        made = None
        try:
            made = yield from self._made(key)
        finally:
            if lease is not None:
                self._run.leases.release(lease, at_once=made is None or made.entry is None)
        return self._done(made)

    def _is_made(self, key: str, bad: bytes) -> bool:
        return self._run.cache.written(key) not in (b"", bad)

    def _found(self, key: str) -> Entry | None:
        """Look the step up; the entry may be that of a step of another name with the same function and inputs."""
        entry = self._run.cache.find(key, self._step.name)
        if entry is None or self._step.outputs:  # their names are part of the key
            return entry
        return attrs.evolve(entry, step=self._step.name, outputs={self._step.name: next(iter(entry.outputs.values()))})

    # -- making it -------------------------------------------------------------------------------

    def _made(self, key: str, *, known: bool = True) -> Generator[Collection[Future[Any]], None, Made]:
        self._started = time.perf_counter()
        if self._step.over is not None:
            return (yield from self._made_over_items(known=known))
        arguments = self._arguments()
        made: Made = yield from self._result(Task(self._step, arguments, self.key() if key else ""))
        return made

    def _result(self, call: Call) -> _Waiting:
        """Have a call made by the workers, or here if they can not."""
        try:
            return (yield from self._made_by_workers(call))
        except (SerializationError, InputLostError, StrangeCodeError) as error:
            self._run.warn(self._step.name, f"runs in this process: {error}")
            return call.with_values(self._value_here).make(self._run.cache)
        except ProcessLostError as error:
            raise failure(self._step, call.arguments, error) from error
        except PipelineError:
            raise
        except Exception as error:  # the executor's own
            raise failure(self._step, call.arguments, error) from error

    def _made_by_workers(self, call: Call) -> _Waiting:
        """Wait for a call; one that met old code, or lost its process to another call, is made once more."""
        code = self._code()
        try:
            return (yield from _awaited(self._workers.submit(call, code)))
        except (StrangeCodeError, UnpackError):
            if not self._workers.renew():
                raise
            return (yield from _awaited(self._workers.submit(call, code)))
        except ProcessLostError as error:
            if error.was_alone:
                raise
            return (yield from _awaited(self._workers.submit_apart(call, code)))

    def _value_here(self, value: Any) -> Any:
        if not isinstance(value, Kept):
            return value
        owner = next((output for output in self._needs.values() if self._run.outputs.kept(output) is value), None)
        return self._run.value_of(owner) if owner is not None else self._run.cache.load(value)

    def _code(self) -> Any:
        recipe = None if self._workers.shares_memory else self._run.recipe(self._step)
        return recipe.code if recipe is not None else None

    def _arguments(self) -> dict[str, Any]:
        """Fill the arguments; what lies on the store is not loaded for a worker that reads it itself."""
        filled = {name: self._argument(name, output) for name, output in self._needs.items()}
        return self._run.parameters(self._step) | filled

    def _argument(self, argument: str, output: str) -> Any:
        outputs = self._run.outputs
        if output not in outputs:
            return self._default(argument)
        by_reference = None if self._workers.shares_memory else outputs.kept(output)
        return by_reference or self._run.value_of(output)

    # -- one call for each of many items ---------------------------------------------------------

    def _made_over_items(self, *, known: bool) -> Generator[Collection[Future[Any]], None, Made]:
        arguments = self._arguments()
        loaded = {name: self._value_here(value) for name, value in arguments.items()}
        items, key = self._items(loaded)
        found = self._run.cache.find_items(key) if key and known else {}
        found = {item: found[item] for item in items.distinct if item in found}
        missing = [item for item_key, item in items.distinct.items() if item_key not in found]
        shared = {name: arguments[name] for name in items.shared}
        made = yield from self._results(missing, shared, key, done=len(found))
        self._raise_failures(items, made)
        try:
            return self._gathered(items, made, found)
        except InputLostError as error:
            if not found:
                raise failure(self._step, arguments, error) from error
            self._run.warn(self._step.name, f"runs again over all items: {error}")
        return (yield from self._made_over_items(known=False))

    def _items(self, arguments: Mapping[str, Any]) -> tuple[Items, str]:
        key, recipe = self.key(), self._run.recipe(self._step) if self._run.caching else None
        if key and recipe is not None:
            try:
                items = items_of(self._step, arguments, digest_of)
                return items, items_key(self._step, recipe, self._input_digests(), items)
            except FingerprintError as error:
                self._run.warn(self._step.name, f"runs every time: {error}")
        return items_of(self._step, arguments), ""

    def _results(self, items: list[Item], shared: Mapping[str, Any], key: str, *, done: int) -> _Waiting:
        total = done + len(items)

        def tell(more: int) -> None:
            self._run.tell(StepProgressed(self._step.name, done + more, total))

        size = (
            len(items) if isinstance(self._workers, Here) else -(-len(items) // (CHUNKS_A_WORKER * self._workers.width))
        )
        chunks = [items[start : start + size] for start in range(0, len(items), size or 1)]
        told = tell if isinstance(self._workers, Here) else None  # observers hear of all in this thread
        calls = [self._result(ItemsTask(self._step, shared, chunk, key, told)) for chunk in chunks]
        made = ItemsMade()
        waits: dict[int, Collection[Future[Any]]] = dict.fromkeys(range(len(calls)), ())
        while waits:
            for number in list(waits):
                if all(future.done() for future in waits[number]):
                    try:
                        waits[number] = next(calls[number])
                    except StopIteration as end:
                        del waits[number]
                        made.add(end.value)
                        tell(len(made.values) + len(made.failures))
            if waits:
                yield [future for some in waits.values() for future in some]
        return made

    def _raise_failures(self, items: Items, made: ItemsMade) -> None:
        if not made.failures:
            return
        places = [place for place, item in enumerate(items.places) if item.key in made.failures]
        first = made.failures[items.places[places[0]].key]
        first.add_note(f"That was item {places[0]}; {len(places)} of {len(items.places)} failed, the others are kept.")
        raise first

    def _gathered(self, items: Items, made: ItemsMade, found: Mapping[str, Kept]) -> Made:
        places = {**found, **made.kept}
        group = None if self._step.outputs else group_of(items, places)
        values: dict[str, Any] = {}
        if group is None or places.keys() <= made.values.keys():  # else whoever needs the output reads it
            loaded = {key: self._loaded(place) for key, place in places.items() if key not in made.values}
            values = gathered(self._step, items, {**loaded, **made.values})
        seconds = time.perf_counter() - self._started
        whole = Made(values, seconds, metrics_in(values.get(self._step.name)), problem=made.problem)
        if not self.key() or made.problem:
            return whole
        known = {self._step.name: group} if group is not None else {}
        return kept(whole, self.key(), self._step, self._run.cache, known)

    def _loaded(self, place: Kept) -> Any:
        try:
            return self._run.cache.load(place)
        except Exception as error:
            raise InputLostError(f"a kept item can not be loaded: {error}") from error

    # -- what became of it -----------------------------------------------------------------------

    def _done(self, made: Made) -> StepFinished:
        if made.problem is not None:
            self._run.warn_unkept(self._step.name, made.problem)
        if made.entry is not None:
            self._note(made.entry, made.values)
        else:
            for name, value in made.values.items():
                self._run.outputs.add_value(name, value, self._run.content_digest(name, value))
        return self._finished("done", made.seconds, made.metrics)

    def _note(self, entry: Entry, values: Mapping[str, Any] | None = None) -> None:
        self._run.entries[self._step.name] = entry
        self._run.outputs.add_kept(entry.outputs, values)
        if not all(self._run.outputs.digest(name) for name in entry.outputs):
            problem = "makes the steps that need it run every time: a class in its output has no content digest"
            self._run.warn(self._step.name, problem)

    def _finished(self, status: Any, seconds: float, metrics: Mapping[str, float]) -> StepFinished:
        digests = [self._run.outputs.digest(name) for name in self._step.results]
        digest = digests[0] if len(digests) == 1 else hashlib.sha256(encode(digests)).hexdigest()
        if not self._run.caching:
            return StepFinished(self._step.name, status, seconds, "", metrics)
        recipe: Recipe | None = self._run.recipe(self._step)
        code, parameters = (recipe.code.digest, recipe.parameters) if recipe is not None else ("", {})
        inputs = {**parameters, **self._input_digests()}
        return StepFinished(self._step.name, status, seconds, digest, metrics, code=code, inputs=inputs)

    def _input_digests(self) -> dict[str, str]:
        return {
            argument: self._input_digest(argument, output)
            for argument, output in self._needs.items()
            if argument not in self._step.ignore
        }

    def _input_digest(self, argument: str, output: str) -> str:
        if output in self._run.outputs:
            return self._run.outputs.digest(output)
        return self._run.content_digest(self._step.name, self._default(argument))


def _awaited(future: Future[Any]) -> _Waiting:
    while not future.done():
        yield (future,)
    if (error := future.exception()) is not None:
        raise error
    return future.result()
