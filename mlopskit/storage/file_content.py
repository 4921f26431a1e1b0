"""What is in a file of the user's, told by its digest and read again only when it may have changed."""

from __future__ import annotations

import functools
import hashlib
import time
from pathlib import Path

_SETTLED_NS = 2 * 10**9
"""Once a file is older than this, its next change shows in its times, however coarse the disk's clock is."""


def file_digest(path: Path) -> bytes:
    """Digest what is in a file; read again only when it may have changed since this process read it last.

    Raises
    ------
    OSError
        If it can not be read.

    Examples
    --------
    >>> file_digest(Path(__file__)) == file_digest(Path(__file__).resolve())
    True
    """
    status = path.stat()
    # The time of the last change of any kind too: the other one can be set, as unpacking an archive does.
    state = status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino
    if time.time_ns() - status.st_ctime_ns < _SETTLED_NS:
        return _digest(path)
    return _known_digest(path.absolute(), state)


@functools.lru_cache(maxsize=100_000)
def _known_digest(path: Path, _: tuple[int, ...]) -> bytes:
    return _digest(path)


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
