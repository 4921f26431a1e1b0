import itertools
import random

import attrs
import numpy as np
import pandas as pd
import pytest
from scipy.stats import loguniform, randint, uniform

from mlopskit.errors import PipelineError
from mlopskit.pipeline.sweeps.searches import Grid, Halving, Random, Search, Trial, described, values_of

SPACE = {"rate": [0.1, 0.2], "max_depth": [4, 6, 8]}


def searched(search, space, score, *, most=1000):
    """All trials of a search, whose proposals are scored one after another."""
    trials = []
    while batch := search.propose(space, trials):
        trials += [Trial(params, score(params)) for params in batch]
        assert len(trials) <= most
    return trials


def as_keys(candidates):
    return [tuple(sorted(candidate.items())) for candidate in candidates]


# -- grid and random -----------------------------------------------------------------------------


def test_a_grid_has_every_combination_once():
    candidates = [trial.params for trial in searched(Grid(), SPACE, lambda params: 1.0)]
    every = [{"rate": rate, "max_depth": depth} for rate, depth in itertools.product(*SPACE.values())]
    assert sorted(as_keys(candidates)) == sorted(as_keys(every))
    assert all(list(candidate) == ["rate", "max_depth"] for candidate in candidates)


def test_values_may_be_anything():
    layers = [[64], {"units": 8}, np.arange(3)]
    candidates = Grid().propose({"layers": layers}, [])
    assert [id(candidate["layers"]) for candidate in candidates] == list(map(id, layers))


@pytest.mark.parametrize("search", [Grid(), Random(4, seed=3), Random(40), Halving("rows", 1, 9, count=5)])
def test_a_search_that_has_seen_some_trials_goes_on_where_it_stopped(search):
    trials = searched(search, SPACE, lambda params: params["max_depth"])
    for seen in range(len(trials)):
        following = search.propose(SPACE, trials[:seen])
        assert following
        assert following == [trial.params for trial in trials[seen : seen + len(following)]]


def test_random_draws_are_the_same_for_a_seed_and_others_for_another():
    space = {**SPACE, "alpha": loguniform(1e-4, 1), "trees": randint(10, 500)}
    first, again, other = (Random(8, seed).propose(space, []) for seed in (1, 1, 2))
    assert first == again != other
    assert all(1e-4 <= each["alpha"] <= 1 and 10 <= each["trees"] < 500 for each in first)
    assert {type(each["alpha"]) for each in first} == {float}
    assert {type(each["trees"]) for each in first} == {int}


@pytest.mark.parametrize("count", [1, 4, 6, 100])
def test_of_lists_alone_nothing_is_drawn_twice(count):
    candidates = as_keys(Random(count).propose(SPACE, []))
    assert len(set(candidates)) == len(candidates) == min(count, 6)


