"""Whole runs found by one read: which steps they can cover, and by what key."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from mlopskit.pipeline.graph import Graph
from mlopskit.pipeline.step import Step
from mlopskit.storage.canonical_json import encode


def without_memory(graph: Graph, steps: Iterable[Step]) -> list[Step]:
    """Return the steps that run every time and need only such steps: they have to run before anything is looked up.

    Examples
    --------
    >>> def now(): ...
    >>> def flights(now): ...
    >>> graph = Graph.of([Step(now, cache=False), Step(flights)])
    >>> [step.name for step in without_memory(graph, graph.steps.values())]
    ['now']
    """
    found: dict[str, Step] = {}
    for step in steps:
        if not step.cache and graph.sources[step.name] <= found.keys():
            found[step.name] = step
    return list(found.values())


def can_be_planned(steps: Sequence[Step]) -> bool:
    """Whether what becomes of the steps follows from their recipes and what went in."""
    return bool(steps) and all(step.cache and step.when is None for step in steps)


def plan_key(graph: Graph, steps: Sequence[Step], recipes: Mapping[str, str], given: Mapping[str, str]) -> str:
    """Name a run of some steps by all that decides it.

    Parameters
    ----------
    graph : Graph
        How the steps are wired.
    steps : sequence of Step
        Those of the run.
    recipes : mapping of str to str
        The digest of each step's recipe.
    given : mapping of str to str
        The digest of each output that they take from elsewhere.
    """
    names = {step.name for step in steps}
    needed = {output for name in names for output in graph.needs[name].values()}
    taken = {output for output in needed if output in given or graph.owners[output] not in names}
    rows = [[step.name, recipes[step.name], dict(graph.needs[step.name])] for step in steps]
    outside = {output: given[output] for output in taken}
    return hashlib.sha256(encode([rows, outside])).hexdigest()
