import itertools

import pytest

from mlopskit.storage.store import Store

_numbers = itertools.count()


@pytest.fixture(params=["local", "memory"])
def store(request, tmp_path):
    return Store(tmp_path / "store" if request.param == "local" else f"memory://pipeline-tests-{next(_numbers)}")


@pytest.fixture
def local_store(tmp_path):
    return Store(tmp_path / "store")


class Recorder:
    """A tracker that remembers what it was told, and whose observers have a run."""

    def __init__(self):
        self.events = []

    def observe(self):
        return Observer(self.events)


class Observer:
    run = "the tracked run"

    def __init__(self, events):
        self._events = events

    def __call__(self, event):
        self._events.append(event)


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def status():
    """What became of each step of a result."""
    return lambda result: dict(zip(result.steps["step"], result.steps["status"], strict=True))
