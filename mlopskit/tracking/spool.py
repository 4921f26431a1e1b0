"""Where metric points wait for the store: preallocated, memory-mapped parts of fixed-size records.

A point is one `struct.pack_into` into a part. The kernel owns the mapped bytes from then on, so a
process that is killed loses nothing that it has packed: `recovery` finds the parts and the
journal that tells whose they are. A part is allocated on the disk when it is made, so that a
full disk refuses the part rather than killing the process at some later write.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from mlopskit.storage.store import Store

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

POINT = struct.Struct("<qqdI")
"""Step, time in nanoseconds, value, and key + 1, which comes last: while it is zero the point is not there."""

FOLDER_VARIABLE = "MLOPSKIT_SPOOL"
_FIELDS = [("step", "<i8"), ("time", "<i8"), ("value", "<f8"), ("mark", "<u4")]


def spool_folder(store: Store) -> Path | None:
    """Return where points wait on this machine for `store`; None for a store in this process's memory.

    Next to what lies on a local disk; otherwise below ``$MLOPSKIT_SPOOL``, by default a folder
    among this user's application state.
    """
    if (path := store.local_path("spool")) is not None:
        return path.with_name(".spool")
    if store.url.startswith("memory://"):
        return None
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    folder = Path(os.environ.get(FOLDER_VARIABLE) or Path(state) / "mlopskit" / "spool")
    return folder / hashlib.sha256(store.url.encode()).hexdigest()[:32]


class Part:
    """Room for a fixed number of points, which one writer fills in order.

    Attributes
    ----------
    buffer : mmap
        The records.
    next_offset : callable
        Hands out the place of the next record, never twice, without a lock.
    first, capacity : int
        Number of the first point, and how many there is room for.
    path : Path or None
        None for room that only this process has.
    """

    __slots__ = ("buffer", "capacity", "first", "next_offset", "path")

    def __init__(self, path: Path | None, first: int, capacity: int) -> None:
        self.path = path
        self.first = first
        self.capacity = capacity
        size = capacity * POINT.size
        self.buffer = mmap.mmap(-1, size) if path is None else _mapped(path, size)
        self.next_offset: Callable[[], int] = count(0, POINT.size).__next__

    def records(self) -> NDArray[np.void]:
        """Return a copy of all records; one whose ``mark`` is zero has not been written."""
        return _records(bytes(self.buffer))

    def is_written(self, number: int) -> bool:
        """Whether the point of that number is there."""
        place = (number - self.first) * POINT.size
        return place < len(self.buffer) and self.buffer[place + POINT.size - 4 : place + POINT.size] != bytes(4)

    def remove(self) -> None:
        """Give the room back; a thread that still wants to write to it gets a TypeError."""
        self.buffer.close()
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def part_path(folder: Path, writer: str, first: int) -> Path:
    """Return where a writer's part lies."""
    return folder / f"{writer}-{first:012}.points"


def read_part(path: Path) -> tuple[int, NDArray[np.void]]:
    """Read a part that a dead writer left: number of its first point, and its records."""
    data = path.read_bytes()
    return int(path.stem.rpartition("-")[2]), _records(data[: len(data) // POINT.size * POINT.size])


def _records(data: bytes) -> NDArray[np.void]:
    import numpy as np

    return np.frombuffer(data, np.dtype(_FIELDS))


def _mapped(path: Path, size: int) -> mmap.mmap:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        _allocate(descriptor, size)
        return mmap.mmap(descriptor, size)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _allocate(descriptor: int, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:  # macOS, Windows
        os.write(descriptor, bytes(size))
