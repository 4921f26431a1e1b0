"""`Pipeline`: functions, wired by the names of their arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

from mlopskit.errors import PipelineError
from mlopskit.pipeline.caching.cache import Cache
from mlopskit.pipeline.explanation import Explanation, explain
from mlopskit.pipeline.graph import Graph
from mlopskit.pipeline.progress import Progress, shows_progress
from mlopskit.pipeline.result import Result
from mlopskit.pipeline.running.execution import Execution
from mlopskit.pipeline.running.resources import Resources
from mlopskit.pipeline.running.workers import workers_for
from mlopskit.pipeline.step import Step
from mlopskit.records.event import Observer, ObserverFactory
from mlopskit.storage.store import StoreLike

if TYPE_CHECKING:
    from mlopskit.pipeline.sweeps import Search, SweepResult

RESERVED = ("targets", "given", "executor", "resources", "progress")
"""What `Pipeline.run` takes itself, so that no step can have a parameter of that name."""


class Pipeline:
    """Functions, each run once its arguments are there, and not again while nothing has changed.

    An argument takes the output of the step of its name, else the run parameter of its name, else
    its default. What a step gave is kept on the store under a key made of the step's code, with all of the
    user's code that it reaches, and of all that went into it, so a second run, also in another process or on another
    machine, takes it from there. Code is compared by what it computes: a changed comment runs nothing again, a
    changed helper runs the steps that reach it, and the steps after them only if their output has changed.
    `explain` says which step would run, and why.

    What the cache can not see: the content of a file that a parameter names as a str (give a
    `pathlib.Path`), environment variables, databases, clocks, and anything else a function reads by
    itself. Such steps need ``Step(..., cache=False)``, or ``depends_on=`` what stands for it.

    Steps can not disturb each other: each gets frames, arrays, containers and models of its own,
    as `mlopskit.pipeline.isolation.isolated` says.

    Parameters
    ----------
    steps : iterable of callable, Step or Pipeline
        In any order; the names of their arguments decide which comes first. The steps of a pipeline count as steps
        of this one.
    store : Store, str or path, optional
        Where outputs are kept, below ``cache`` and ``blobs``.
    tracker : object, optional
        Its ``observe()`` gives an observer for each run, such as a `Tracker`.
    name : str, default "pipeline"
        What trackers and tables call it, and what `explain` finds its last run by.
    cache : bool, default True
        False neither looks outputs up nor keeps them.

    Raises
    ------
    PipelineError
        If two steps have one name, steps need each other, or an annotation says that one can not fit another.

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
        steps: Iterable[Callable[..., Any] | Step | Pipeline],
        *,
        store: StoreLike = None,
        tracker: ObserverFactory | None = None,
        name: str = "pipeline",
        cache: bool = True,
    ) -> None:
        self.name = name
        self.graph = Graph.of(each for step in steps for each in _steps_of(step))
        self._cache = Cache(store)
        self._caching = cache
        self._tracker = tracker
        for parameter, takers in self.graph.parameters.items():
            if parameter in RESERVED:
                raise PipelineError(
                    f"Step {takers[0]!r} has an argument {parameter!r}, which Pipeline.run takes itself; rename it."
                )

    # -- running ---------------------------------------------------------------------------------

    def run(
        self,
        targets: str | Iterable[str] | None = None,
        *,
        given: Mapping[str, Any] | None = None,
        executor: int | Executor | None = None,
        resources: Mapping[str, float] | None = None,
        progress: bool | None = None,
        **params: Any,
    ) -> Result:
        """Run what the targets need, as far as it is not in the cache.

        Parameters
        ----------
        targets : str or iterable of str, optional
            Names of steps or outputs; default: all.
        given : mapping of str to object, optional
            Values to use in place of running those steps: ``given={"model": champion}`` scores
            the champion with the same code, on the same rows, as the model that was trained.
        executor : int or concurrent.futures.Executor, optional
            A number of worker processes, which are kept for the next run; or where to make the calls: a
            ThreadPoolExecutor, or any other, such as Dask's ``client.get_executor()``, whose processes must reach the
            store. Default: here, one after another.
        resources : mapping of str to float, optional
            A budget that the steps share as `Step` says, such as ``{"gpu": 1}``.
        progress : bool, optional
            Whether to show a bar; default: on a terminal or in a notebook.
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
        observer = self._tracker.observe() if self._tracker is not None else None
        result = self._run(targets, given, executor, resources, progress, params, observer)
        self._follow_up(result.execution)
        return result

    def sweep(
        self,
        space: Mapping[str, Any],
        metric: str,
        *,
        search: Search | None = None,
        maximize: bool = True,
        executor: int | Executor | None = None,
        progress: bool | None = None,
        **params: Any,
    ) -> SweepResult:
        """Which parameters give the best score? Runs the pipeline once for each of many.

        The steps that no searched parameter reaches run once. A tracker records the sweep as a run and each trial as
        a child of it. The trials are the same whatever the executor, so a sweep that was killed and is run again takes
        from the cache what it had done.

        Parameters
        ----------
        space : mapping of str to sequence or distribution
            What each searched parameter may be.
        metric : str
            What to compare: a key of a step's output that is a dict of numbers, such as ``"roc_auc"``; with the step's
            name, ``"scores.roc_auc"``, if several steps have it, or to run no other step from the first trial on.
        search : Search, optional
            How to go through the space, see `mlopskit.pipeline.sweeps`; default: all combinations.
        maximize : bool, default True
            Whether more is better.
        executor : int or concurrent.futures.Executor, optional
            As of `run`; all trials share it, and as many run side by side as it makes calls at once.
        progress : bool, optional
            Whether to show a bar of the trials; default: on a terminal or in a notebook.
        **params
            The run parameters that all trials share.

        Returns
        -------
        SweepResult
            ``trials``, a DataFrame; ``best_params``, ``best_score``, and ``best``, the result of the best trial.

        Raises
        ------
        PipelineError
            If a name is unknown or a parameter is missing, before anything runs; if no step gives the metric, or
            several do; if a step fails that all trials share; or if every trial fails. A trial that fails among others
            is only recorded.

        Examples
        --------
        >>> def scores(depth): return {"roc_auc": 0.7 - 0.01 * (depth - 6) ** 2}
        >>> sweep = Pipeline([scores], store="memory://docs-pipeline").sweep({"depth": [4, 6, 8]}, metric="roc_auc")
        >>> sweep.best_params, sweep.best_score
        ({'depth': 6}, 0.7)
        """
        from mlopskit.pipeline.sweeps.sweep import Sweep

        return Sweep(self, space, metric, search, maximize, params).run(executor, progress)

    def explain(self, target: str, **params: Any) -> Explanation:
        """Say why a step would run, or come from the cache: what has changed since the pipeline ran last.

        Nothing is run. An input that would be made anew is not known before it is, so the steps after it are
        said to run although they may turn out to have the same input again.

        Parameters
        ----------
        target : str
            A step, or one of its outputs.
        **params
            The run parameters.

        Returns
        -------
        Explanation
            Prints as a sentence for the step, and for those upstream that would run.

        Raises
        ------
        PipelineError
            If a name is unknown or a parameter is missing.

        Examples
        --------
        >>> def squares(n): return [i * i for i in range(n)]
        >>> pipeline = Pipeline([squares], store="memory://docs-explain")
        >>> _ = pipeline.run(n=3)
        >>> print(pipeline.explain("squares", n=3))
        'squares' would come from the cache: nothing it depends on has changed
        >>> print(pipeline.explain("squares", n=4))
        'squares' would run: parameter n changed: 3, now 4
        """
        steps = self.graph.plan([target], ())
        self.graph.check_parameters(params, steps)
        run = Execution(self.graph, self._cache, params, {}, ())
        return explain(run, self.name, steps, self.graph.owner(target))

    # -- other pipelines made of this one --------------------------------------------------------

    def __add__(self, other: Pipeline) -> Pipeline:
        """Return a pipeline with the steps of both, on this one's store and with its tracker."""
        if not isinstance(other, Pipeline):
            return NotImplemented
        return self._with([*self.graph.steps.values(), *other.graph.steps.values()])

    def only(self, *names: str) -> Pipeline:
        """Return a pipeline of some of the steps; what the others gave becomes a run parameter.

        Raises
        ------
        PipelineError
            If there is no such step.
        """
        owners = {self.graph.owner(name) for name in names}
        return self._with(step for step in self.graph.steps.values() if step.name in owners)

    def replace(self, **functions: Callable[..., Any] | Step) -> Pipeline:
        """Return a pipeline with other functions for some steps, whose options stay; or with other steps.

        Raises
        ------
        PipelineError
            If there is no such step.

        Examples
        --------
        >>> def total(squares): return sum(squares)
        >>> pipeline = Pipeline([total], store="memory://docs-pipeline").replace(total=max)
        Traceback (most recent call last):
        mlopskit.errors.PipelineError: Step 'total': no signature found for builtin <built-in function max>...
        >>> def largest(squares): return max(squares)
        >>> pipeline = Pipeline([total], store="memory://docs-pipeline").replace(total=largest)
        >>> pipeline.run(squares=[1, 4, 9])["total"]
        9
        """
        for name in functions:
            if name not in self.graph.steps:
                self.graph.owner(name)
                raise PipelineError(f"{name!r} is an output of the step {self.graph.owners[name]!r}; replace that.")
        return self._with(
            _replaced(step, functions[step.name]) if step.name in functions else step
            for step in self.graph.steps.values()
        )

    # -- how it looks ----------------------------------------------------------------------------

    def to_mermaid(self) -> str:
        """Return the graph as Mermaid text, which a README or a wiki shows as a picture.

        Examples
        --------
        >>> def squares(n): return [i * i for i in range(n)]
        >>> print(Pipeline([squares], store="memory://docs-pipeline").to_mermaid().splitlines()[0])
        flowchart LR
        """
        from mlopskit.markup import mermaid

        return mermaid(self.graph.shown(), parameters=self.graph.parameters)

    def _repr_html_(self) -> str:
        from mlopskit.markup import fragment, graph

        return fragment(graph(self.graph.shown(), title=self.name, parameters=self.graph.parameters))

    def __repr__(self) -> str:
        return f"Pipeline({self.name!r}: {', '.join(self.graph.steps) or 'no steps'})"

    # -- what all of these rest on ---------------------------------------------------------------

    def _run(
        self,
        targets: str | Iterable[str] | None,
        given: Mapping[str, Any] | None,
        executor: int | Executor | None,
        resources: Mapping[str, float] | None,
        progress: bool | None,
        params: Mapping[str, Any],
        observer: Observer | None,
    ) -> Result:
        given = dict(given or {})
        wanted = [targets] if isinstance(targets, str) else list(self.graph.steps if targets is None else targets)
        steps = self.graph.plan(wanted, given)
        self.graph.check_parameters(params, steps)
        budget = Resources(resources or {}, steps)
        shown: list[Observer] = [Progress()] if shows_progress(progress) else []
        observers = [*shown, observer] if observer is not None else shown
        execution = Execution(self.graph, self._cache, params, given, observers, caching=self._caching)
        workers = workers_for(executor, self._cache, caching=self._caching)
        execution.run(self.name, steps, workers, budget, self.graph.outputs_of(wanted))
        return Result(self.name, self.graph, execution, given, run=getattr(observer, "run", None))

    def _follow_up(self, execution: Execution) -> None:
        """Tell the steps that asked for it that all went well."""
        for name, event in execution.finished.items():
            step, wiring = self.graph.steps[name], self.graph.follow_ups[name]
            if step.on_success is not None and event.status in ("done", "cached"):
                given = {each: execution.params.get(each, default) for each, default in step.follow_up.items()}
                step.on_success(**given | {each: execution.value_of(output) for each, output in wiring.items()})

    def _with(self, steps: Iterable[Step]) -> Pipeline:
        return Pipeline(steps, store=self._cache.store, tracker=self._tracker, name=self.name, cache=self._caching)


def _steps_of(step: Callable[..., Any] | Step | Pipeline) -> Iterable[Step]:
    if isinstance(step, Pipeline):
        return step.graph.steps.values()
    return [step if isinstance(step, Step) else Step(step)]


def _replaced(step: Step, by: Callable[..., Any] | Step) -> Step:
    return by if isinstance(by, Step) else step.with_function(by)
