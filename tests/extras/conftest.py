import uuid

import pytest

from mlopskit.tracking.tracker import Tracker


def pytest_collection_modifyitems(items):
    """What other libraries warn of is theirs."""
    for item in items:
        if "extras" in item.path.parts:
            item.add_marker(pytest.mark.filterwarnings("ignore"))


@pytest.fixture
def tracker():
    return Tracker(f"memory://{uuid.uuid4().hex}", environment=False)
