import uuid

import pytest

from mlopskit.storage.store import Store
from mlopskit.tracking.tracker import Tracker


@pytest.fixture(params=["local", "memory"])
def store(request, tmp_path):
    return Store(tmp_path / "store" if request.param == "local" else f"memory://{uuid.uuid4().hex}")


@pytest.fixture
def tracker(store):
    return Tracker(store, experiment="flight-delays")
