"""The user's files on this machine: found by path or pattern, and told apart by their content."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import BinaryIO

from mlopskit.storage.file_content import file_digest


class LocalFiles:
    """Paths stay as relative as they were given, so that the same files are the same in another checkout."""

    def find(self, url: str, suffixes: tuple[str, ...]) -> Iterable[tuple[str, int | None, str]]:
        path = path_of(url)
        return [(each, _size(each), _version(each)) for each in _paths(path, suffixes)]

    def open(self, url: str) -> BinaryIO:
        return Path(path_of(url)).open("rb")

    def version(self, url: str) -> str:
        return _version(path_of(url))

    def below(self, url: str) -> dict[str, str]:
        path = path_of(url)
        if Path(path).is_file():
            return {"": path}
        return {os.path.relpath(file, path): file for file in _walk(path)}


def is_marked(path: PurePath) -> bool:
    """Whether a name on the path begins with ``_`` or a dot, and so marks what is none of the data."""
    return any(part.startswith(("_", ".")) for part in path.parts)


def is_local(url: str) -> bool:
    """Whether a URL is a path on this machine."""
    protocol, separator, _ = url.partition("://")
    return not separator or protocol in ("file", "local")


def path_of(url: str) -> str:
    """Return the path that a local URL stands for."""
    path = url.partition("://")[2] if "://" in url and is_local(url) else url
    return os.path.expanduser(path)  # noqa: PTH111 - a pattern


def _walk(path: str) -> Iterator[str]:
    """Yield the files below a folder, those behind links too, and those of no folder twice."""
    root = Path(os.path.realpath(path))
    seen = {root}

    def is_new(folder: Path) -> bool:
        real = Path(os.path.realpath(folder))
        if real in seen or (
            folder.is_symlink() and real.is_relative_to(root) and not is_marked(real.relative_to(root))
        ):
            return False  # what lies below anyway keeps its own path
        seen.add(real)
        return True

    for folder, folders, names in os.walk(path, onerror=_raise, followlinks=True):
        folders[:] = [name for name in folders if not is_marked(Path(name)) and is_new(Path(folder, name))]
        yield from (f"{folder}/{name}" for name in names)


def _raise(error: OSError) -> None:
    raise error


def _version(path: str) -> str:
    return f"sha256:{file_digest(Path(path)).hex()}"


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
