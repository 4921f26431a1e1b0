import math

import pytest

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
