"""How to go through a space of parameters: `Search`, and those that need no other library.

A space names what each searched parameter may be: a list of values, or a distribution where the search takes one.
"""

from __future__ import annotations

import math
import reprlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from mlopskit.errors import PipelineError
from mlopskit.pipeline.times import counts_time

Space = Mapping[str, Any]


@attrs.frozen
class Trial:
    """What a search learns of one of its proposals.

    Attributes
    ----------
    params : mapping of str to object
        As it was proposed.
    score : float or None
        The greater the better, also where the user's metric is to be small; None if the trial failed.
    """

    params: Mapping[str, Any]
    score: float | None


class Search(ABC):
    """A way through a space: proposes the next trials from what came of those before.

    `propose` is all that has to be written. It must follow from its arguments and from what the search was made
    with alone: then a sweep tries the same candidates wherever it runs, and one that was killed and is
    started again finds what it had done in the cache.

    Examples
    --------
    >>> class Doubling(Search):
    ...     def propose(self, space, trials):
    ...         better = len(trials) < 2 or trials[-1].score > trials[-2].score
    ...         return [{"n_trees": 2 ** len(trials)}] if better else []
    >>> Doubling().propose({"n_trees": [1]}, [Trial({"n_trees": 1}, 0.6), Trial({"n_trees": 2}, 0.7)])
    [{'n_trees': 4}]
    """

    @abstractmethod
    def propose(self, space: Space, trials: Sequence[Trial]) -> list[dict[str, Any]]:
        """Return the parameters of the next trials, which may run side by side; none at the end.

        Parameters
        ----------
        space : mapping of str to list or distribution
            What each searched parameter may be.
        trials : sequence of Trial
            All before, in the order in which they were proposed.

        Raises
        ------
        PipelineError
            If the space is none that this search can go through.
        """

    def parameters(self, space: Space) -> tuple[str, ...]:
        """Name the run parameters that the proposals set."""
        return tuple(space)

    def best(self, trials: Sequence[Trial]) -> int | None:
        """Return the place of the best trial, the first one among equals; None if all have failed."""
        return next(iter(_ranked(trials)), None)


@attrs.frozen
class Grid(Search):
    """Tries every combination; the parameter whose name sorts last changes fastest.

    Examples
    --------
    >>> Grid().propose({"max_depth": [4, 6], "rate": [0.1]}, [])
    [{'max_depth': 4, 'rate': 0.1}, {'max_depth': 6, 'rate': 0.1}]
    """

    def propose(self, space: Space, trials: Sequence[Trial]) -> list[dict[str, Any]]:
        """Return all combinations, at once."""
        from sklearn.model_selection import ParameterGrid

        for name, values in space.items():
            if not isinstance(values, list):
                raise PipelineError(
                    f"Grid needs a list of values for {name!r}, not {described(values)}; "
                    "give a list, or draw from a distribution with search=Random(count)."
                )
        combinations = [_in_order(space, drawn) for drawn in ParameterGrid(dict(space))]
        return combinations[len(trials) :]


@attrs.frozen
class Random(Search):
    """Draws combinations at random; of lists alone none is drawn twice.

    Parameters
    ----------
    count : int
        How many; from lists alone there are no more than all combinations.
    seed : int, default 0
        Of the random numbers.

    Raises
    ------
    PipelineError
        If the count is not 1 or more.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> space = {"max_depth": [4, 6, 8], "rate": loguniform(0.01, 1)}
    >>> candidates = Random(20, seed=1).propose(space, [])
    >>> len(candidates), all(0.01 <= candidate["rate"] <= 1 for candidate in candidates)
    (20, True)
    """

    count: int = attrs.field()
    seed: int = 0

    @count.validator
    def _check_count(self, _attribute: object, count: int) -> None:
        check_whole("Random", "count", count, least=1)

    def propose(self, space: Space, trials: Sequence[Trial]) -> list[dict[str, Any]]:
        """Return all draws, at once."""
        from sklearn.model_selection import ParameterSampler

        for name, values in space.items():
            if not isinstance(values, list) and not hasattr(values, "rvs"):
                raise PipelineError(
                    f"Random needs a list of values or a distribution of scipy.stats for {name!r}, "
                    f"not {described(values)}."
                )
        finite = all(isinstance(values, list) for values in space.values())
        count = min(self.count, math.prod(map(len, space.values()))) if finite else self.count
        draws = [_in_order(space, drawn) for drawn in ParameterSampler(dict(space), count, random_state=self.seed)]
        return draws[len(trials) :]


