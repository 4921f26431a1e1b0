"""The user's files on this machine: found by path or pattern, and told apart by their content."""

from __future__ import annotations

import glob
import hashlib
import os
import time
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

_SETTLED_NS = 2 * 10**9
"""Once a file is older than this, its next change shows in its time, however coarse the disk's clock is."""


class LocalFiles:
    """Paths stay as relative as they were given, so that the same files are the same in another checkout."""

    def find(self, url: str, suffixes: tuple[str, ...]) -> Iterable[tuple[str, int | None, str]]:
        path = path_of(url)
        return [(each, _size(each), content_digest(each)) for each in _paths(path, suffixes)]

    def open(self, url: str) -> BinaryIO:
        return Path(path_of(url)).open("rb")

    def version(self, url: str) -> str:
        return content_digest(path_of(url))


def path_of(url: str) -> str:
    """Return the path that a local URL stands for."""
    protocol, separator, rest = url.partition("://")
    return os.path.expanduser(rest if separator and protocol in ("file", "local") else url)  # noqa: PTH111 - a pattern


def content_digest(path: str) -> str:
    """Digest what is in a file; one that has not changed since this process read it is not read again."""
    status = Path(path).stat()
    if time.time_ns() - status.st_mtime_ns < _SETTLED_NS:
        return _digest(path)
    return _known_digest(Path(path).absolute(), status.st_size, status.st_mtime_ns, status.st_ino)


@lru_cache(maxsize=100_000)
def _known_digest(path: Path, _size: int, _modified: int, _inode: int) -> str:
    return _digest(path)


def _digest(path: str | Path) -> str:
    with Path(path).open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _size(path: str) -> int:
    return Path(path).stat().st_size


def _paths(path: str, suffixes: tuple[str, ...]) -> list[str]:
    if Path(path).is_file():  # also one with a * in its name
        return [path]
    if Path(path).is_dir():
        return [each for each in glob.glob(f"{glob.escape(path.rstrip('/'))}/*") if _is_wanted(each, suffixes)]  # noqa: PTH207
    return [each for each in glob.glob(path, recursive=True) if Path(each).is_file()]  # noqa: PTH207 - keeps it relative


def _is_wanted(path: str, suffixes: tuple[str, ...]) -> bool:
    return path.lower().endswith(suffixes) and Path(path).is_file()
