"""`Result`: what a run of a pipeline gave, loaded when asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from mlopskit.pipeline.graph import Graph
from mlopskit.pipeline.running.execution import Execution
from mlopskit.records.event import StepFinished

if TYPE_CHECKING:
    import pandas as pd


class Result:
    """The outputs of one run, by step, and what became of each.

    An output that came from the cache is loaded the first time it is asked for.

    Parameters
    ----------
    name : str
        The pipeline's name.
    graph : Graph
        Its steps.
    execution : Execution
        The run, which has ended.
    given : iterable of str
        The outputs that a value stood in for.
    run : object
        The tracked run, if a tracker watched.

    Examples
    --------
    >>> from mlopskit.pipeline import Pipeline
    >>> def frame(rows): return list(range(rows))
    >>> def total(frame): return sum(frame)
    >>> pipeline = Pipeline([frame, total], store="memory://docs-result")
    >>> pipeline.run(rows=4)["total"]
    6
    >>> pipeline.run(rows=4).steps[["step", "status", "cached"]]
        step  status  cached
    0  frame  cached    True
    1  total  cached    True
    """

    def __init__(self, name: str, graph: Graph, execution: Execution, given: Iterable[str], *, run: Any = None) -> None:
        self.run = run
        self._name = name
        self._graph = graph
        self.execution = execution
        self._finished = execution.finished
        self._given = tuple(given)

    def __getitem__(self, name: str) -> Any:
        """Return an output by its name, or all outputs of a step that has several in a dict.

        Raises
        ------
        KeyError
            If there is none: the step was not part of the run, or was skipped.
        """
        step = self._graph.steps.get(name)
        if step is not None and step.outputs and name in self._finished:
            return {output: self[output] for output in step.outputs}
        if name in self.execution.outputs:
            return self.execution.value_of(name)
        owner = self._graph.owners.get(name, name)
        if owner in self._finished:
            raise KeyError(f"{name!r} was skipped in this run: {self._finished[owner].reason}")
        raise KeyError(f"{name!r} is no step of this run; it has {', '.join(self)}")

    def __contains__(self, name: object) -> bool:
        return name in self._finished or name in self._given or name in self.execution.outputs

    def __iter__(self) -> Iterator[str]:
        return iter([*self._given, *self._finished])

    @property
    def cached(self) -> bool:
        """Whether no step had to run."""
        return all(event.status in ("cached", "skipped") for event in self._finished.values())

    @property
    def lineage(self) -> list[StepFinished]:
        """Of each step: the digest of its code, of each parameter and input, and of its output; for a registry."""
        return list(self._finished.values())

    @property
    def steps(self) -> pd.DataFrame:
        """A row for each step: step, status, seconds, cached, and the digest of its output.

        A step that a value was given for has the status ``"given"`` and comes first.
        """
        import pandas as pd

        given = [(step, "given", 0.0, False, "") for step in self._given]
        ran = [(e.step, e.status, e.seconds, e.status == "cached", e.digest) for e in self._finished.values()]
        return pd.DataFrame([*given, *ran], columns=["step", "status", "seconds", "cached", "digest"])

    def __repr__(self) -> str:
        rows = [(step, "given", "", "") for step in self._given]
        rows += [(e.step, e.status, f"{e.seconds:.2f} s", e.digest[:12]) for e in self._finished.values()]
        width = max((len(row[0]) for row in rows), default=0)
        lines = [f"  {step:<{width}}  {status:<6}  {time:>9}  {digest}".rstrip() for step, status, time, digest in rows]
        return "\n".join([f"{self._name}: {self._summary()}", *lines])

    def _repr_html_(self) -> str:
        from mlopskit.markup import element, fragment, graph, join

        states = dict.fromkeys(self._given, "given") | {e.step: e.status for e in self._finished.values()}
        notes = {e.step: f"{e.seconds:.2f} s" for e in self._finished.values() if e.status in ("done", "failed")}
        shown = {name: sources for name, sources in self._graph.shown().items() if name in states}
        drawn = graph(shown, title=self._name, states=states, notes=notes, parameters=self._graph.parameters)
        return fragment(join([element("p", f"{self._name}: {self._summary()}"), drawn]))

    def _summary(self) -> str:
        seconds = sum(event.seconds for event in self._finished.values())
        hits = [name for name, event in self._finished.items() if event.status == "cached"]
        seconds_saved = sum(self.execution.entries[name].seconds for name in hits)
        saved = f", which saved {seconds_saved:.2f} s" if hits else ""
        return f"{len(self._finished)} steps in {seconds:.2f} s, {len(hits)} from the cache{saved}"
