"""Streams that change, and how a detector of River's answers about them."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def numbers():
    """Give a stream of ten stretches with one mean each, some of which equal their neighbours."""

    def draw(seed: int, size: int = 3000) -> np.ndarray:
        random = np.random.default_rng(seed)
        means = np.cumsum(random.choice([0.0, 0.0, 0.5, -1.0, 4.0], 10))
        return random.normal(np.repeat(means, size // 10), random.choice([0.1, 1.0, 3.0]))

    return draw


@pytest.fixture
def errors():
    """Give errors of a model whose error rate changes nine times."""

    def draw(seed: int, size: int = 3000) -> np.ndarray:
        random = np.random.default_rng(seed)
        rates = random.random(10) * random.choice([0.02, 0.1, 0.5, 1.0])
        return (random.random(size) < np.repeat(rates, size // 10)).astype(float)

    return draw


@pytest.fixture
def river_alarms():
    """Run one of River's detectors, named as ``drift.ADWIN``, and give the positions of its alarms."""
    pytest.importorskip("river")

    def run(name: str, values: np.ndarray, **params) -> list[int]:
        detector = river_detector(name, **params)
        alarms = []
        for position, value in enumerate(values.tolist()):
            detector.update(value)
            if detector.drift_detected:
                alarms.append(position)
        return alarms

    return run


@pytest.fixture
def river():
    """Make one of River's detectors."""
    pytest.importorskip("river")
    return river_detector


def river_detector(name: str, **params):
    from river import drift
    from river.drift import binary

    place, _, kind = name.rpartition(".")
    return getattr({"drift": drift, "binary": binary}[place], kind)(**params)
