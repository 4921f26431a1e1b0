import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from mlopskit.registry.registry import Registry
from mlopskit.storage.store import Store


@pytest.fixture(scope="session")
def flights():
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"distance": draw.uniform(100, 3000, 200), "origin_code": draw.integers(0, 3, 200)})
    return frame.assign(late=frame["distance"] > 1500)


@pytest.fixture
def registry(tmp_path, flights):
    """Two versions of a classifier; the first is the champion."""
    registry = Registry(Store(tmp_path / "store"))
    for columns in (["distance"], ["distance", "origin_code"]):
        model = LogisticRegression(max_iter=2000).fit(flights[columns], flights["late"])
        registry.register("flight-delays", model, sample=flights)
    registry.promote("flight-delays", 1)
    return registry
