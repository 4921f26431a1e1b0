import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from mlopskit.records.trial import Trial
from mlopskit.validation.checks import RobustTo


@pytest.fixture
def trial():
    random = np.random.default_rng(0)
    X = pd.DataFrame({"x": random.normal(size=2000), "n": random.integers(0, 9, 2000), "flag": True})
    y = pd.Series((X["x"] + random.normal(scale=0.5, size=2000) > 0).astype(int))
    return Trial(HistGradientBoostingClassifier(max_iter=20).fit(X[:1000], y[:1000]), X=X[1000:], y=y[1000:])


@pytest.mark.parametrize("trouble", ["noise", "missing"])
def test_a_little_trouble_costs_little_and_much_costs_much(trial, trouble):
    before = trial.X.copy()
    little = RobustTo(trouble, 0.02, resamples=300).check(trial)
    much = RobustTo(trouble, 0.9, resamples=300).check(trial)
    assert (little.observed["verdict"], much.observed["verdict"]) == ("robust", "not robust")
    assert (little.status, much.status) == ("passed", "failed")
    assert much.observed["low"] < much.observed["loss"] < much.observed["high"]
    pd.testing.assert_frame_equal(trial.X, before)


def test_noise_is_not_the_rows_themselves_if_both_were_drawn_with_the_same_seed(linear):
    X = pd.DataFrame({"signal": np.random.default_rng(0).normal(size=400)})
    y = (X["signal"] > 0).astype(int)
    assert RobustTo("noise", 0.5, seed=0).check(Trial(linear(), X=X, y=y)).observed["loss"] > 0.01


def test_infinite_and_complex_numbers_get_no_noise(trial):
    X = trial.X.assign(far=[np.inf] + [1.0] * 999, turn=1j)
    assert RobustTo("noise", 0.02, resamples=100).check(Trial(trial.model, X=X, y=trial.y)).ok


def test_noise_fits_into_narrow_numbers_and_reaches_columns_of_one_name():
    random = np.random.default_rng(0)
    seen = []

    class Watches:
        def predict(self, X):
            seen.append(X)
            return np.zeros(len(X))

    X = pd.DataFrame(
        {
            "int8": random.integers(-128, 128, 300).astype("int8"),
            "uint8": random.integers(0, 256, 300).astype("uint8"),
            "int64": np.iinfo("int64").max - random.integers(0, 10**12, 300),
            "uint64": np.iinfo("uint64").max - random.integers(0, 10**12, 300).astype("uint64"),
            "Int8": pd.array([None, *random.integers(-128, 128, 299)], dtype="Int8"),
            "float16": random.normal(size=300).astype("float16"),
        }
    )
    X = pd.concat([X, X[["float16"]]], axis=1)
    result = RobustTo("noise", 0.5, resamples=100).check(Trial(Watches(), X=X, y=random.normal(size=300)))
    assert result.status != "error", result
    plain, noisy = seen
    assert (noisy.dtypes == plain.dtypes).all()
    for place, name in enumerate(X.columns):
        before, after = (each.iloc[:, place].astype(float) for each in (plain, noisy))
        assert (before.isna() == after.isna()).all()
        assert abs(after - before).max() < 3 * before.std(), name
        assert (after != before).sum() > 200, name


def test_only_a_frame_is_spoiled():
    X, y = np.zeros((300, 2)), np.arange(300) % 2
    result = RobustTo("noise").check(Trial(LogisticRegression().fit(X, y), X=X, y=y))
    assert (result.status, "only a pandas DataFrame" in result.message) == ("error", True)


def test_a_loss_near_what_is_allowed_is_uncertain(trial):
    loss = RobustTo("noise", 0.3, resamples=300).check(trial).observed["loss"]
    result = RobustTo("noise", 0.3, max_loss=loss + 0.001, resamples=300).check(trial)
    assert (result.status, result.observed["verdict"]) == ("failed", "uncertain")


def test_a_model_that_raises_on_missing_values_is_not_robust_to_them(trial):
    model = LogisticRegression().fit(trial.X, trial.y)
    result = RobustTo("missing").check(Trial(model, X=trial.X, y=trial.y))
    assert (result.status, result.observed["verdict"]) == ("failed", "raises")
    assert (
        result.message
        == "the candidate's predict_proba raised ValueError on the spoiled rows; call it on them to see why"
    )


def test_a_model_that_raises_on_plain_rows_is_an_error(trial, linear):
    assert RobustTo("noise").check(Trial(linear("nope"), X=trial.X, y=trial.y)).status == "error"
    few = RobustTo("noise").check(Trial(trial.model, X=trial.X[:5], y=trial.y[:5]))
    assert (few.status, few.observed["verdict"]) == ("failed", "not enough data")


@pytest.mark.parametrize("wrong", [("dust", 0.1), ("noise", 0), ("missing", 1.5)])
def test_bad_use_is_refused_at_construction(wrong):
    with pytest.raises(ValueError, match=r"trouble|amount|share"):
        RobustTo(*wrong)
