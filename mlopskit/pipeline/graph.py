"""`Graph`: which step needs which, checked when the pipeline is built and again when it runs."""

from __future__ import annotations

import difflib
import graphlib
import heapq
from collections.abc import Collection, Iterable, Mapping

import attrs

from mlopskit.errors import PipelineError
from mlopskit.pipeline.step import REQUIRED, Step


@attrs.frozen
class Graph:
    """Steps in an order in which each comes after what it needs.

    Attributes
    ----------
    steps : mapping of str to Step
        By name; in the order the user gave them, wherever that order is possible.
    needs : mapping of str to mapping of str to str
        Of each step: which argument takes the output of which other step.
    """

    steps: Mapping[str, Step]
    needs: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, steps: Iterable[Step]) -> Graph:
        """Wire steps by the names of their arguments.

        Raises
        ------
        PipelineError
            If two steps have one name, steps need each other, or `inputs` names no step.
        """
        named = _by_name(steps)
        needs = {name: _needs(step, named) for name, step in named.items()}
        return cls({name: named[name] for name in _in_order(needs)}, needs)

    @property
    def parameters(self) -> dict[str, list[str]]:
        """The run parameters, each with the steps that take it."""
        takers: dict[str, list[str]] = {}
        for name, step in self.steps.items():
            for argument in step.arguments:
                if argument not in self.needs[name]:
                    takers.setdefault(argument, []).append(name)
        return takers

    def plan(self, targets: Iterable[str], given: Collection[str]) -> list[Step]:
        """List the steps to run, in order: the targets and what they need, except what is given.

        Raises
        ------
        PipelineError
            If a target or a given name is no step.
        """
        for name in (*targets, *given):
            if name not in self.steps:
                raise PipelineError(f"There is no step {name!r}{_among(name, self.steps)}.")
        waiting, needed = list(targets), set(given)
        while waiting:
            if (name := waiting.pop()) not in needed:
                needed.add(name)
                waiting.extend(self.needs[name].values())
        return [step for name, step in self.steps.items() if name in needed and name not in given]

    def check_parameters(self, given: Collection[str], plan: Iterable[Step]) -> None:
        """Refuse parameters that no step takes, and steps that miss one.

        Raises
        ------
        PipelineError
            Naming the step and the argument.
        """
        known = self.parameters
        for name in given:
            if name in self.steps:
                raise PipelineError(
                    f"{name!r} is a step, no parameter; to replace its output: given={{{name!r}: ...}}."
                )
            if name not in known:
                raise PipelineError(f"No step takes a parameter {name!r}{_among(name, known)}.")
        for step in plan:
            for argument, default in step.arguments.items():
                if default is REQUIRED and argument not in self.needs[step.name] and argument not in given:
                    raise PipelineError(
                        f"Step {step.name!r} needs {argument!r}, which is no step: pass run({argument}=...)"
                        f"{_did_you_mean(argument, self.steps)}."
                    )


def _by_name(steps: Iterable[Step]) -> dict[str, Step]:
    named: dict[str, Step] = {}
    for step in steps:
        if step.name in named:
            raise PipelineError(
                f"Two steps are named {step.name!r}, {_origin(named[step.name])} and {_origin(step)}: "
                "give one another name with Step(..., name=...)."
            )
        named[step.name] = step
    return named


def _origin(step: Step) -> str:
    return getattr(step.function, "__qualname__", type(step.function).__qualname__)


def _needs(step: Step, named: Mapping[str, Step]) -> dict[str, str]:
    for argument, source in step.inputs.items():
        if source not in named:
            raise PipelineError(
                f"Step {step.name!r} takes {argument!r} from {source!r}, which is no step{_among(source, named)}."
            )
    sources = {argument: step.inputs.get(argument, argument) for argument in step.arguments}
    return {argument: source for argument, source in sources.items() if source in named}


def _in_order(needs: Mapping[str, Mapping[str, str]]) -> list[str]:
    names = list(needs)
    position = {name: index for index, name in enumerate(names)}
    sorter = graphlib.TopologicalSorter({name: set(needs[name].values()) for name in names})
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        raise PipelineError(
            f"Steps need each other, so none can be first: {' -> '.join(error.args[1])}. "
            "Rename an argument, or say with Step(..., inputs=...) which step it means."
        ) from None
    order, ready = [], list[int]()
    while sorter.is_active():
        for name in sorter.get_ready():
            heapq.heappush(ready, position[name])
        first = names[heapq.heappop(ready)]
        order.append(first)
        sorter.done(first)
    return order


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _among(name: str, known: Collection[str]) -> str:
    return _did_you_mean(name, known) or f"; there are {', '.join(known) or 'none'}"
