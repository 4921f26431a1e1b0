import numpy as np
import pandas as pd
import pytest

from mlopskit.records.trial import Trial
from mlopskit.storage import canonical_json
from mlopskit.validation.checks import DemographicParity, EqualOpportunity
from mlopskit.validation.intervals import newcombe_interval


def trial(linear, shares, rows=2000, **more):
    """People of group g have the positive class predicted with probability shares[g]; half of them truly have it."""
    random = np.random.default_rng(0)
    group = random.choice(list(shares), rows)
    positive = random.random(rows) < np.array([shares[each] for each in group])
    X = pd.DataFrame({"signal": np.where(positive, 1.0, -1.0), "sex": group})
    return Trial(linear(), X=X, y=random.integers(0, 2, rows), **more)


@pytest.mark.parametrize("check", [DemographicParity, EqualOpportunity])
def test_equal_groups_are_fair_and_others_are_not(check, linear):
    assert check("sex").check(trial(linear, {"f": 0.3, "m": 0.3}, 6000)).observed["verdict"] == "fair"
    result = check("sex").check(trial(linear, {"f": 0.3, "m": 0.6}))
    assert (result.status, result.observed["verdict"]) == ("failed", "unfair")
    assert result.observed["low"] > 0.1
    assert "'m'" not in result.message
    assert canonical_json.can_encode(result.observed)


def test_what_is_neither_is_uncertain_and_few_rows_are_not_enough_data(linear):
    result = DemographicParity("sex").check(trial(linear, {"f": 0.3, "m": 0.41}))
    assert (result.status, result.observed["verdict"]) == ("failed", "uncertain")
    result = DemographicParity("sex").check(trial(linear, {"f": 0.3, "m": 0.3}, 100))
    assert (result.status, result.observed["verdict"]) == ("failed", "not enough data")
    assert result.message.startswith("not enough data: ")


def test_two_groups_have_newcombes_interval(linear):
    asked = trial(linear, {"f": 0.3, "m": 0.4}, 500)
    positive, f = asked.X["signal"] > 0, asked.X["sex"] == "f"
    counts = [int(each) for each in (positive[~f].sum(), (~f).sum(), positive[f].sum(), f.sum())]
    observed = DemographicParity("sex").check(asked).observed
    assert (observed["low"], observed["high"]) == pytest.approx(newcombe_interval(*counts, 0.95))
    assert observed["gap"] == pytest.approx(counts[0] / counts[1] - counts[2] / counts[3])


def test_equal_opportunity_looks_at_those_who_truly_are_positive(linear):
    asked = trial(linear, {"f": 0.5, "m": 0.5}, 4000)
    X = asked.X.assign(signal=np.where((asked.X["sex"] == "f") & (asked.y == 1), -1.0, 1.0))
    unfair = EqualOpportunity("sex").check(Trial(linear(), X=X, y=asked.y))
    assert unfair.observed["gap"] == 1.0
    assert unfair.observed["n"] == (asked.y == 1).sum()


def test_rows_that_belong_together_make_the_interval_wider(linear):
    few = trial(linear, {"f": 0.3, "m": 0.4}, 60)
    many = Trial(linear(), X=pd.concat([few.X] * 20), y=np.tile(few.y, 20), groups=np.tile(range(60), 20))
    alone = DemographicParity("sex").check(Trial(linear(), X=many.X, y=many.y)).observed
    together = DemographicParity("sex", resamples=300).check(many).observed
    assert together["high"] - together["low"] > 3 * (alone["high"] - alone["low"])


def test_few_groups_of_rows_are_not_enough_data(linear):
    asked = trial(linear, {"f": 0.3, "m": 0.6}, groups=np.arange(2000) % 9)
    result = DemographicParity("sex").check(asked)
    assert (result.status, result.observed["verdict"]) == ("failed", "not enough data")
    assert "9 groups of rows" in result.message


def test_shares_of_zero_in_few_rows_are_no_certainty_even_in_groups(linear):
    asked = trial(linear, {"f": 0.0, "m": 0.0}, 40, groups=np.arange(40) // 2)
    assert DemographicParity("sex").check(asked).observed["verdict"] == "not enough data"


def test_the_probability_of_calling_equal_groups_unfair_is_at_most_what_was_asked_for(linear):
    random, alarms = np.random.default_rng(1), 0
    for _ in range(150):
        X = pd.DataFrame({"signal": random.normal(size=300), "region": random.integers(0, 5, 300)})
        found = DemographicParity("region", 1e-9, confidence=0.9).check(Trial(linear(), X=X, y=[0, 1] * 150))
        alarms += found.observed["verdict"] == "unfair"
    assert alarms / 150 <= 0.18


def test_too_many_groups_are_an_error_that_says_what_to_do(linear):
    X = pd.DataFrame({"signal": 1.0, "tail": np.arange(505) % 101})
    message = DemographicParity("tail").check(Trial(linear(), X=X, y=np.arange(505) % 2)).message
    assert message == "the column 'tail' has 101 values; at most 100 groups are compared, so join the rare ones"


def test_a_group_without_rows_to_count_is_not_enough_data_and_one_group_is_an_error(linear):
    X = pd.DataFrame({"signal": [1.0] * 40, "sex": ["f"] * 20 + ["m"] * 20})
    result = EqualOpportunity("sex").check(Trial(linear(), X=X, y=[1, 0] * 10 + [0] * 20))
    assert result.message == "not enough data: 1 of 2 groups have no row to count"
    assert DemographicParity("sex").check(Trial(linear(), X=X[:20], y=[1, 0] * 10)).status == "error"
    assert DemographicParity("nope").check(Trial(linear(), X=X, y=[1, 0] * 20)).status == "error"
