"""`Task`: one call of a step's function, wherever it is made."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from numbers import Real
from typing import Any

import attrs

from mlopskit.errors import PipelineError, SerializationError, StoreError
from mlopskit.pipeline.caching.cache import Cache, Entry, Kept
from mlopskit.pipeline.isolation import isolated
from mlopskit.pipeline.running.failure import failure
from mlopskit.pipeline.running.killable import KillableProcess
from mlopskit.pipeline.step import Step


@attrs.frozen
class Task:
    """A call that is to be made.

    Attributes
    ----------
    step : Step
        Whose function it is.
    arguments : mapping of str to object
        What it is called with.
    key : str
        What its outputs are to be found by; empty if they are not to be kept.
    """

    step: Step
    arguments: Mapping[str, Any]
    key: str = ""

    def make(self, cache: Cache) -> Made:
        """Call the function, check what it gives, and keep it.

        Raises
        ------
        PipelineError
            If the function raises, or its output is not what was declared; the original error is its cause.
        """
        started = time.perf_counter()
        try:
            with KillableProcess() as process:
                value = called(self.step, self.arguments, process)
            values = outputs_in(self.step, value)
        except Exception as error:
            raise failure(self.step, self.arguments, error) from error
        made = Made(values, time.perf_counter() - started, metrics_in(value))
        return kept(made, self.key, self.step, cache) if self.key else made

    def make_away(self, cache: Cache) -> Made:
        """Make it in another process: the values stay on the store if they are there."""
        made = self.make(cache)
        return attrs.evolve(made, values={}) if made.entry else made

    def with_values(self, exchange: Callable[[Any], Any]) -> Task:
        """Return the call with other values for the same arguments."""
        return attrs.evolve(self, arguments={name: exchange(value) for name, value in self.arguments.items()})

    def to_send(self, exchange: Callable[[Any], Any]) -> Task:
        """Return the same without what only this process needs."""
        return attrs.evolve(self.with_values(exchange), step=self.step.to_send())


@attrs.frozen
class Made:
    """What came of a call.

    Attributes
    ----------
    values : mapping of str to object
        The outputs by name.
    seconds : float
        How long it took.
    metrics : mapping of str to float
        The output itself, if it is a dict of numbers.
    entry : Entry or None
        Where the outputs are kept, if they are.
    problem : SerializationError, StoreError or None
        Why they are not, if they were to be.
    """

    values: Mapping[str, Any]
    seconds: float
    metrics: Mapping[str, float]
    entry: Entry | None = None
    problem: SerializationError | StoreError | None = None


def kept(made: Made, key: str, step: Step, cache: Cache, known: Mapping[str, Kept] | None = None) -> Made:
    """Keep the outputs of a step, if they can be; those that are `known` to lie on the store are not kept again."""
    values = {name: value for name, value in made.values.items() if name not in (known or {})}
    try:
        entry = cache.keep(Entry(key, step.name, known or {}, made.seconds, made.metrics), values)
    except (SerializationError, StoreError) as error:
        return attrs.evolve(made, problem=error)
    return attrs.evolve(made, entry=entry)


def called(step: Step, arguments: Mapping[str, Any], process: KillableProcess) -> Any:
    """Call a step's function with arguments of its own, again if it may be tried again, and check the output.

    If the call may take only so long, it is made in the other process.
    """
    wait = step.backoff
    for _ in range(step.retries):
        try:
            return _checked(step, arguments, process)
        except Exception:  # noqa: BLE001 - whatever a step raises, another try was asked for
            time.sleep(wait)
            wait *= 2
    return _checked(step, arguments, process)


def _checked(step: Step, arguments: Mapping[str, Any], process: KillableProcess) -> Any:
    own = {name: isolated(value) for name, value in arguments.items()}
    limit = step.timeout
    value = step.function(**own) if limit is None else process.call(step.function, own, seconds=limit)
    if isinstance(value, Iterator):
        raise PipelineError(
            f"it gave a {type(value).__name__}, which can be read only once, and so neither be kept nor be shared; "
            "return a list"
        )
    if step.validate is not None:
        step.validate.validate(value).raise_if_failed()
    return value


def outputs_in(step: Step, value: Any) -> dict[str, Any]:
    """Take apart what a step's function gave.

    Raises
    ------
    PipelineError
        If it is not as many outputs as the step has.
    """
    if not step.outputs:
        return {step.name: value}
    names = ", ".join(step.outputs)
    if isinstance(value, Mapping):
        if set(value) != set(step.outputs):
            raise PipelineError(f"it gave the keys {', '.join(map(str, value))}, and its outputs are {names}.")
        return {name: value[name] for name in step.outputs}
    if not isinstance(value, tuple | list) or len(value) != len(step.outputs):
        found = f"{type(value).__name__}{f' of {len(value)}' if isinstance(value, tuple | list) else ''}"
        raise PipelineError(f"it gave a {found}, and its outputs are {names}.")
    return dict(zip(step.outputs, value, strict=True))


def metrics_in(value: Any) -> dict[str, float]:
    """Give the output if it is a dict of numbers."""
    if type(value) is not dict or not value:
        return {}
    if not all(
        isinstance(name, str) and isinstance(number, Real) and not isinstance(number, bool)
        for name, number in value.items()
    ):
        return {}
    try:
        return {name: float(number) for name, number in value.items()}
    except OverflowError:
        return {}
