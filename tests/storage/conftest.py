import uuid

import pytest

from mlopskit.storage.store import Store


@pytest.fixture(params=["local", "memory", pytest.param("s3", marks=pytest.mark.s3)])
def store(request, tmp_path):
    """An empty store of each kind of backend."""
    if request.param == "local":
        return Store(tmp_path / "store")
    if request.param == "memory":
        return Store(f"memory://{uuid.uuid4().hex}")
    return Store(f"s3://team/{uuid.uuid4().hex}", **request.getfixturevalue("s3_options"))


@pytest.fixture
def local(tmp_path):
    return Store(tmp_path / "store")
