import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from mlopskit.registry.registry import Registry
from mlopskit.storage.store import Store

ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def registry(store):
    return Registry(store)


@pytest.fixture(scope="session")
def flights():
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"distance": draw.uniform(100, 3000, 300), "hour": draw.integers(5, 23, 300)})
    return frame.assign(late=(frame["hour"] + draw.normal(0, 3, 300) > 15).astype(int))


@pytest.fixture(scope="session")
def model(flights):
    return LogisticRegression(max_iter=1000).fit(flights[["distance", "hour"]], flights["late"])


@pytest.fixture
def start(tmp_path):
    """Start Python processes on this test's store; each has it as ``registry``."""
    preamble = f"from mlopskit.registry.registry import Registry\nregistry = Registry({str(tmp_path / 'store')!r})\n"
    running = []

    def start(script, **environment):
        running.append(
            subprocess.Popen(
                [sys.executable, "-c", preamble + script],
                cwd=ROOT,
                env=os.environ | environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()