@attrs.frozen
class Halving(Search):
    """Successive halving: tries many candidates with little of a resource, and the best of them with more.

    With each rung the resource grows by a factor, up to all of it on the last one, and as much smaller is
    the part of the candidates that goes on. A candidate left alone goes to the last rung at once. Failed trials do
    not go on; among equals the one before does. Only trials with the same resource are compared, so the
    best one is the best of the last rung.

    Parameters
    ----------
    resource : str
        A run parameter that says how much a trial may cost, such as a number of trees, epochs or rows.
    smallest, largest : int or float
        What it is on the first and on the last rung.
    factor : int, default 3
        By how much it grows.
    count : int, optional
        How many candidates to draw, as `Random` does; default: all combinations.
    seed : int, default 0
        Of the draws.

    Raises
    ------
    PipelineError
        If the numbers leave no rung.

    References
    ----------
    Jamieson and Talwalkar (2016), Non-stochastic best arm identification and hyperparameter optimization.

    Examples
    --------
    >>> search = Halving("n_trees", smallest=10, largest=100)
    >>> search.rungs
    (10, 30, 100)
    >>> first = search.propose({"max_depth": [4, 6, 8]}, [])
    >>> first
    [{'max_depth': 4, 'n_trees': 10}, {'max_depth': 6, 'n_trees': 10}, {'max_depth': 8, 'n_trees': 10}]
    >>> search.propose({"max_depth": [4, 6, 8]}, [Trial(*each) for each in zip(first, (0.6, 0.7, None))])
    [{'max_depth': 6, 'n_trees': 100}]
    """

    resource: str
    smallest: float
    largest: float
    factor: int = attrs.field(default=3)
    count: int | None = attrs.field(default=None)
    seed: int = 0

    def __attrs_post_init__(self) -> None:
        check_whole("Halving", "factor", self.factor, least=2)
        if self.count is not None:
            check_whole("Halving", "count", self.count, least=1)
        if not 0 < self.smallest <= self.largest < math.inf:
            raise PipelineError(
                "Halving goes from smallest to largest, both above 0 and finite, not from "
                f"{self.smallest} to {self.largest}."
            )

    @property
    def rungs(self) -> tuple[float, ...]:
        """How much of the resource there is on each rung."""
        rungs = [self.smallest]
        while rungs[-1] * self.factor <= self.largest:
            rungs.append(rungs[-1] * self.factor)
        return (*rungs[:-1], self.largest)

    def propose(self, space: Space, trials: Sequence[Trial]) -> list[dict[str, Any]]:
        """Return the next rung, after the trials have been followed up to it."""
        candidates, before = self._candidates(space), 0
        for resource in self.rungs:
            if len(candidates) == 1 and resource != self.largest:
                continue
            rung = [{**candidate, self.resource: resource} for candidate in candidates]
            finished = trials[before : before + len(rung)]
            if len(finished) < len(rung):
                return rung[len(finished) :]
            going_on = _ranked(finished)[: max(1, len(rung) // self.factor)]
            candidates = [candidates[place] for place in going_on]
            before += len(rung)
        return []

    def parameters(self, space: Space) -> tuple[str, ...]:
        """Name those of the space, and the resource."""
        return (*space, self.resource)

    def best(self, trials: Sequence[Trial]) -> int | None:
        """Return the place of the best trial among those with most of the resource."""
        finished = [trial.params[self.resource] for trial in trials if trial.score is not None]
        most = max(finished, default=None)
        return next((place for place in _ranked(trials) if trials[place].params[self.resource] == most), None)

    def _candidates(self, space: Space) -> list[dict[str, Any]]:
        if self.resource in space:
            raise PipelineError(
                f"{self.resource!r} is the resource, which Halving sets from {self.smallest} to {self.largest}; "
                "take it out of the space."
            )
        search = Grid() if self.count is None else Random(self.count, self.seed)
        return search.propose(space, [])


def values_of(name: str, values: Any) -> Any:
    """Return what a searched parameter may be: a list of plain values, or the distribution that was given.

    Raises
    ------
    PipelineError
        If there are no values, or it can not be told what they are.

    Examples
    --------
    >>> values_of("max_depth", range(4, 7)), values_of("layers", [[64], [64, 32]])
    ([4, 5, 6], [[64], [64, 32]])
    >>> values_of("loss", "log_loss")
    Traceback (most recent call last):
    mlopskit.errors.PipelineError: The space has the str 'log_loss' for 'loss'; give a list of values, such as [...].
    """
    if hasattr(values, "tolist") and not counts_time(values):
        values = values.tolist()  # an array's numbers as Python's own, like those that users write
    if isinstance(values, str | bytes | Mapping | set | frozenset):  # a set's order may be another one in each process
        example = sorted(values, key=repr) if isinstance(values, set | frozenset) else [values]
        raise PipelineError(
            f"The space has the {type(values).__name__} {reprlib.repr(values)} for {name!r}; "
            f"give a list of values, such as {reprlib.repr(example)}."
        )
    if not isinstance(values, Iterable):
        return values
    values = list(values)
    if not values:
        raise PipelineError(f"The space has no value for {name!r}; give at least one, or leave {name!r} out.")
    return values


def described(values: Any) -> Any:
    """Return what a record can say of a searched parameter: a distribution of scipy says only its address itself.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> described(loguniform(0.01, b=1)), described([4, 6])
    ('loguniform(0.01, b=1)', [4, 6])
    """
    distribution = getattr(getattr(values, "dist", None), "name", None)
    if distribution is None:
        return values
    said = [*map(str, values.args), *(f"{name}={value}" for name, value in values.kwds.items())]
    return f"{distribution}({', '.join(said)})"


def check_whole(search: str, name: str, value: object, *, least: int) -> None:
    """Refuse what is no whole number, or too small a one.

    Raises
    ------
    PipelineError
        Naming it.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise PipelineError(f"{search}: {name} must be a whole number, {least} or more, not {value!r}.")


def _ranked(trials: Sequence[Trial]) -> list[int]:
    """Return the places of the trials that did not fail, best first."""
    scores = {place: trial.score for place, trial in enumerate(trials) if trial.score is not None}
    return sorted(scores, key=lambda place: -scores[place])


def _in_order(space: Space, drawn: Mapping[str, Any]) -> dict[str, Any]:
    """Return a candidate in the space's order, with Python's own numbers."""
    return {name: _plain(drawn[name]) for name in space}


def _plain(value: Any) -> Any:
    is_scalar = getattr(value, "shape", None) == () and hasattr(value, "item")
    return value.item() if is_scalar and not counts_time(value) else value
