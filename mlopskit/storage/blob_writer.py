"""`BlobWriter`: a file for bytes whose name is known only at their end, in memory while they are few."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any, BinaryIO, cast

from mlopskit.storage.blob import Blob
from mlopskit.storage.store import Store
from mlopskit.storage.translation import store_error

BLOCK = 1 << 20
_READ_AT_ONCE = 8 << 20  # the thread needs the interpreter once for so many bytes, and busy encoders let it wait


class BlobWriter(io.RawIOBase):
    """A file to write a blob's bytes to; `Blobs.writer` gives one.

    Parameters
    ----------
    store : Store
        Where the bytes are going to lie.
    in_memory : int
        How many bytes to hold in memory before a scratch file is made for them.

    Attributes
    ----------
    blob : Blob
        Digest and size of what was written; known once `finish` was called.
    """

    blob: Blob

    def __init__(self, store: Store, in_memory: int) -> None:
        self._store = store
        self._in_memory = in_memory
        self._file: BinaryIO = io.BytesIO()
        self._scratch: _Scratch | None = None
        self._size = 0

    @property
    def content(self) -> bytes | None:
        """What was written, unless it was too much for memory and lies at `path`."""
        return self._file.getvalue() if isinstance(self._file, io.BytesIO) else None

    @property
    def path(self) -> Path:
        """The scratch file of what was too much for memory."""
        assert self._scratch is not None  # noqa: S101 - there is none while there is `content`
        return self._scratch.path

    def writable(self) -> bool:
        """Say yes, as a file does."""
        return True

    def write(self, data: Any) -> int:
        """Append bytes; returns how many, which is always all of them."""
        view = data if isinstance(data, bytes) else memoryview(data).cast("B")
        self._size += len(view)
        try:
            if self._scratch is None and self._size > self._in_memory:
                self._spill()
            _write_all(self._file, view)
        except OSError as error:
            raise store_error(error, "a blob", str(self._store)) from error
        if self._scratch is not None:
            self._scratch.grown_to(self._size)
        return len(view)

    def finish(self) -> None:
        """Take no more bytes, and find out what those that came are called."""
        if self._scratch is None:
            self.blob = Blob.of(self.content or b"")
            return
        try:
            self.blob = Blob(self._scratch.digest(), self._size)
        except OSError as error:
            raise store_error(error, "a blob", str(self._store)) from error

    def close(self) -> None:
        """Close the scratch file and remove what has not become a blob."""
        if self._scratch is not None:
            self._scratch.close()
        super().close()

    def _spill(self) -> None:
        content = self.content or b""
        self._scratch = _Scratch(self._store.scratch() / f"{os.getpid()}-{uuid.uuid4().hex}")
        self._file = self._scratch.file
        _write_all(self._file, content)


class _Scratch:
    """A scratch file and its sha256, which a thread computes from the file while it grows.

    What is hashed is what the file holds, not what the writer was handed: so a value that somebody else
    changes meanwhile can not be kept under a wrong name, and no buffer has to outlive its ``write``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = cast("BinaryIO", path.open("xb", buffering=0))
        self._seen = 0
        self._growth: SimpleQueue[bool] = SimpleQueue()
        self._thread = ThreadPoolExecutor(1, "mlopskit-sha256")
        self._digest: Future[str] | None = None
        with contextlib.suppress(RuntimeError):  # no thread is to be had any more when the interpreter ends
            self._digest = self._thread.submit(self._follow)

    def grown_to(self, size: int) -> None:
        if size - self._seen >= BLOCK:
            self._seen = size
            self._growth.put(True)

    def digest(self) -> str:
        self.file.close()
        self._growth.put(True)
        self._growth.put(False)
        return self._digest.result() if self._digest else self._follow()

    def close(self) -> None:
        self._growth.put(False)
        self._thread.shutdown()
        self.file.close()
        self.path.unlink(missing_ok=True)

    def _follow(self) -> str:
        found, block = hashlib.sha256(), memoryview(bytearray(_READ_AT_ONCE))
        with self.path.open("rb", buffering=0) as file:
            while self._growth.get():
                while count := file.readinto(block):
                    found.update(block[:count])
        return found.hexdigest()


def _write_all(file: BinaryIO, data: Any) -> None:
    view = memoryview(data)
    while view:  # an unbuffered file may take less than it is given, on a full disk for one
        view = view[file.write(view) :]
