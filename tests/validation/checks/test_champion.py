import numpy as np
import pandas as pd
import pytest

from mlopskit.records.trial import Trial
from mlopskit.storage import canonical_json
from mlopskit.validation import checks

METRICS = ["accuracy", "brier", "f1", "log_loss", "mean_absolute_error", "mean_squared_error", "r2", "rmse", "roc_auc"]


def trial_of(held_out, candidate, champion, groups=None):
    return Trial(candidate, champion, *held_out, groups)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("grouped", [False, True])
def test_a_clearly_better_candidate_passes_and_a_worse_one_does_not(metric, grouped, held_out, linear):
    groups = held_out[0]["day"] if grouped else None
    better = checks.BetterThanChampion(metric, resamples=200).check(
        trial_of(held_out, linear(), linear("noisy"), groups)
    )
    worse = checks.BetterThanChampion(metric, resamples=200).check(
        trial_of(held_out, linear("noisy"), linear(), groups)
    )
    assert (better.status, worse.status) == ("passed", "failed")
    assert worse.message.startswith("no evidence of gain")
    assert 0 < better.observed["low"] <= better.observed["gain"] <= better.observed["high"]
    assert better.observed["low"] == pytest.approx(-worse.observed["high"])


def test_observed_holds_all_numbers_of_the_verdict_as_json(held_out, linear):
    check = checks.BetterThanChampion("roc_auc", min_gain=0.01, resamples=200)
    result = check.check(trial_of(held_out, linear(), linear("noisy"), held_out[0]["day"]))
    names = [
        "verdict",
        "metric",
        "candidate",
        "champion",
        "gain",
        "low",
        "high",
        "n",
        "groups",
        "threshold",
        "direction",
    ]
    assert list(result.observed) == names
    assert (result.observed["n"], result.observed["groups"], result.observed["threshold"]) == (2000, 40, 0.01)
    assert canonical_json.can_encode(result.observed)


@pytest.mark.parametrize("metric", METRICS)
def test_an_equally_good_candidate_is_refused(metric, held_out, linear):
    result = checks.BetterThanChampion(metric, resamples=200).check(trial_of(held_out, linear(), linear()))
    assert result.status == "failed"
    assert result.message.startswith("no evidence of gain")
    assert (result.observed["gain"], result.observed["high"]) == (0, -result.observed["low"])
    assert 0 <= result.observed["high"] < 0.005  # by so much they may differ on rows not met


def test_the_gain_has_to_exceed_what_was_asked_for(held_out, linear):
    trial = trial_of(held_out, linear(), linear("noisy"))
    gain = checks.BetterThanChampion("roc_auc").check(trial).observed["gain"]
    assert checks.BetterThanChampion("roc_auc", min_gain=gain).check(trial).status == "failed"
    assert checks.BetterThanChampion("roc_auc", min_gain=-0.5).check(trial_of(held_out, linear("noisy"), linear())).ok


def test_the_same_seed_gives_the_same_interval(held_out, linear):
    trial = trial_of(held_out, linear(), linear("noisy"))
    first, again, other = (
        checks.BetterThanChampion("roc_auc", resamples=100, seed=seed).check(trial) for seed in (1, 1, 2)
    )
    assert first == again
    assert first.observed["low"] != other.observed["low"]


def test_rows_that_belong_together_make_the_interval_wider(linear):
    """Two hundred copies of fifteen rows know no more than fifteen rows."""
    random = np.random.default_rng(0)
    y = random.integers(0, 2, 15)
    signal = y + random.normal(size=15)
    X = pd.DataFrame({"signal": np.tile(signal, 200), "noisy": np.tile(random.normal(size=15), 200)})
    held_out, days = (X, pd.Series(np.tile(y, 200))), pd.Series(np.tile(range(15), 200))
    check = checks.BetterThanChampion("accuracy", resamples=300)
    alone = check.check(trial_of(held_out, linear(), linear("noisy"))).observed
    together = check.check(trial_of(held_out, linear(), linear("noisy"), days)).observed
    assert together["high"] - together["low"] > 5 * (alone["high"] - alone["low"])


def test_too_few_groups_are_not_enough_data(held_out, linear):
    result = checks.BetterThanChampion("roc_auc").check(
        trial_of(held_out, linear(), linear("noisy"), held_out[0]["day"] % 9)
    )
    assert (result.status, result.message) == (
        "failed",
        "not enough data: 9 rows or groups of rows that the score hangs on, and at least 10 are needed",
    )


def test_a_metric_that_is_often_undefined_is_not_enough_data(linear):
    X = pd.DataFrame({"signal": np.arange(24.0), "noisy": 0.0})
    result = checks.BetterThanChampion("r2").check(Trial(linear(), linear("noisy"), X, [0] * 23 + [1]))
    assert result.status == "failed"
    assert result.message.startswith("not enough data: r2 is undefined in")


def test_without_a_champion_it_is_skipped_with_a_reason(held_out, linear):
    result = checks.BetterThanChampion("roc_auc").check(trial_of(held_out, linear(), None))
    assert (result.status, result.message, result.ok) == ("skipped", "no champion yet", True)


@pytest.mark.parametrize(
    ("candidate", "status"), [(0.72, "passed"), (0.71, "failed"), (0.70, "failed"), (float("nan"), "failed")]
)
def test_without_rows_recorded_scores_are_compared_and_there_is_no_interval(candidate, status):
    trial = Trial(None, scores={"roc_auc": candidate}, champion_scores={"roc_auc": 0.71})
    result = checks.BetterThanChampion("roc_auc").check(trial)
    assert result.status == status
    assert "no interval" in result.message
    assert (result.observed["low"], result.observed["n"]) == (None, None)


def test_without_rows_or_scores_of_both_it_is_an_error(linear):
    result = checks.BetterThanChampion("roc_auc").check(Trial(linear(), linear(), scores={"roc_auc": 0.7}))
    assert result.status == "error"
    assert "no recorded one of the champion" in result.message


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([1, 2], "2 group labels for 2000"),
        ([None] * 2000, "missing in 2000 of 2000"),
        ("day", "groups is a str; give one label per row"),
        (5, "groups is a int"),
        (pd.DataFrame({"a": range(2000)}), "a DataFrame"),
        ([[1]] * 2000, "without a hash"),
    ],
)
def test_groups_that_do_not_fit_are_an_error(groups, message, held_out, linear):
    result = checks.BetterThanChampion("roc_auc").check(trial_of(held_out, linear(), linear("noisy"), groups))
    assert result.status == "error"
    assert message in result.message


def test_a_champion_that_can_not_predict_is_an_error_that_names_it(held_out, linear):
    result = checks.BetterThanChampion("roc_auc").check(trial_of(held_out, linear(), linear("nope")))
    assert result.status == "error"
    assert (
        result.message
        == "the champion's predict_proba raised KeyError on the held-out rows; call it on them to see why"
    )


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: checks.BetterThanChampion("auc"),
        lambda: checks.BetterThanChampion("f1", min_gain=float("nan")),
        lambda: checks.BetterThanChampion("f1", confidence=1.0),
        lambda: checks.BetterThanChampion("f1", confidence=float("nan")),
        lambda: checks.BetterThanChampion("f1", resamples=10),
        lambda: checks.BetterThanChampion("f1", seed=-1),
    ],
)
def test_bad_use_is_refused_at_construction(wrong):
    with pytest.raises(ValueError, match=r"metric|finite|must be"):
        wrong()
