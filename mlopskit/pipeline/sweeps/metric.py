"""`SweptMetric`: which number of a pipeline's outputs a sweep compares."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from mlopskit.errors import PipelineError
from mlopskit.pipeline.graph import Graph, among
from mlopskit.records.event import StepFinished


class SweptMetric:
    """Which number is compared: a key of what the searched steps give, and from the first time it is seen, whose.

    Only steps that a searched parameter reaches count, as what the others give is the same for all trials.
    """

    def __init__(self, name: str, graph: Graph, searched: Iterable[str]) -> None:
        step, dot, key = name.partition(".")
        self.name = name
        self.key, self._step = (key, step) if dot and step in graph.steps else (name, "")
        self._graph = graph
        self._searched = tuple(searched)
        self._reached = _reached(graph, self._searched)
        self._seen = False
        if self._step:
            self._check_reach()

    @property
    def targets(self) -> list[str]:
        """What a trial has to run: once it is known, the step that gives the metric alone, and what that needs."""
        return [self._step] if self._step else list(self._reached)

    @property
    def shared(self) -> list[str]:
        """The steps that give all trials the same."""
        return [step.name for step in self._graph.plan(self.targets, ()) if step.name not in self._reached]

    def score(self, steps: Sequence[StepFinished], *, complete: bool) -> float | None:
        """Return the score of a trial; None if it has none.

        Parameters
        ----------
        steps : sequence of StepFinished
            What became of its steps.
        complete : bool
            Whether that is all of them, and each gave something.

        Raises
        ------
        PipelineError
            If no step gives the metric, or several do.
        """
        known = {event.step: event.metrics for event in steps if event.step in self._reached}
        if self._step:
            known = {self._step: known.get(self._step, {})}
        found = [step for step, metrics in known.items() if self.key in metrics]
        if len(found) > 1:
            raise PipelineError(
                f"Steps {' and '.join(map(repr, found))} both give {self.key!r}; "
                f"say which one is meant: metric={f'{found[0]}.{self.key}'!r}."
            )
        if found:
            self._step, self._seen = found[0], True
            self._check_reach()
            return float(known[found[0]][self.key])
        if complete and not self._seen:
            names = [f"{step}.{key}" for step, metrics in known.items() for key in metrics]
            raise PipelineError(
                f"No step that is searched gives a metric {self.name!r}{among(self.name, names)}. "
                "A metric is a key of a step's output that is a dict of numbers."
            )
        return None

    def _check_reach(self) -> None:
        for name in self._searched:
            if self._step not in _reached(self._graph, [name]):
                raise PipelineError(
                    f"{name!r} is searched, and step {self._step!r}, which gives {self.key!r}, does not depend on it; "
                    "take it out of the space."
                )


def _reached(graph: Graph, parameters: Collection[str]) -> dict[str, None]:
    """Return, in order, the steps whose output depends on one of some run parameters."""
    reached: dict[str, None] = {}
    for name in graph.steps:
        if set(parameters) & graph.parameters_of(name).keys() or reached.keys() & graph.sources[name]:
            reached[name] = None
    return reached
