import numpy as np
import pytest

lightgbm = pytest.importorskip("lightgbm")

from mlopskit.extras.lightgbm import RunCallback

PARAMS = {"objective": "binary", "num_threads": 1, "verbose": -1, "min_data_in_leaf": 5}


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    y = (X[:, 0] + rng.normal(size=400) > 0).astype(int)
    train = lightgbm.Dataset(X[:200], y[:200])
    return train, lightgbm.Dataset(X[200:], y[200:], reference=train)


def test_each_round_is_a_step_and_the_values_are_those_lightgbm_records(tracker, data):
    recorded = {}
    with tracker.start_run() as run:
        lightgbm.train(
            PARAMS, data[0], 5, valid_sets=list(data), valid_names=["train", "test"],
            callbacks=[lightgbm.record_evaluation(recorded), RunCallback(run)],
        )  # fmt: skip
    for name in ("train", "test"):
        found = run.metric(f"{name}/binary_logloss")
        assert found["step"].tolist() == list(range(5))
        assert found["value"].tolist() == recorded[name]["binary_logloss"]


def test_the_round_that_stops_a_training_early_is_logged_too(tracker, data):
    recorded = {}
    with tracker.start_run() as run:
        lightgbm.train(
            PARAMS, data[0], 200, valid_sets=[data[1]], valid_names=["test"],
            callbacks=[lightgbm.early_stopping(3, verbose=False), lightgbm.record_evaluation(recorded),
                       RunCallback(run)],
        )  # fmt: skip
    assert run.metric("test/binary_logloss")["value"].tolist() == recorded["test"]["binary_logloss"]
    assert len(recorded["test"]["binary_logloss"]) < 200


def test_cross_validation_logs_mean_and_deviation(tracker, data):
    with tracker.start_run() as run:
        found = lightgbm.cv(PARAMS, data[0], 3, nfold=3, callbacks=[RunCallback(run)])
    logged = {name: run.metric(name)["value"].tolist() for name in run.metrics}
    assert sorted(map(tuple, logged.values())) == sorted(map(tuple, found.values()))