@pytest.mark.parametrize(
    ("search", "space", "message"),
    [
        (Grid(), {"rate": uniform(0, 1)}, r"list of values for 'rate', not uniform\(0, 1\);.*Random\(count\)"),
        (Grid(), {"rate": 4}, "list of values for 'rate', not 4"),
        (Random(3), {"rate": 4}, "distribution of scipy.stats for 'rate', not 4"),
        (Halving("rows", 1, 9), {"rate": uniform(0, 1)}, "Grid needs a list"),
        (Halving("rows", 1, 9), {"rows": [1]}, "'rows' is the resource, .* from 1 to 9; take it out of the space"),
    ],
)
def test_a_space_that_a_search_can_not_go_through_is_refused(search, space, message):
    with pytest.raises(PipelineError, match=message):
        search.propose(space, [])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Random(0), "Random: count must be a whole number, 1 or more, not 0"),
        (lambda: Random(True), "not True"),
        (lambda: Halving("rows", 1, 9, factor=1), "factor must be a whole number, 2 or more, not 1"),
        (lambda: Halving("rows", 1, 9, count=0), "count must be a whole number, 1 or more"),
        (lambda: Halving("rows", 9, 1), "not from 9 to 1"),
        (lambda: Halving("rows", 0, 1), "both above 0"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(make, message):
    with pytest.raises(PipelineError, match=message):
        make()


# -- halving -------------------------------------------------------------------------------------


def halved(candidates, resources, factor, score):
    """Successive halving as it is written down: Jamieson and Talwalkar (2016), with all lists in memory."""
    tried = []
    for place, resource in enumerate(resources):
        if len(candidates) == 1 and place < len(resources) - 1:
            continue
        scored = [(candidate, score({**candidate, "rows": resource})) for candidate in candidates]
        tried += [({**candidate, "rows": resource}, value) for candidate, value in scored]
        alive = [(candidate, value) for candidate, value in scored if value is not None]
        alive.sort(key=lambda pair: pair[1], reverse=True)
        candidates = [candidate for candidate, _ in alive][: max(1, len(scored) // factor)]
    return tried


@pytest.mark.parametrize("seed", range(30))
def test_halving_is_what_the_paper_says(seed):
    drawing = random.Random(seed)
    space = {"a": list(range(drawing.randint(1, 5))), "b": list(range(drawing.randint(1, 5)))}
    factor, rungs = drawing.randint(2, 4), drawing.randint(1, 4)
    resources = [factor**rung for rung in range(rungs)]
    scores = {}

    def score(params):  # some fail, and many are equal
        return scores.setdefault(str(params), drawing.choice([None, 0.0, 0.5, 0.5, 1.0]))

    search = Halving("rows", 1, resources[-1], factor)
    assert list(search.rungs) == resources
    trials = searched(search, space, score)
    assert [(trial.params, trial.score) for trial in trials] == halved(
        Grid().propose(space, []), resources, factor, score
    )


def test_the_last_rung_has_all_of_the_resource():
    assert Halving("rows", 10, 100).rungs == (10, 30, 100)
    assert Halving("rows", 5, 5).rungs == (5,)
    assert Halving("rows", 0.25, 1.0, factor=2).rungs == (0.25, 0.5, 1.0)


def test_the_best_of_a_halving_has_most_of_the_resource():
    search = Halving("rows", 1, 9)
    trials = [Trial({"rows": 1}, 0.9), Trial({"rows": 3}, 0.7), Trial({"rows": 3}, 0.8), Trial({"rows": 9}, None)]
    assert search.best(trials) == 2
    assert search.best(trials[:1]) == 0
    assert search.best([]) is None
    assert search.parameters({"depth": [1]}) == ("depth", "rows")


def test_the_first_of_equals_is_the_best():
    trials = [Trial({}, None), Trial({}, 0.5), Trial({}, 0.7), Trial({}, 0.7)]
    assert Grid().best(trials) == 2
    assert Grid().best(trials[:1]) is None


def test_a_search_of_ones_own_needs_one_method():
    class Doubling(Search):
        def propose(self, space, trials):
            return [{"n": 2 ** len(trials)}] if len(trials) < 3 else []

    assert [trial.params["n"] for trial in searched(Doubling(), {}, lambda params: 1.0)] == [1, 2, 4]


def test_searches_say_what_they_are():
    assert repr(Random(20, seed=1)) == "Random(count=20, seed=1)"
    assert "smallest=10" in repr(Halving("rows", 10, 90))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Random(2).count = 3


# -- what a space may hold -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "values", [(1, 2), range(1, 3), np.array([1, 2]), pd.Series([1, 2]), iter([1, 2]), {1: "a", 2: "b"}.keys()]
)
def test_values_become_a_list_of_plain_values(values):
    plain = values_of("depth", values)
    assert plain == [1, 2]
    assert {type(value) for value in plain} == {int}


def test_a_distribution_stays_as_it_is():
    distribution = loguniform(0.01, 1)
    assert values_of("rate", distribution) is distribution
    assert described(distribution) == "loguniform(0.01, 1)"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "no value for 'depth'; give at least one"),
        (np.array([]), "no value for 'depth'"),
        ("abc", r"the str 'abc' for 'depth'; give a list of values, such as \['abc'\]"),
        ({2, 1}, r"the set {1, 2} for 'depth'.*such as \[1, 2\]"),
        ({"low": 1}, "the dict {'low': 1} for 'depth'"),
    ],
)
def test_what_is_no_list_of_values_is_refused(values, message):
    with pytest.raises(PipelineError, match=message):
        values_of("depth", values)


def test_moments_of_an_array_stay_moments():
    moments = np.array(["2013-01-01", "2013-02-01"], dtype="M8[ns]")
    assert values_of("day", moments) == list(moments)
    drawn = Random(count=1, seed=0).propose({"day": values_of("day", moments)}, [])[0]["day"]
    assert drawn in list(moments)


def test_halving_has_an_end():
    with pytest.raises(PipelineError, match="finite"):
        Halving("n", 1, float("inf"))
