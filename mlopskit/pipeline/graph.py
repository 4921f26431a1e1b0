"""`Graph`: which step needs which, checked when the pipeline is built and again when it runs."""

from __future__ import annotations

import difflib
import graphlib
import heapq
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property

import attrs

from mlopskit.errors import PipelineError
from mlopskit.pipeline.annotations import misfit
from mlopskit.pipeline.step import REQUIRED, Step


@attrs.frozen(slots=False)
class Graph:
    """Steps in an order in which each comes after what it needs.

    Attributes
    ----------
    steps : mapping of str to Step
        By name; in the order the user gave them, wherever that order is possible.
    owners : mapping of str to str
        Of each output: the step that gives it.
    needs : mapping of str to mapping of str to str
        Of each step: which argument takes which output.
    conditions : mapping of str to mapping of str to str
        The same of the function that says whether the step is to run.
    follow_ups : mapping of str to mapping of str to str
        The same of the function that is called after the run.
    """

    steps: Mapping[str, Step]
    owners: Mapping[str, str]
    needs: Mapping[str, Mapping[str, str]]
    conditions: Mapping[str, Mapping[str, str]]
    follow_ups: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, steps: Iterable[Step]) -> Graph:
        """Wire steps by the names of their arguments.

        Raises
        ------
        PipelineError
            If a name is taken twice, steps need each other, `inputs` names no step, or what one step is annotated to
            return can not be what another is annotated to take.
        """
        named = _by_name(steps)
        owners = _owners(named)
        needs = {name: _needs(step, named, owners) for name, step in named.items()}
        conditions = {name: _wired(step.condition, {}, owners) for name, step in named.items()}
        follow_ups = {name: _wired(step.follow_up, {}, owners) for name, step in named.items()}
        sources = {name: _steps_in((needs[name], conditions[name]), owners) for name in named}
        graph = cls({name: named[name] for name in _in_order(sources)}, owners, needs, conditions, follow_ups)
        _check_annotations(graph)
        return graph

    @cached_property
    def parameters(self) -> dict[str, list[str]]:
        """The run parameters, each with the steps that take it."""
        takers: dict[str, list[str]] = {}
        for name in self.steps:
            for argument in self.parameters_of(name):
                takers.setdefault(argument, []).append(name)
        return takers

    @cached_property
    def sources(self) -> dict[str, set[str]]:
        """The steps that each step needs."""
        return {name: _steps_in((self.needs[name], self.conditions[name]), self.owners) for name in self.steps}

    def parameters_of(self, name: str) -> dict[str, object]:
        """Return the arguments of a step, its condition and its follow-up that no output fills, with their defaults."""
        return self._parameters[name]

    @cached_property
    def _parameters(self) -> dict[str, dict[str, object]]:
        return {name: self._parameters_in(name) for name in self.steps}

    def _parameters_in(self, name: str) -> dict[str, object]:
        step = self.steps[name]
        own = {argument: default for argument, default in step.arguments.items() if argument not in self.needs[name]}
        asked = {each: default for each, default in step.condition.items() if each not in self.conditions[name]}
        asked |= {each: default for each, default in step.follow_up.items() if each not in self.follow_ups[name]}
        return asked | own

    def plan(self, targets: Iterable[str], given: Collection[str]) -> list[Step]:
        """List the steps to run, in order: the targets and what they need, except what is given.

        Raises
        ------
        PipelineError
            If a target or a given name is no step or output.
        """
        waiting, needed = list[str](), set[str]()
        for name in given:
            self._check_given(name)
        for name in targets:
            waiting.append(self.owner(name))
        waiting = [name for name in waiting if not self._is_given(name, given)]
        while waiting:
            if (name := waiting.pop()) not in needed:
                needed.add(name)
                outputs = (*self.needs[name].values(), *self.conditions[name].values())
                waiting.extend(self.owners[output] for output in outputs if output not in given)
        return [step for name, step in self.steps.items() if name in needed]

    def owner(self, name: str) -> str:
        """Return the step that a name stands for: its own, or that of one of its outputs.

        Raises
        ------
        PipelineError
            If there is none.
        """
        if name in self.steps:
            return name
        if name in self.owners:
            return self.owners[name]
        raise PipelineError(f"There is no step {name!r}{among(name, self.steps)}.")

    def outputs_of(self, names: Iterable[str]) -> set[str]:
        """Return the outputs that names of steps and of outputs stand for."""
        return {output for name in names for output in (self.steps[name].results if name in self.steps else (name,))}

    def shown(self) -> dict[str, list[str]]:
        """Return for each step the steps and parameters it needs, for a picture."""
        order = list(self.steps).index
        return {name: [*sorted(self.sources[name], key=order), *self.parameters_of(name)] for name in self.steps}

    def check_parameters(self, given: Collection[str], plan: Iterable[Step]) -> None:
        """Refuse parameters that no step takes, and steps that miss one.

        Raises
        ------
        PipelineError
            Naming the step and the argument.
        """
        known = self.parameters
        for name in given:
            if name in self.owners:
                raise PipelineError(
                    f"{name!r} is a step, no parameter; to replace its output: given={{{name!r}: ...}}."
                )
            if name not in known:
                raise PipelineError(f"No step takes a parameter {name!r}{among(name, known)}.")
        for step in plan:
            for argument, default in self.parameters_of(step.name).items():
                if default is REQUIRED and argument not in given:
                    raise PipelineError(
                        f"Step {step.name!r} needs {argument!r}, which is no step: pass run({argument}=...)"
                        f"{_did_you_mean(argument, self.owners)}."
                    )

    def _check_given(self, name: str) -> None:
        if name in self.steps and self.steps[name].outputs:
            raise PipelineError(
                f"Step {name!r} has several outputs; give each by its name: {', '.join(self.steps[name].outputs)}."
            )
        self.owner(name)

    def _is_given(self, name: str, given: Collection[str]) -> bool:
        return bool(given) and all(output in given for output in self.steps[name].results)


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


