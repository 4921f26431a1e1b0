"""`Execution`: one run of a pipeline, step after step, telling observers what happens."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

import attrs

from mlopskit.errors import FingerprintError, PipelineError, SerializationError, StoreError
from mlopskit.pipeline.cache import Cache, Entry, code_digest, digest_of, key_of
from mlopskit.pipeline.failure import failure, in_words
from mlopskit.pipeline.graph import Graph
from mlopskit.pipeline.isolation import isolated
from mlopskit.pipeline.step import Step
from mlopskit.records.event import Event, Observer, PipelineFinished, PipelineStarted, StepFinished, StepStarted

_NOT_LOADED = object()


@attrs.define
class _Output:
    """What a step gave: in memory, or named by a cache entry until somebody needs it."""

    digest: str  # empty: it has none, so what is made of it can not be looked up
    value: Any = _NOT_LOADED
    entry: Entry | None = None


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
        Values that stand in for steps.
    observers : iterable of Observer
        Called with every event, in order.
    """

    def __init__(
        self,
        graph: Graph,
        cache: Cache,
        params: Mapping[str, Any],
        given: Mapping[str, Any],
        observers: Iterable[Observer],
    ) -> None:
        self.finished: dict[str, StepFinished] = {}
        self.seconds_saved = 0.0
        self._graph = graph
        self._cache = cache
        self._params = params
        self._observers = list(observers)
        self._failures: dict[str, PipelineError] = {}
        self._code_digests: dict[str, str] = {}
        self._warned: set[str] = set()
        self._outputs = {name: _Output(self._content_digest(name, value), value) for name, value in given.items()}

    def run(self, name: str, plan: Iterable[Step]) -> None:
        """Run the steps in order; after a failure, those that do not depend on it.

        Raises
        ------
        PipelineError
            For the first step that failed, after all others are done.
        """
        plan = list(plan)
        try:
            self._tell(PipelineStarted(name, dict(self._params), tuple(step.name for step in plan)))
            for step in plan:
                self.finished[step.name] = self._finish(step)
                self._tell(self.finished[step.name])
        except BaseException as error:
            self._tell(PipelineFinished(in_words(error)))
            raise
        self._tell(PipelineFinished(str(next(iter(self._failures.values()), ""))))
        self._raise_first_failure()

    def value_of(self, name: str) -> Any:
        """Return a step's output; one that is kept but can not be loaded is made again."""
        output = self._outputs[name]
        if output.value is _NOT_LOADED and output.entry is not None:
            try:
                output.value = self._cache.load(output.entry)
            except Exception as error:  # noqa: BLE001 - unpickling can raise anything
                self._warn(name, f"runs again, as its kept output can not be loaded: {error}")
                self.finished[name] = self._make(self._graph.steps[name])
        return self._outputs[name].value

    def _tell(self, event: Event) -> None:
        for observer in self._observers:
            observer(event)

    def _finish(self, step: Step) -> StepFinished:
        if any(source not in self._outputs for source in self._graph.needs[step.name].values()):
            return StepFinished(step.name, "skipped", 0.0)
        self._tell(StepStarted(step.name))
        started = time.perf_counter()
        try:
            return self._look_up(step) or self._make(step)
        except PipelineError as error:
            self._failures[step.name] = error
            return StepFinished(step.name, "failed", time.perf_counter() - started, error=str(error))

    def _look_up(self, step: Step) -> StepFinished | None:
        started = time.perf_counter()
        key = self._key(step)
        entry = self._cache.find(key, step.name) if key else None
        if entry is None:
            return None
        self.seconds_saved += entry.seconds
        self._outputs[step.name] = _Output(entry.digest, entry=entry)
        return StepFinished(step.name, "cached", time.perf_counter() - started, entry.digest, entry.metrics)

    def _make(self, step: Step) -> StepFinished:
        needs = self._graph.needs[step.name]
        arguments = self._parameters(step) | {argument: self.value_of(source) for argument, source in needs.items()}
        started = time.perf_counter()
        try:
            value = _call(step, arguments)
            if step.validate is not None:
                step.validate.validate(value).raise_if_failed()
        except Exception as error:
            raise failure(step, arguments, error) from error
        seconds = time.perf_counter() - started
        self._outputs[step.name] = output = self._kept(step, value, seconds)
        return StepFinished(step.name, "done", seconds, output.digest, _metrics(value))

    def _kept(self, step: Step, value: Any, seconds: float) -> _Output:
        key = self._key(step)  # not that of the look-up: an input made again may have another digest
        if key:
            try:
                entry = self._cache.keep(key, step.name, value, seconds, _metrics(value))
                return _Output(entry.digest, value, entry)
            except (SerializationError, StoreError) as error:
                self._warn(step.name, f"is not cached: {error}")
        return _Output(self._content_digest(step.name, value), value)

    def _key(self, step: Step) -> str | None:
        """Name the step's output on the store; None if it is not to be looked up, or can not."""
        inputs = {argument: self._outputs[source].digest for argument, source in self._graph.needs[step.name].items()}
        if not (step.cache and all(inputs.values()) and (code := self._code_digest(step))):
            return None
        return key_of(code, inputs)

    def _code_digest(self, step: Step) -> str:
        """Digest what stays the same during a run: code and parameters; empty if that is impossible."""
        if step.name not in self._code_digests:
            try:
                parameters = {argument: digest_of(value) for argument, value in self._parameters(step).items()}
                self._code_digests[step.name] = key_of(code_digest(step), parameters)
            except FingerprintError as error:
                self._warn(step.name, f"runs every time: {error}")
                self._code_digests[step.name] = ""
        return self._code_digests[step.name]

    def _content_digest(self, name: str, value: Any) -> str:
        try:
            return digest_of(value)
        except FingerprintError as error:
            self._warn(name, f"makes the steps that need it run every time: {error}")
            return ""

    def _parameters(self, step: Step) -> dict[str, Any]:
        needs = self._graph.needs[step.name]
        return {name: self._params.get(name, default) for name, default in step.arguments.items() if name not in needs}

    def _warn(self, name: str, message: str) -> None:
        if name not in self._warned:
            self._warned.add(name)
            warnings.warn(f"Step {name!r} {message}", RuntimeWarning, stacklevel=2)

    def _raise_first_failure(self) -> None:
        if not self._failures:
            return
        first, *others = self._failures.values()
        skipped = [name for name, event in self.finished.items() if event.status == "skipped"]
        for other in others:
            first.add_note(str(other))
        if skipped:
            first.add_note(f"Not run, as they need what failed: {', '.join(skipped)}.")
        first.add_note("The outputs of the other steps are kept; the next run resumes there.")
        raise first


def _call(step: Step, arguments: Mapping[str, Any]) -> Any:
    for retries_left in reversed(range(step.retries + 1)):
        try:
            return step.function(**{argument: isolated(value) for argument, value in arguments.items()})
        except Exception:
            if not retries_left:
                raise
    raise AssertionError("the last attempt returns or raises")


def _metrics(value: Any) -> dict[str, float]:
    """Return the value itself if it is a dict of numbers, else nothing."""
    if not isinstance(value, dict) or not all(isinstance(key, str) and _is_number(value[key]) for key in value):
        return {}
    try:
        return {key: float(number) for key, number in value.items()}
    except OverflowError:  # an int beyond what a float can be
        return {}


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
