from __future__ import annotations

import numpy as np
import pandas as pd
import pytest


class Linear:
    """A classifier whose log-odds are a column of the rows."""

    classes_ = np.array([0, 1])

    def __init__(self, column="signal"):
        self.column = column
        self.calls = 0

    def predict_proba(self, X):
        self.calls += 1
        positive = 1 / (1 + np.exp(-X[self.column].to_numpy()))
        return np.column_stack([1 - positive, positive])

    def predict(self, X):
        return (X[self.column].to_numpy() > 0).astype(int)


@pytest.fixture
def linear():
    return Linear


@pytest.fixture
def held_out():
    """Rows with a good signal, a worse one, three origins and forty days; and labels."""
    random = np.random.default_rng(7)
    y = random.integers(0, 2, 2000)
    signal = y + random.normal(size=2000)
    frame = pd.DataFrame(
        {
            "signal": signal,
            "noisy": signal + random.normal(size=2000),
            "origin": random.choice(["EWR", "JFK", "LGA"], 2000),
            "day": random.integers(0, 40, 2000),
        }
    )
    return frame, pd.Series(y)


@pytest.fixture
def flights():
    return pd.DataFrame(
        {
            "origin": ["EWR", "JFK", None, "LGA", "EWR", "XXX"],
            "dest": ["IAH", None, None, "ATL", "ORD", "MIA"],
            "distance": [1400.0, 2475.0, np.nan, 762.0, -5.0, 9000.0],
            "flight": [1, 2, 3, 1, 5, 6],
            "dep_time": [517.0, 533.0, np.nan, 554.0, 2300.0, 558.0],
            "arr_time": [830.0, 850.0, 923.0, np.nan, 40.0, 740.0],
            "tailnum": ["N14228", "N24211", None, "14228", "N1x", "NX"],
        },
        index=[10, 10, 11, 12, 13, 14],
    )