def _owners(named: Mapping[str, Step]) -> dict[str, str]:
    owners = {name: name for name, step in named.items() if not step.outputs}
    for name, step in named.items():
        for output in step.outputs:
            if output in owners or output in named:
                raise PipelineError(
                    f"Step {name!r} has an output {output!r}, and so has, or is named, {owners.get(output, output)!r}; "
                    "rename one of them."
                )
            owners[output] = name
    return owners


def _origin(step: Step) -> str:
    return getattr(step.function, "__qualname__", type(step.function).__qualname__)


def _needs(step: Step, named: Mapping[str, Step], owners: Mapping[str, str]) -> dict[str, str]:
    wanted = {argument: step.inputs.get(argument, argument) for argument in step.arguments}
    for argument, source in wanted.items():
        if source in named and source not in owners:
            raise PipelineError(
                f"Step {step.name!r} takes {argument!r} from {source!r}, which has several outputs; take one of "
                f"{', '.join(named[source].outputs)}."
            )
        if argument in step.inputs and source not in owners:
            raise PipelineError(
                f"Step {step.name!r} takes {argument!r} from {source!r}, which is no step{among(source, owners)}."
            )
    needs = _wired(step.arguments, step.inputs, owners)
    if step.over is not None and not step.arguments:
        raise PipelineError(
            f"Step {step.name!r} is to run over {step.over!r}, and its function takes no argument: let it take the "
            "item, or the frame with such a column."
        )
    return needs


def _wired(arguments: Iterable[str], inputs: Mapping[str, str], owners: Mapping[str, str]) -> dict[str, str]:
    sources = {argument: inputs.get(argument, argument) for argument in arguments}
    return {argument: source for argument, source in sources.items() if source in owners}


def _steps_in(wirings: Iterable[Mapping[str, str]], owners: Mapping[str, str]) -> set[str]:
    return {owners[output] for wiring in wirings for output in wiring.values()}


def _check_annotations(graph: Graph) -> None:
    for name, needs in graph.needs.items():
        consumer = graph.steps[name]
        for argument, output in needs.items():
            producer = graph.steps[graph.owners[output]]
            # What is split or gathered on the way is not what the function returns or takes.
            if producer.outputs or producer.over or consumer.over:
                continue
            problem = misfit(producer.function, consumer.function, argument)
            if problem is not None:
                raise PipelineError(f"Step {producer.name!r} does not fit step {name!r}: {problem}.")


def _in_order(sources: Mapping[str, set[str]]) -> list[str]:
    names = list(sources)
    position = {name: index for index, name in enumerate(names)}
    sorter = graphlib.TopologicalSorter(sources)
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


def among(name: str, known: Collection[str]) -> str:
    """Go on from the news that there is no such name: with the one that may have been meant, or all there are."""
    return _did_you_mean(name, known) or f"; there are {', '.join(known) or 'none'}"
