"""A file whose reading runs under a guard."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, TypeAlias

Guard: TypeAlias = Callable[[Callable[[], Any]], Any]


class GuardedReader(io.RawIOBase):
    """A file read through `guard`, which runs each request and may translate its errors or repeat it.

    A request that failed must have left the file's position alone, as fsspec's files do.
    """

    def __init__(self, file: Any, guard: Guard) -> None:
        super().__init__()
        self._file = file
        self._guard = guard

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return int(self._guard(lambda: self._file.readinto(buffer)))

    def readall(self) -> bytes:
        return bytes(self._guard(self._file.read))

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        return int(self._file.tell())

    def close(self) -> None:
        self._file.close()
        super().close()
