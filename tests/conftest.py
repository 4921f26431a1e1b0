import importlib.util
import os
import subprocess
from pathlib import Path

import pytest


@pytest.fixture(autouse=True, scope="session")
def _own_configuration(tmp_path_factory):
    """Keys made by tests never touch the user's own configuration."""
    os.environ["MLOPSKIT_CONFIG"] = str(tmp_path_factory.mktemp("configuration"))
    os.environ.pop("MLOPSKIT_KEY", None)
    os.environ.pop("MLOPSKIT_STORE", None)


@pytest.fixture(scope="session")
def s3_options():
    """Storage options for an S3 server of this test session, with the bucket ``team``."""
    for name in ("s3fs", "moto"):
        pytest.importorskip(name)
    specification = importlib.util.spec_from_file_location("s3_server", Path(__file__).with_name("s3_server.py"))
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    with module.running_s3() as options:
        yield options


@pytest.fixture
def small_disk(tmp_path):
    """A real filesystem of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs privileges")
    yield folder
    subprocess.run(["umount", folder], check=True)
