import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier

from mlopskit.records.trial import Trial
from mlopskit.validation.checks import Deterministic, RowByRow

X = pd.DataFrame({"x": np.arange(60.0), "z": np.arange(60.0) % 7})


class Answers:
    def __init__(self, answer):
        self.predict = answer


def test_a_fitted_forest_is_consistent():
    y = np.column_stack([X["x"] > 30, X["z"] > 3])
    for labels in (y[:, 0], y):
        trial = Trial(RandomForestClassifier(5, random_state=0).fit(X, labels), X=X, y=labels)
        assert Deterministic().check(trial).status == "passed"
        assert RowByRow().check(trial).status == "passed"


def test_a_model_that_rolls_dice_is_not_deterministic():
    random = np.random.default_rng(0)
    result = Deterministic().check(Trial(Answers(lambda rows: random.normal(size=len(rows))), X=X))
    assert (result.status, result.failed, result.observed["verdict"]) == ("failed", 60, "not the same")
    assert result.examples == result.labels == tuple(range(10))


@pytest.mark.parametrize("rows", [X, X.to_numpy()])
def test_a_model_that_looks_at_the_other_rows_is_found(rows):
    centred = Answers(lambda some: np.asarray(some)[:, 0] - np.asarray(some)[:, 0].mean())
    result = RowByRow(5).check(Trial(centred, X=rows))
    assert (result.status, result.failed) == ("failed", 5)
    assert result.labels == (result.examples if rows is X else ())
    place = Answers(lambda some: np.arange(len(some)))
    assert RowByRow(5).check(Trial(place, X=rows)).failed > 50


def test_rounding_is_allowed():
    rounded = Answers(lambda rows: rows["x"] * (1 + 1e-9 * len(rows)))
    assert RowByRow().check(Trial(rounded, X=X)).status == "passed"
    assert RowByRow(tolerance=1e-12).check(Trial(rounded, X=X)).status == "failed"


def raises(rows):
    raise RuntimeError("JFK")


@pytest.mark.parametrize(
    ("trial", "message"),
    [
        (Trial(Answers(raises), X=X), "predict raised RuntimeError on the held-out rows"),
        (Trial(Answers(lambda rows: [1]), X=X), r"shape (1,) for 60 rows"),
        (Trial(object(), X=X), "object without predict"),
        (Trial(object()), "pass X"),
    ],
)
@pytest.mark.parametrize("check", [Deterministic(), RowByRow()])
def test_what_can_not_be_asked_is_an_error(check, trial, message):
    result = check.check(trial)
    assert (result.status, message in result.message) == ("error", True)
