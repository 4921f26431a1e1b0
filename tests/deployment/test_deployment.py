import gc
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from mlopskit.deployment import Deployment, PredictionLog
from mlopskit.errors import NotFoundError, SignatureError, StoreError
from mlopskit.registry.registry import Registry

CHAMPION = "flight-delays@champion"
ROOT = Path(__file__).parents[2]
PREAMBLE = """
import os, sys
from mlopskit import Deployment, Registry
deployment = Deployment(Registry(sys.argv[1]), "flight-delays@champion")
deployment.predict([{"distance": 700.0}, {"distance": 2500.0}])
"""


@pytest.fixture
def log(registry):
    return PredictionLog(registry.store, "flight-delays")


def start(registry, script):
    return subprocess.Popen(
        [sys.executable, "-c", PREAMBLE + script, registry.store.url], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def break_store(registry, monkeypatch):
    def create(*_, **__):
        raise StoreError("The store is away.")

    monkeypatch.setattr(type(registry.store), "create", create)


# -- predicting ------------------------------------------------------------------------------


def test_it_predicts_what_the_model_predicts_from_every_form_of_rows(registry, flights):
    model = registry.load(CHAMPION)
    with Deployment(registry, CHAMPION) as deployment:
        assert deployment.predict({"distance": 2500}).tolist() == [True]
        assert deployment.predict([{"distance": 2500}, {"distance": 200}]).tolist() == [True, False]
        assert np.array_equal(deployment.predict(flights), model.predict(flights))
        assert np.array_equal(deployment.predict(flights[["distance"]].to_numpy()), model.predict(flights))
        assert np.array_equal(deployment.predict_proba(flights), model.predict_proba(flights))
        assert len(deployment.predict([])) == 0


def test_a_model_without_probabilities_has_none_deployed(registry, flights):
    model = LinearRegression().fit(flights[["distance"]], flights["distance"] / 100)
    registry.register("minutes", model, sample=flights)
    with Deployment(registry, "minutes/1") as deployment:
        assert not hasattr(deployment, "predict_proba")
        deployment.predict({"distance": 1000})
    log = PredictionLog(registry.store, "minutes").read()
    assert log["prediction"].round(6).tolist() == [10.0]
    assert "probability" not in log


def test_what_is_not_registered_can_not_be_deployed(registry):
    with pytest.raises(NotFoundError):
        Deployment(registry, "flight-delays@canary")


def test_a_moved_alias_is_seen_on_refresh(registry, log):
    with Deployment(registry, CHAMPION) as deployment:
        deployment.predict({"distance": 700})
        assert not deployment.refresh()
        registry.promote("flight-delays", 2)
        assert deployment.version.number == 1
        assert deployment.refresh()
        assert deployment.version.number == 2
        deployment.predict({"distance": 700, "origin_code": 1})
    read = log.read()
    assert read["model_version"].tolist() == [1, 2]
    assert read["origin_code"].isna().tolist() == [True, False]


def test_after_a_refresh_that_failed_the_version_before_goes_on(registry, flights):
    registry.register("flight-delays", LinearRegression().fit(flights[["distance"]], flights["late"]))
    deployment = Deployment(registry, CHAMPION)
    registry.promote("flight-delays", 3)
    with pytest.raises(SignatureError, match="without a sample"):
        deployment.refresh()
    assert deployment.version.number == 1


def test_its_repr_says_what_it_is(registry):
    deployment = Deployment(registry, CHAMPION)
    deployment.predict({"distance": 700})
    assert repr(deployment) == "<Deployment flight-delays@champion: flight-delays/1, 1 rows to flush>"
    assert repr(Deployment(registry, CHAMPION, log=False)).endswith("not logged>")
    deployment.close()


# -- logging ---------------------------------------------------------------------------------


def test_requests_and_answers_are_logged(registry, log, flights):
    model = registry.load(CHAMPION)
    with Deployment(registry, CHAMPION) as deployment:
        deployment.predict(flights.head(3))
        deployment.predict_proba(flights.tail(2))
    read, asked = log.read(), pd.concat([flights.head(3), flights.tail(2)], ignore_index=True)
    assert list(read) == ["distance", "prediction", "probability", "model_version", "predicted_at", "prediction_id"]
    assert read["distance"].tolist() == asked["distance"].tolist()
    assert read["prediction"].tolist() == model.predict(asked).tolist()
    assert np.allclose(read["probability"], model.predict_proba(asked)[:, 1])
    assert (read["model_version"] == 1).all()
    assert read["prediction_id"].is_unique
    assert str(read["predicted_at"].dt.tz) == "UTC"


def test_without_log_nothing_is_written(registry, log):
    with Deployment(registry, CHAMPION, log=False) as deployment:
        deployment.predict({"distance": 700})
    assert log.read().empty


def test_a_request_that_does_not_fit_is_not_logged(registry, log):
    with Deployment(registry, CHAMPION) as deployment:
        with pytest.raises(SignatureError, match="distance"):
            deployment.predict({"distance": "far"})
        with pytest.raises(SignatureError):
            deployment.predict_proba([{"distance": 700}, {}])
    assert log.read().empty
    assert not registry.store.list("predictions")


def test_what_the_caller_changes_afterwards_is_logged_as_it_was(registry, log):
    frame, array = pd.DataFrame({"distance": [700.0]}), np.array([[800.0]])
    with Deployment(registry, CHAMPION) as deployment:
        deployment.predict(frame)
        deployment.predict(array)[:] = True
        frame.loc[0, "distance"] = array[0, 0] = 2900.0
    assert log.read()["distance"].tolist() == [700.0, 800.0]
    assert log.read()["prediction"].tolist() == [False, False]


def test_a_full_buffer_is_flushed(registry, log):
    deployment = Deployment(registry, CHAMPION, flush_rows=3)
    deployment.predict([{"distance": 700}] * 2)
    assert log.read().empty
    deployment.predict({"distance": 700})
    assert len(log.read()) == 3
    assert len(registry.store.list("predictions")) == 1
    deployment.flush()
    assert len(registry.store.list("predictions")) == 1


def test_several_outputs_are_several_columns(registry, flights):
    targets = flights[["distance", "origin_code"]] * 2.0
    registry.register("both", LinearRegression().fit(flights[["distance", "origin_code"]], targets), sample=flights)
    with Deployment(registry, "both/1") as deployment:
        deployment.predict({"distance": 700, "origin_code": 1})
    read = PredictionLog(registry.store, "both").read()
    assert read[["prediction.0", "prediction.1"]].round(6).to_numpy().tolist() == [[1400.0, 2.0]]


def test_threads_may_share_one(registry, log):
    deployment = Deployment(registry, CHAMPION, flush_rows=7)

    def ask():
        for _ in range(25):
            deployment.predict({"distance": 700})

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    deployment.close()
    assert len(log.read()) == 100


def test_features_that_the_log_has_as_its_own_are_refused(registry, flights):
    frame = flights[["distance"]].rename(columns={"distance": "probability"})
    registry.register("clash", LinearRegression().fit(frame, flights["late"]), sample=frame)
    with pytest.raises(SignatureError, match="takes probability, which the prediction log has"):
        Deployment(registry, "clash/1")
    assert len(Deployment(registry, "clash/1", log=False).predict({"probability": 1})) == 1


def test_a_segment_has_at_least_one_row(registry):
    with pytest.raises(ValueError, match="flush_rows"):
        Deployment(registry, CHAMPION, flush_rows=0)


# -- faults ----------------------------------------------------------------------------------


def test_a_prediction_does_not_fail_because_the_log_does(registry, log, monkeypatch):
    deployment = Deployment(registry, CHAMPION, flush_rows=2)
    with monkeypatch.context() as away:
        break_store(registry, away)
        with pytest.warns(RuntimeWarning, match="2 predictions are not in the log yet"):
            assert len(deployment.predict([{"distance": 700}] * 2)) == 2
        assert len(deployment.predict({"distance": 700})) == 1  # and the store is left alone for a while
        with pytest.raises(StoreError, match="away"):
            deployment.flush()
    deployment.predict({"distance": 700})
    assert len(log.read()) == 4


def test_what_was_flushed_survives_a_kill(registry, log):
    wait = "print(flush=True); import time; time.sleep(60)"
    process = start(registry, f"deployment.flush(); deployment.predict({{'distance': 1.0}}); {wait}")
    process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert log.read()["distance"].tolist() == [700.0, 2500.0]


def test_a_process_that_ends_by_itself_flushes(registry, log):
    process = start(registry, "")
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert len(log.read()) == 2


def test_one_that_is_dropped_flushes(registry, log):
    deployment = Deployment(registry, CHAMPION)
    deployment.predict({"distance": 700})
    del deployment
    gc.collect()
    assert len(log.read()) == 1


def test_a_fork_does_not_log_twice(registry, log):
    script = "child = os.fork()\nif not child: deployment.predict({'distance': 9.0})\nelse: os.waitpid(child, 0)"
    process = start(registry, script)
    process.communicate(timeout=60)
    assert sorted(log.read()["distance"]) == [9.0, 700.0, 2500.0]


def test_two_urls_of_one_store_share_the_log(registry, log):
    with Deployment(Registry(registry.store.url), CHAMPION) as deployment:
        deployment.predict({"distance": 700})
    assert len(log.read()) == 1
