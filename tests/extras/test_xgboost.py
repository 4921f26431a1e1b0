import numpy as np
import pytest

xgboost = pytest.importorskip("xgboost")

from mlopskit.extras.xgboost import RunCallback


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    y = (X[:, 0] + rng.normal(size=200) > 0).astype(int)
    return xgboost.DMatrix(X[:100], y[:100]), xgboost.DMatrix(X[100:], y[100:])


def test_each_round_is_a_step_and_the_values_are_those_xgboost_returns(tracker, data):
    train, test = data
    returned = {}
    with tracker.start_run() as run:
        xgboost.train(
            {"objective": "binary:logistic", "nthread": 1}, train, 5, evals=[(train, "train"), (test, "test")],
            evals_result=returned, callbacks=[RunCallback(run)], verbose_eval=False,
        )  # fmt: skip
    for name in ("train", "test"):
        found = run.metric(f"{name}/logloss")
        assert found["step"].tolist() == list(range(5))
        assert found["value"].tolist() == returned[name]["logloss"]


def test_early_stopping_tags_the_best_round(tracker, data):
    train, test = data
    with tracker.start_run() as run:
        booster = xgboost.train(
            {"objective": "binary:logistic", "nthread": 1, "max_depth": 8}, train, 200, evals=[(test, "test")],
            early_stopping_rounds=3, callbacks=[RunCallback(run)], verbose_eval=False,
        )  # fmt: skip
    assert run.tags["best_iteration"] == booster.best_iteration
    assert run.metric("test/logloss")["value"].min() == run.tags["best_score"] == booster.best_score


def test_cross_validation_logs_mean_and_deviation(tracker, data):
    with tracker.start_run() as run:
        table = xgboost.cv({"nthread": 1}, data[0], 3, nfold=3, callbacks=[RunCallback(run)])
    assert run.metric("test/rmse")["value"].tolist() == pytest.approx(table["test-rmse-mean"].tolist())
    assert run.metric("test/rmse_std")["value"].tolist() == pytest.approx(table["test-rmse-std"].tolist())
