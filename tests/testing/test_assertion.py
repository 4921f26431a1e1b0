import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from mlopskit import Validator, checks
from mlopskit.testing import assert_valid

FRAME = pd.DataFrame({"origin": ["JFK", None], "distance": [2475, 733]})


def test_rows_that_pass_give_the_report_and_others_an_assertion_with_all_of_it():
    assert assert_valid(FRAME, Validator([checks.NotNull("distance")])).ok
    suite = Validator([checks.NotNull("origin"), checks.Between("distance", 0, 1000), checks.NotNull("nope")])
    with pytest.raises(AssertionError, match=r"2 failed, 1 error(.|\n)*origin is never missing(.|\n)*nope"):
        assert_valid([FRAME], suite)


def test_warnings_do_not_fail():
    assert assert_valid(FRAME, Validator([checks.NotNull("origin", severity="warn")])).results[0].status == "failed"


def test_models_are_asserted_on_rows_with_labels():
    random = np.random.default_rng(0)
    X = pd.DataFrame({"x": random.normal(size=400)})
    y = X["x"] + random.normal(size=400) > 0
    model, train = LogisticRegression().fit(X[:200], y[:200]), (X[:200], y[:200])
    suite = Validator([checks.BetterThanDummy(), checks.MaxOverfit(0.3)])
    assert assert_valid(model, suite, X[200:], y[200:], train=train).ok
    with pytest.raises(AssertionError, match="there are no training rows"):
        assert_valid(model, suite, X[200:], y[200:])


@pytest.mark.parametrize("more", [{"X": FRAME}, {"y": [0, 1]}, {"champion": None}])
def test_half_a_trial_is_refused(more):
    with pytest.raises(TypeError, match="rows with labels"):
        assert_valid(None, Validator([checks.MinScore("roc_auc", 0.5)]), **more)
