import os

import numpy as np
import pytest

pytest.importorskip("torch")
os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")

from mlopskit.extras.keras import RunCallback


def test_each_epoch_is_a_step_and_the_values_are_those_of_the_history(tracker):
    keras.utils.set_random_seed(0)
    X = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")
    net = keras.Sequential([keras.layers.Dense(1)])
    net.compile(optimizer=keras.optimizers.SGD(learning_rate=0.05), loss="mse", metrics=["mae"])
    with tracker.start_run() as run:
        history = net.fit(
            X, X.sum(axis=1), epochs=3, validation_split=0.25, verbose=0, callbacks=[RunCallback(run)]
        ).history
    assert set(run.metrics) == {"loss", "mae", "val_loss", "val_mae"}
    for name, values in history.items():
        assert run.metric(name)["value"].tolist() == pytest.approx(values)
    assert run.params["optimizer.learning_rate"] == pytest.approx(0.05)
