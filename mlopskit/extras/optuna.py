"""Optuna: its samplers search the space of a sweep; the trials of a study of its own become child runs."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import optuna
from optuna import Study
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, TPESampler
from optuna.study import StudyDirection
from optuna.trial import TrialState

from mlopskit.errors import PipelineError
from mlopskit.pipeline.sweeps.searches import Search, Space, Trial, check_whole, described

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

    from mlopskit.tracking.run import Run

_PLAIN = (type(None), bool, int, float, str)
"""What Optuna can keep among the values of a categorical parameter."""


class RunCallback:
    """Records each trial as a child of a run; for ``study.optimize(..., callbacks=[...])``.

    A child has the trial's params, its value as the metric ``value`` (``value_0``, ``value_1`` and so on of several
    objectives), what it reported meanwhile as ``intermediate``, its user attributes and its state as tags;
    it has failed if the trial has. The parent gets the series ``best_value``, if there is one objective.

    Parameters
    ----------
    run : Run
        The parent; log to it from as many threads as ``n_jobs`` makes.

    Examples
    --------
    >>> import optuna
    >>> from mlopskit.tracking.tracker import Tracker
    >>> optuna.logging.set_verbosity(optuna.logging.WARNING)
    >>> tracker = Tracker("memory://docs-optuna")
    >>> with tracker.start_run("study") as run:
    ...     study = optuna.create_study()
    ...     study.optimize(lambda trial: trial.suggest_float("x", -1, 1) ** 2, 3, callbacks=[RunCallback(run)])
    >>> len(tracker.runs("parent is not null"))
    3
    """

    def __init__(self, run: Run) -> None:
        self._run = run

    def __call__(self, study: Study, trial: FrozenTrial) -> None:
        """Record a trial that has ended."""
        tags = {**trial.user_attrs, "optuna.state": trial.state.name.lower()}
        child = self._run.start_child(f"trial-{trial.number}", params=trial.params, tags=tags)
        with child:
            for step, value in sorted(trial.intermediate_values.items()):
                child.log_metric("intermediate", value, step)
            for name, value in _values(trial).items():
                child.log_metric(name, value)
            if trial.state == TrialState.FAIL:
                child.finish("failed", error="the trial failed")
        if len(study.directions) == 1 and any(other.state == TrialState.COMPLETE for other in study.trials):
            self._run.log_metric("best_value", study.best_value, trial.number)


class OptunaSearch(Search):
    """Searches the space of a sweep with a sampler of Optuna, by asking and telling.

    The trials of a batch are asked for together, before any of them is told. So the candidates are the
    same wherever the sweep runs, and when it is run again, unless the sampler draws without a seed.

    The space has lists of values, which Optuna takes as categories without an order, or distributions of
    `optuna.distributions`.

    Parameters
    ----------
    count : int
        How many trials.
    study : Study or BaseSampler, optional
        A study, which gets the trials and whose earlier trials count; or only a sampler, which each sweep
        starts with as it is here. Default: a `TPESampler`.
    batch : int, default 4
        How many trials are asked for together, and so can run side by side. The smaller it is, the more is known
        when the next ones are chosen.
    seed : int, default 0
        Of the default sampler; a study or a sampler has its own.

    Raises
    ------
    PipelineError
        If a number is not 1 or more, or the study has several objectives.

    Examples
    --------
    >>> from mlopskit.pipeline import Pipeline
    >>> optuna.logging.set_verbosity(optuna.logging.WARNING)
    >>> def scores(x): return {"loss": (x - 0.3) ** 2}
    >>> space = {"x": optuna.distributions.FloatDistribution(-1, 1)}
    >>> pipeline = Pipeline([scores], store="memory://docs-optuna-search")
    >>> result = pipeline.sweep(space, "loss", search=OptunaSearch(30, seed=1), maximize=False)
    >>> abs(result.best_params["x"] - 0.3) < 0.1
    True
    """

    def __init__(self, count: int, study: Study | BaseSampler | None = None, *, batch: int = 4, seed: int = 0) -> None:
        check_whole("OptunaSearch", "count", count, least=1)
        check_whole("OptunaSearch", "batch", batch, least=1)
        if isinstance(study, Study) and len(study.directions) != 1:
            raise PipelineError(
                f"OptunaSearch: the study has {len(study.directions)} objectives, and a sweep compares one metric."
            )
        self.count = count
        self.batch = batch
        self._start = study if study is not None else _default_sampler(seed)
        self._asked: list[optuna.Trial] = []
        self._told = 0

    def propose(self, space: Space, trials: Sequence[Trial]) -> list[dict[str, Any]]:
        """Tell the study what is new, and ask it for the next batch.

        Raises
        ------
        PipelineError
            If the space has something else than lists and Optuna's distributions.
        """
        parameters = {name: _Parameter(name, values) for name, values in space.items()}
        if not trials or not self._asked or len(trials) < self._told:
            self._begin()
        for trial in trials[self._told :]:
            if self._told == len(self._asked):  # trials of a sweep that another object has searched for
                self._ask(parameters)
            self._tell(trial)
        if self._told == len(self._asked):
            self._ask(parameters)
        waiting = [asked.params for asked in self._asked[self._told :]]
        return [{name: each.value(params[name]) for name, each in parameters.items()} for params in waiting]

    def _begin(self) -> None:
        given = self._start
        study = given if isinstance(given, Study) else optuna.create_study(sampler=copy.deepcopy(given))
        self._study, self._asked, self._told = study, [], 0

    def _ask(self, parameters: Mapping[str, _Parameter]) -> None:
        distributions = {name: each.distribution for name, each in parameters.items()}
        more = min(self.batch, self.count - len(self._asked))
        self._asked += [self._study.ask(distributions) for _ in range(more)]

    def _tell(self, trial: Trial) -> None:
        asked = self._asked[self._told]
        if trial.score is None:
            self._study.tell(asked, state=TrialState.FAIL)
        else:
            maximizes = self._study.direction == StudyDirection.MAXIMIZE
            self._study.tell(asked, trial.score if maximizes else -trial.score)
        self._told += 1

    def __repr__(self) -> str:
        sampler = self._start.sampler if isinstance(self._start, Study) else self._start
        return f"OptunaSearch({self.count}, {type(sampler).__name__}, batch={self.batch})"


def _default_sampler(seed: int) -> BaseSampler:
    """Return a sampler that keeps the trials of a batch apart: each counts as a bad one until it is told."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)  # as Optuna 4 calls it
        return TPESampler(seed=seed, constant_liar=True)


class _Parameter:
    """A searched parameter as Optuna takes it: values that it can not keep stand for themselves by their place."""

    def __init__(self, name: str, values: Any) -> None:
        if not isinstance(values, list | BaseDistribution):
            raise PipelineError(
                f"OptunaSearch needs a list of values or a distribution of optuna.distributions for {name!r}, "
                f"not {described(values)}."
            )
        self.distribution = values
        self._values: list[Any] | None = None
        if isinstance(values, list):
            self._values = None if all(type(value) in _PLAIN for value in values) else values
            self.distribution = CategoricalDistribution(values if self._values is None else range(len(values)))

    def value(self, asked: Any) -> Any:
        """Return what the pipeline gets for what Optuna has chosen."""
        return asked if self._values is None else self._values[asked]


def _values(trial: FrozenTrial) -> dict[str, float]:
    values = trial.values or []
    return {"value": values[0]} if len(values) == 1 else {f"value_{place}": value for place, value in enumerate(values)}
