import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from mlopskit.records.trial import Trial
from mlopskit.validation import checks


def test_min_score_measures_on_held_out_rows(held_out, linear):
    trial = Trial(linear(), X=held_out[0], y=held_out[1])
    result = checks.MinScore("roc_auc", 0.7).check(trial)
    assert result.status == "passed"
    assert result.observed["candidate"] == pytest.approx(0.76, abs=0.02)
    assert (result.observed["n"], result.observed["threshold"], result.observed["direction"]) == (2000, 0.7, "higher")
    assert checks.MinScore("roc_auc", 0.9).check(trial).status == "failed"


@pytest.mark.parametrize(("minimum", "status"), [(0.4, "failed"), (0.5, "passed"), (0.6, "passed")])
def test_where_lower_is_better_the_minimum_is_the_largest_that_passes(minimum, status):
    assert checks.MinScore("log_loss", minimum).check(Trial(None, scores={"log_loss": 0.5})).status == status


def test_recorded_scores_are_said_to_be():
    result = checks.MinScore("roc_auc", 0.7).check(Trial(None, scores={"roc_auc": 0.71}))
    assert (result.message, result.observed["n"]) == ("roc_auc is 0.71, as recorded", None)


def test_no_score_at_all_is_an_error():
    result = checks.MinScore("roc_auc", 0.7).check(Trial(None, scores={"f1": 0.71}))
    assert result.status == "error"
    assert "no recorded one of the candidate" in result.message


def test_an_undefined_score_is_no_pass(held_out, linear):
    X, y = held_out
    result = checks.MinScore("roc_auc", 0.0).check(Trial(linear(), X=X[y == 1], y=y[y == 1]))
    assert result.status == "failed"
    assert result.message.startswith("not enough data")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: checks.MinScore("auc", 0.7),
        lambda: checks.MinScore("roc_auc", math.nan),
        lambda: checks.MinScore("f1", math.inf),
    ],
)
def test_bad_use_is_refused_at_construction(wrong):
    with pytest.raises(ValueError, match=r"metric|finite"):
        wrong()


def test_a_score_near_the_minimum_is_uncertain_and_does_not_pass(held_out, linear):
    trial = Trial(linear(), X=held_out[0], y=held_out[1])
    score = checks.MinScore("roc_auc", 0.5).check(trial).observed["candidate"]
    result = checks.MinScore("roc_auc", score - 0.001).check(trial)
    assert (result.status, result.observed["verdict"]) == ("failed", "uncertain")
    assert result.message.startswith("uncertain: roc_auc is 0.7")
    assert result.observed["low"] < score - 0.001 < result.observed["high"]
    assert not result.ok
    assert checks.MinScore("roc_auc", score - 0.001, severity="warn").check(trial).ok


@pytest.mark.parametrize(
    ("metric", "minimum", "verdict"),
    [("roc_auc", 0.5, "good enough"), ("roc_auc", 0.95, "too low"), ("log_loss", 0.1, "too high"),
     ("log_loss", 0.9, "good enough")],
)  # fmt: skip
def test_the_verdict_respects_the_direction(metric, minimum, verdict, held_out, linear):
    result = checks.MinScore(metric, minimum, resamples=200).check(Trial(linear(), X=held_out[0], y=held_out[1]))
    assert result.observed["verdict"] == verdict
    assert (result.status == "passed") == (verdict == "good enough")


def test_a_few_right_answers_are_no_certainty(linear):
    X = pd.DataFrame({"signal": [3.0, -3.0] * 6})
    result = checks.MinScore("accuracy", 0.9).check(Trial(linear(), X=X, y=[1, 0] * 6))
    assert (result.observed["candidate"], result.observed["verdict"]) == (1.0, "uncertain")
    assert result.observed["low"] == pytest.approx(0.757, abs=0.001)
    result = checks.MinScore("f1", 0.5).check(Trial(linear(), X=X[:8], y=[1, 0] * 4))
    assert result.message == "not enough data: 8 rows, and at least 20 are needed"


@pytest.mark.parametrize(("rows", "verdict"), [(40, "uncertain"), (4000, "good enough")])
def test_a_model_that_is_always_right_is_not_certain_to_be_right_elsewhere(rows, verdict, linear):
    X, y = pd.DataFrame({"signal": [3.0, -3.0] * (rows // 2)}), [1, 0] * (rows // 2)
    for metric in ("roc_auc", "f1"):
        observed = checks.MinScore(metric, 0.99).check(Trial(linear(), X=X, y=y)).observed
        assert (observed["candidate"], observed["high"], observed["verdict"]) == (1.0, 1.0, verdict)
        exact = binomtest(rows // 2, rows // 2).proportion_ci(0.95, method="exact").low
        assert observed["low"] == pytest.approx(exact, abs=1e-9)


def test_a_rare_class_of_few_rows_is_not_enough_data(linear):
    X, y = pd.DataFrame({"signal": [3.0] * 9 + [-3.0] * 991}), [1] * 9 + [0] * 991
    for metric in ("roc_auc", "f1"):
        result = checks.MinScore(metric, 0.5).check(Trial(linear(), X=X, y=y))
        assert result.observed["verdict"] == "not enough data"
        assert "9 rows or groups of rows that the score hangs on" in result.message
    assert checks.MinScore("brier", 0.5).check(Trial(linear(), X=X, y=y)).ok


def test_rows_that_belong_together_make_the_interval_wider(linear):
    random = np.random.default_rng(0)
    y = random.integers(0, 2, 40)
    X = pd.DataFrame({"signal": np.tile(y + random.normal(size=40), 50)})
    trials = [Trial(linear(), X=X, y=np.tile(y, 50), groups=groups) for groups in (None, np.tile(range(40), 50))]
    alone, together = (checks.MinScore("roc_auc", 0.5, resamples=200).check(trial).observed for trial in trials)
    assert together["high"] - together["low"] > 3 * (alone["high"] - alone["low"])


def test_several_outputs_have_the_mean_of_their_scores():
    random = np.random.default_rng(0)
    X = random.normal(size=(300, 3))
    y = X @ random.normal(size=(3, 2)) + random.normal(size=(300, 2)) * [0.1, 2]
    model = LinearRegression().fit(X, y)
    result = checks.MinScore("r2", 0.2).check(Trial(model, X=X, y=pd.DataFrame(y)))
    assert result.observed["candidate"] == pytest.approx(r2_score(y, model.predict(X)))
    result = checks.MinScore("roc_auc", 0.2).check(Trial(model, X=X, y=y))
    assert (result.status, "2 outputs" in result.message) == ("error", True)
