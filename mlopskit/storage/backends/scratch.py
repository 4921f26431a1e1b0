"""A private local folder for what is on its way to a store that lies elsewhere."""

from __future__ import annotations

import os
import shutil
import tempfile
from functools import cache
from pathlib import Path


def private_folder() -> Path:
    """Return a folder that only this user can enter, removed when this process ends."""
    return _folder_of(os.getpid())


@cache
def _folder_of(process: int) -> Path:
    """Made anew after a fork, since the parent removes its own."""
    from multiprocessing.util import Finalize  # unlike atexit, it also runs at the end of worker processes

    folder = tempfile.mkdtemp(prefix=f"mlopskit-{process}-")
    Finalize(None, shutil.rmtree, args=(folder,), kwargs={"ignore_errors": True}, exitpriority=0)
    return Path(folder)
