"""``memory://``: this process only, gone when it ends; for tests and first steps."""

from __future__ import annotations

import errno
import hashlib
import io
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from mlopskit.storage.backends.scratch import private_folder

_FILES: dict[str, bytes] = {}  # shared by all stores of the process: equal URLs mean the same store
_LOCK = threading.Lock()


class MemoryBackend:
    """Names below one prefix of a dictionary that the whole process shares."""

    needs_probe = False

    def __init__(self, prefix: str) -> None:
        self._prefix = f"{prefix}/"

    def read(self, name: str) -> bytes:
        try:
            return _FILES[self._prefix + name]
        except KeyError:
            raise FileNotFoundError(errno.ENOENT, "no such name", name) from None

    def read_many(self, names: Iterable[str]) -> dict[str, bytes]:
        found = ((name, _FILES.get(self._prefix + name)) for name in names)  # one look each: another may delete
        return {name: data for name, data in found if data is not None}

    def open(self, name: str) -> BinaryIO:
        return io.BytesIO(self.read(name))

    def size(self, name: str) -> int:
        return len(self.read(name))

    def version(self, name: str) -> str:
        return hashlib.sha256(self.read(name)).hexdigest()

    def create(self, name: str, data: bytes, *, durable: bool) -> None:
        with _LOCK:
            if self._prefix + name in _FILES:
                raise FileExistsError(errno.EEXIST, "name is taken", name)
            _FILES[self._prefix + name] = bytes(data)

    def create_from_file(self, name: str, path: Path, *, durable: bool) -> None:
        self.create(name, path.read_bytes(), durable=durable)

    def replace(self, name: str, data: bytes, *, version: str | None, durable: bool) -> None:
        with _LOCK:
            if version is not None and self.version(name) != version:
                raise FileExistsError(errno.EEXIST, "content has changed", name)
            _FILES[self._prefix + name] = bytes(data)

    def sync(self, name: str) -> None:
        """Nothing here survives the process anyway."""

    def list(self, folder: str, *, recursive: bool) -> list[str]:
        start = f"{self._prefix}{folder}/" if folder else self._prefix
        with _LOCK:
            names = [key[len(self._prefix) :] for key in _FILES if key.startswith(start)]
        if recursive:
            return sorted(names)
        cut = len(start) - len(self._prefix)
        return sorted({name[:cut] + _first_part(name[cut:]) for name in names})

    def delete(self, names: Iterable[str]) -> None:
        with _LOCK:
            for name in names:
                _FILES.pop(self._prefix + name, None)

    def scratch(self) -> Path:
        return private_folder()


def _first_part(name: str) -> str:
    head, slash, _ = name.partition("/")
    return head + slash
