import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind

from mlopskit.validation.multiple_testing import holm
from mlopskit.validation.slice_search import Cut, search

OPTIONS = {"versus_rest": True, "min_rows": 30, "depth": 2}


def rows_of(random, count):
    return pd.DataFrame(
        {
            "origin": random.choice(["EWR", "JFK", "LGA"], count),
            "hour": random.normal(size=count),
            "weekend": random.integers(0, 2, count).astype(bool),
        }
    )


def alarms(draw, trials, **options):
    """How often does a search find anything at alpha = 0.1, where nothing is to be found?"""
    random, found = np.random.default_rng(5), 0
    for _ in range(trials):
        frame, loss, codes = draw(random)
        slices = search(frame, loss, codes, **(OPTIONS | options))
        found += bool((holm(slices.p_values(0.0)) < 0.1).any())
    return found / trials


def test_gaps_and_errors_are_those_of_welch_but_for_slices_that_vary_less_than_the_whole():
    random = np.random.default_rng(0)
    frame, loss = rows_of(random, 1500), random.lognormal(size=1500)
    slices = search(frame, loss, np.arange(1500), **OPTIONS)
    assert len(slices.pieces) == 3 + 5 + 2 + 15 + 6 + 10
    for piece, gap, error, rows, p in zip(
        slices.pieces, slices.gaps, slices.errors, slices.rows, slices.p_values(0.0), strict=True
    ):
        inside = np.ones(len(frame), dtype=bool)
        for part in piece:
            cut = Cut.of(frame[part.split()[0]])
            inside &= cut.codes == cut.pieces.index((part,))
        assert rows == inside.sum()
        expected = ttest_ind(loss[inside], loss[~inside], equal_var=False, alternative="greater")
        assert gap == pytest.approx(loss[inside].mean() - loss[~inside].mean())
        welch, pooled = gap / expected.statistic, loss.std() * np.sqrt(1 / rows + 1 / (~inside).sum())
        assert error == pytest.approx(max(welch, pooled), rel=0.02)
        if welch > pooled:
            assert p == pytest.approx(expected.pvalue, rel=0.2, abs=1e-3)


def test_errors_are_those_of_drawing_whole_groups_again():
    random = np.random.default_rng(1)
    days = random.integers(0, 60, 1200)
    loss = random.normal(size=60)[days] + random.normal(size=1200)
    origin = np.where(random.random(60)[days] < 0.5, "JFK", "EWR")  # whole days at one origin
    slices = search(pd.DataFrame({"origin": origin}), loss, days, **OPTIONS)
    inside, gaps = origin == slices.pieces[0][0].rpartition(" ")[2], []
    for _ in range(2000):
        weight = np.bincount(random.integers(60, size=60), minlength=60)[days]
        gaps.append(np.average(loss, weights=weight * inside) - np.average(loss, weights=weight * ~inside))
    assert slices.errors[0] == pytest.approx(np.std(gaps), rel=0.1)
    alone = search(pd.DataFrame({"origin": origin}), loss, np.arange(1200), **OPTIONS)
    assert slices.errors[0] > 2 * alone.errors[0]


def test_a_slice_without_any_spread_is_not_certain_for_it():
    origin = np.repeat(["EWR", "JFK"], [960, 40])
    loss = np.append(np.tile([0.0, *[1.0] * 9], 96), np.ones(40))  # nine of ten are wrong, here all of forty
    slices = search(pd.DataFrame({"origin": origin}), loss, np.arange(1000), **OPTIONS)
    place = slices.pieces.index(("origin is JFK",))
    assert 0.005 < slices.p_values(0.0)[place] < 0.05  # 0.9 ** 40 = 0.015


def test_against_a_champion_the_rest_does_not_matter():
    random = np.random.default_rng(2)
    frame, difference = rows_of(random, 900), random.normal(size=900)
    slices = search(frame, difference, np.arange(900), versus_rest=False, min_rows=30, depth=1)
    inside = frame["origin"] == slices.pieces[0][0].rpartition(" ")[2]
    assert slices.gaps[0] == pytest.approx(difference[inside].mean())
    spread = max(difference[inside].std(ddof=1), difference.std())
    assert slices.errors[0] == pytest.approx(spread / np.sqrt(inside.sum()))


LOSSES = {
    "numbers": lambda random: random.normal(size=600),
    "skewed": lambda random: random.lognormal(sigma=1.5, size=600),
    "seldom wrong": lambda random: (random.random(600) < 0.03).astype(float),
    "often wrong": lambda random: (random.random(600) < 0.9).astype(float),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("versus_rest", [True, False])
def test_the_probability_of_any_false_alarm_is_at_most_alpha(loss, versus_rest):
    def draw(random):
        drawn = LOSSES[loss](random)
        return rows_of(random, 600), drawn if versus_rest else drawn * random.choice([-1, 1], 600), np.arange(600)

    assert alarms(draw, 250, versus_rest=versus_rest) <= 0.15  # three standard errors above alpha


def test_rows_that_move_together_raise_false_alarms_only_if_it_is_not_said():
    def draw(random, said):
        days = np.repeat(np.arange(40), 25)
        frame = pd.DataFrame({"weather": random.integers(0, 3, 40)[days], "origin": random.choice(["a", "b"], 1000)})
        return frame, random.normal(size=40)[days] + random.normal(size=1000), days if said else np.arange(1000)

    assert alarms(lambda random: draw(random, True), 200) <= 0.17
    assert alarms(lambda random: draw(random, False), 100) > 0.4


@pytest.mark.parametrize("seed", range(5))
def test_a_planted_pair_is_found_and_comes_first(seed):
    random = np.random.default_rng(seed)
    frame = rows_of(random, 3000)
    planted = (frame["origin"] == "JFK") & (frame["hour"] > frame["hour"].quantile(0.8))
    loss = (random.random(3000) < np.where(planted, 0.5, 0.2)).astype(float)
    slices = search(frame, loss, np.arange(3000), **OPTIONS)
    corrected = holm(slices.p_values(0.0))
    assert corrected.min() < 0.001
    first = slices.pieces[int(np.argmin(corrected))]
    assert first[0] == "origin is JFK"
    assert first[1].startswith("hour in")


def test_columns_are_cut_where_it_makes_sense():
    frame = pd.DataFrame(
        {
            "constant": 1,
            "whole": [1, 2, 3, None] * 30,
            "time": pd.date_range("2013-01-01", periods=120, freq="h"),
            "id": [f"id {each}" for each in range(120)],
        }
    )
    assert Cut.of(frame["constant"]).pieces == (("constant is 1",),)
    assert Cut.of(frame["whole"]).pieces[-1] == ("whole is missing",)
    assert len(Cut.of(frame["time"]).pieces) == 5
    rare = Cut.of(frame["id"])
    assert (len(rare.pieces), int((rare.codes >= 0).sum())) == (20, 20)


def test_narrow_numbers_and_durations_are_cut_at_their_quintiles():
    numbers = pd.Series(np.arange(100.0), name="x")
    for column in (
        numbers.astype("float16"),
        pd.to_timedelta(numbers, unit="h"),
        pd.Timestamp(0) + pd.to_timedelta(numbers, unit="h"),
    ):
        assert len(Cut.of(column.rename("x")).pieces) == 5
        assert np.bincount(Cut.of(column).codes).tolist() == [20] * 5


def test_there_may_be_nothing_to_search():
    slices = search(pd.DataFrame({"x": [1, 2]}), np.zeros(2), np.arange(2), **OPTIONS)
    assert slices.pieces == []
    assert len(slices.p_values(0.0)) == 0
