"""Long runs of bytes: cut into leaves of fixed size, hashed side by side, joined in order."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import TypeVar

LEAF_BYTES = 1 << 20
"""Part of the format: the leaf digests are what gets sealed."""

_WORKERS = min(8, os.cpu_count() or 1)
_WORTH_THREADS = 4

Leaf = TypeVar("Leaf")


class Leaves:
    """Hash leaves on threads; sha256 lets go of the GIL.

    The threads start with the first long buffer and end with the ``with`` block: any that outlived it
    would be missing from a forked child, or make the fork itself a hazard.
    """

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> Leaves:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._pool:
            self._pool.shutdown()

    def digests(self, digest_of: Callable[[int], Leaf], starts: range) -> list[Leaf]:
        """Digest the leaf that begins at each start, in order."""
        if len(starts) < _WORTH_THREADS:
            return [digest_of(start) for start in starts]
        self._pool = self._pool or ThreadPoolExecutor(_WORKERS, thread_name_prefix="fingerprint")
        return list(self._pool.map(digest_of, starts))

    def content(self, buffer: bytes | bytearray | memoryview) -> bytes:
        """Join the leaf digests of contiguous bytes."""
        view = memoryview(buffer)

        def leaf(start: int) -> bytes:
            return hashlib.sha256(view[start : start + LEAF_BYTES]).digest()

        return b"".join(self.digests(leaf, range(0, len(view), LEAF_BYTES)))
