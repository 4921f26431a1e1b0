"""`Pipeline`: functions, wired by the names of their arguments."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mlopskit.errors import PipelineError
from mlopskit.pipeline.cache import Cache
from mlopskit.pipeline.execution import Execution
from mlopskit.pipeline.graph import Graph
from mlopskit.pipeline.progress import Progress
from mlopskit.pipeline.result import Result
from mlopskit.pipeline.step import Step
from mlopskit.records.event import Observer, ObserverFactory
from mlopskit.storage.store import StoreLike

RESERVED = ("targets", "given", "progress")
"""What `Pipeline.run` takes itself, so that no step can have a parameter of that name."""


class Pipeline:
    """Functions, each run once its arguments are there, and not again while nothing has changed.

    An argument takes the output of the step of its name, else the run parameter of its name, else
    its default. What a step gave is kept on the store under a key made of the step's code and of
    all that went into it, so a second run, also in another process or on another machine, takes it
    from there. Code is compared by what it computes: a changed comment runs nothing again, a
    changed constant runs that step, and the steps after it only if its output has changed.

    What the cache can not see: the content of a file that a parameter names as a str (give a
    `pathlib.Path`: then size and time of modification count), databases, clocks, and anything
    else a function reads by itself. Such steps need ``Step(..., cache=False)``.

    Steps can not disturb each other: each gets frames, arrays, containers and models of its own,
    as `mlopskit.pipeline.isolation.isolated` says.

    Parameters
    ----------
    steps : iterable of callable or Step
        In any order; the names of their arguments decide which comes first.
    store : Store, str or path, optional
        Where outputs are kept, below ``cache`` and ``blobs``.
    tracker : object, optional
        Its ``observe()`` gives an observer for each run, such as a `Tracker`.
    name : str, default "pipeline"
        What trackers and tables call it.

    Raises
    ------
    PipelineError
        If two steps have one name, or steps need each other.

    Examples
    --------
    >>> def squares(n): return [i * i for i in range(n)]
    >>> def total(squares, scale=1): return scale * sum(squares)
    >>> pipeline = Pipeline([squares, total], store="memory://docs-pipeline")
    >>> pipeline.run(n=4)["total"], pipeline.run(n=4).cached
    (14, True)
    >>> pipeline.run(n=4, scale=10)["total"]
    140
    >>> pipeline.run(m=4)
    Traceback (most recent call last):
    mlopskit.errors.PipelineError: No step takes a parameter 'm'; there are n, scale.
    """

    def __init__(
        self,
        steps: Iterable[Callable[..., Any] | Step],
        *,
        store: StoreLike = None,
        tracker: ObserverFactory | None = None,
        name: str = "pipeline",
    ) -> None:
        self.name = name
        self.graph = Graph.of(step if isinstance(step, Step) else Step(step) for step in steps)
        self._cache = Cache(store)
        self._tracker = tracker
        for parameter, takers in self.graph.parameters.items():
            if parameter in RESERVED:
                raise PipelineError(
                    f"Step {takers[0]!r} has an argument {parameter!r}, which Pipeline.run takes itself; rename it."
                )

    def run(
        self,
        targets: str | Iterable[str] | None = None,
        *,
        given: Mapping[str, Any] | None = None,
        progress: bool | None = None,
        **params: Any,
    ) -> Result:
        """Run what the targets need, as far as it is not in the cache.

        Parameters
        ----------
        targets : str or iterable of str, optional
            Names of steps; default: all.
        given : mapping of str to object, optional
            Values to use in place of running those steps: ``given={"model": champion}`` scores
            the champion with the same code, on the same rows, as the model that was trained.
        progress : bool, optional
            Whether to write a line for each step to stderr; default: if that is a terminal.
        **params
            The run parameters.

        Returns
        -------
        Result
            The outputs by name.

        Raises
        ------
        PipelineError
            If a name is unknown or a parameter is missing, before anything runs. If a step fails,
            after the steps that do not depend on it are done: it names the step, the line, and
            types and shapes of its inputs. The original error is its cause.
        """
        given = dict(given or {})
        wanted = [targets] if isinstance(targets, str) else list(self.graph.steps if targets is None else targets)
        plan = self.graph.plan(wanted, given)
        self.graph.check_parameters(params, plan)
        tracking = self._tracker.observe() if self._tracker is not None else None
        execution = Execution(self.graph, self._cache, params, given, _observers(tracking, progress))
        execution.run(self.name, plan)
        return Result(
            self.name,
            execution.finished,
            given,
            execution.value_of,
            seconds_saved=execution.seconds_saved,
            run=getattr(tracking, "run", None),
        )

    def _repr_html_(self) -> str:
        from mlopskit.markup import fragment, graph

        needs = {name: list(dict.fromkeys(sources.values())) for name, sources in self.graph.needs.items()}
        return fragment(graph(needs, title=self.name))

    def __repr__(self) -> str:
        return f"Pipeline({self.name!r}: {', '.join(self.graph.steps) or 'no steps'})"


def _observers(tracking: Observer | None, progress: bool | None) -> list[Observer]:
    shown = sys.stderr.isatty() if progress is None else progress
    return [observer for observer in (tracking, Progress() if shown else None) if observer is not None]
