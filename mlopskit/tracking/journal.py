"""What a writer notes on its own machine, so that another process can finish its work if it is killed.

A journal is a file of JSON lines next to the writer's parts. The writer holds a lock on it while
it lives, which the kernel drops when it dies: whoever gets the lock knows that nobody else writes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mlopskit.errors import FormatError
from mlopskit.storage.canonical_json import decode, encode

SUFFIX = ".journal"


class Journal:
    """The journal of a writer that this process is, or has taken over.

    Parameters
    ----------
    path : Path
    descriptor : int
        The open file, locked.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    @classmethod
    def create(cls, path: Path, header: dict[str, Any]) -> Journal:
        """Make a journal that begins with `header`, and hold its lock."""
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".new")  # nobody shall find it before it is locked
        journal = cls(path, os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o666))
        _lock(journal._descriptor)
        journal.append(header)
        unfinished.rename(path)
        return journal

    @classmethod
    def take_over(cls, path: Path) -> Journal | None:
        """Open the journal of a dead writer; None if the writer lives, or somebody else has taken it over."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND)
        except FileNotFoundError:
            return None
        if _lock(descriptor) and path.exists():  # whoever had it before has not removed it meanwhile
            return cls(path, descriptor)
        os.close(descriptor)
        return None

    def append(self, entry: dict[str, Any]) -> None:
        """Note something; it survives the death of this process, not a power loss."""
        os.write(self._descriptor, encode(entry) + b"\n")

    def entries(self) -> Iterator[dict[str, Any]]:
        """Read what was noted; a line that was torn by a full disk is left out."""
        for line in self.path.read_bytes().split(b"\n"):
            try:
                entry = decode(line) if line else None
            except FormatError:
                continue
            if isinstance(entry, dict):
                yield entry

    def close(self) -> None:
        """Let go of the file, as a forked child does with its parent's."""
        os.close(self._descriptor)

    def remove(self) -> None:
        """Remove the journal: nothing is left to be done."""
        self.path.unlink(missing_ok=True)
        self.close()


def _lock(descriptor: int) -> bool:
    """Take the lock that lives as long as this open file; False if another open file has it."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
