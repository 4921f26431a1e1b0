"""Fixtures of pytest: a store of the test's own, and suites from files beside it.

A ``conftest.py`` enables them with ``pytest_plugins = ["mlopskit.testing.fixtures"]``.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mlopskit.errors import FormatError, NotFoundError
from mlopskit.registry.registry import Registry
from mlopskit.storage.store import Store
from mlopskit.tracking.tracker import Tracker
from mlopskit.validation import Validator


@pytest.fixture
def mlopskit_store(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Give an empty store in a temporary folder, which is the default store as long as the test runs."""
    store = Store(tmp_path_factory.mktemp("mlopskit-store"))
    monkeypatch.setenv("MLOPSKIT_STORE", store.url)
    return store


@pytest.fixture
def mlopskit_tracker(mlopskit_store: Store) -> Tracker:
    """Give a tracker on the test's own store."""
    return Tracker(mlopskit_store)


@pytest.fixture
def mlopskit_registry(mlopskit_store: Store) -> Registry:
    """Give a registry on the test's own store."""
    return Registry(mlopskit_store)


@pytest.fixture
def mlopskit_suite(request: pytest.FixtureRequest) -> Callable[[str], Validator]:
    """Give a function that reads a `Validator` from a file of JSON, whose path begins at the folder of the test.

    Raises
    ------
    NotFoundError
        If there is no such file.
    FormatError
        If `Validator.from_json` can not read it.
    """

    def suite(name: str) -> Validator:
        __tracebackhide__ = True  # pytest then points at the test, not here
        path = request.path.parent / name
        if not path.is_file():
            raise NotFoundError(f"there is no suite {path}: write what Validator.to_json gives to this file")
        try:
            return Validator.from_json(path.read_text(encoding="utf-8"))
        except FormatError as error:
            raise FormatError(f"{path}: {error}") from error

    return suite
