"""`Leases`: who is making an output right now, so that two runs do not do the same work.

A lease is ``cache/leases/<key>.json``, created exclusively and rewritten every few seconds while its
owner lives. Whoever finds one waits for the output, and takes the lease over when its owner is seen to be gone:
on the same machine at once, elsewhere when the lease has not changed for a while by the waiter's own
clock. Leases only save work. Two owners at once, or none, make nothing wrong: an output is kept under the
digest of all it was made of, whoever makes it.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import attrs

from mlopskit.errors import ConflictError, MlopskitError, NotFoundError
from mlopskit.storage.canonical_json import decode, encode
from mlopskit.storage.identifiers import new_id
from mlopskit.storage.store import Store

BEAT_SECONDS = 5.0
PATIENCE = 4 * BEAT_SECONDS
"""How long a lease must stay as it is before its owner counts as gone."""


@attrs.define
class Lease:
    """One output that this process is making."""

    store: Store
    name: str
    owner: str
    beats: int = 0

    def content(self) -> bytes:
        """Return what is written: another text with every beat."""
        return encode({"owner": self.owner, "host": this_host(), "pid": os.getpid(), "beats": self.beats})


class Leases:
    """The leases of one run.

    Parameters
    ----------
    store : Store
        Where they lie.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._owner = new_id()
        self._original: Path | None = None
        self._ended: list[str] = []
        self._unleased: set[str] = set()

    def take(self, key: str) -> Lease | None:
        """Take the lease of an output, or return None if somebody else has it.

        A store that can not be written to gives none of its leases away, and then there is nothing to wait for either.
        """
        lease = Lease(self._store, _name(key), self._owner)
        if key in self._unleased:
            return lease
        try:
            self._create(lease)
        except ConflictError:
            return None
        except (MlopskitError, OSError):
            return lease
        _heart.keep(lease)
        return lease

    def wait(self, key: str, is_made: Callable[[], bool]) -> Iterator[None]:
        """Wait until an output is made, or its maker is gone and the lease is there to be taken.

        Yields between looks, for the caller to sleep or to do something else. If the store does not let us look, or
        does not let a dead lease be removed, there is no use in waiting, and `take` gives a lease regardless.
        """
        try:
            yield from self._looks(key, is_made)
        except MlopskitError:
            self._unleased.add(key)

    def _looks(self, key: str, is_made: Callable[[], bool]) -> Iterator[None]:
        name, seen, since = _name(key), b"", time.monotonic()
        while not is_made():
            try:
                found = self._store.read(name)
            except NotFoundError:
                return
            if found != seen:
                seen, since = found, time.monotonic()
            if _is_dead(found) or time.monotonic() - since > PATIENCE:
                self._store.delete(name)
                return
            yield

    def release(self, lease: Lease, *, at_once: bool) -> None:
        """Give a lease back: at once if there is no output for others to find, else together with other leases."""
        _heart.forget(lease)
        self._ended.append(lease.name)
        if at_once:
            self.close()

    def close(self) -> None:
        """Remove the leases that have been given back."""
        names, self._ended = self._ended, []
        with contextlib.suppress(MlopskitError, OSError):  # one that stays is taken over when it does not change
            self._store.delete(*names)

    def end(self) -> None:
        """Remove all that is left of them."""
        self.close()
        if self._original is not None:
            self._original.unlink(missing_ok=True)
            self._original = None

    def _create(self, lease: Lease) -> None:
        if self._store.local_path(lease.name) is None:
            self._store.create(lease.name, lease.content(), durable=False)
            return
        # On a disk a new name for a file that is there costs a tenth of a new file.
        if self._original is None:
            original = self._store.scratch() / self._owner
            original.write_bytes(lease.content())
            self._original = original
        link = self._original.with_name(f"{self._owner}-{len(self._ended)}-{threading.get_ident()}")
        try:
            os.link(self._original, link)
        except OSError:  # a filesystem without links
            self._store.create(lease.name, lease.content(), durable=False)
            return
        try:
            self._store.create_from_file(lease.name, link, durable=False)
        finally:
            link.unlink(missing_ok=True)


class _Heart:
    """One thread for all leases of this process; it runs only while there are some."""

    def __init__(self) -> None:
        self._leases: dict[str, Lease] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._pid = os.getpid()

    def keep(self, lease: Lease) -> None:
        if self._pid != os.getpid():  # a forked child's leases are its parent's, whose thread did not come along
            self.__init__()  # type: ignore[misc]
        with self._lock:
            self._leases[lease.name] = lease
            if self._thread is None:
                self._thread = threading.Thread(target=self._beat, name="mlopskit-leases", daemon=True)
                self._thread.start()

    def forget(self, lease: Lease) -> None:
        with self._lock:
            self._leases.pop(lease.name, None)

    def _beat(self) -> None:
        while True:
            time.sleep(BEAT_SECONDS)
            with self._lock:
                leases = list(self._leases.values())
                if not leases:
                    self._thread = None
                    return
            for lease in leases:
                self._renew(lease)

    def _renew(self, lease: Lease) -> None:
        lease.beats += 1
        try:
            lease.store.replace(lease.name, lease.content(), durable=False)
        except MlopskitError:  # then others make the output too
            return
        if lease.name not in self._leases:  # given back meanwhile
            lease.store.delete(lease.name)


_heart = _Heart()


@cache
def this_host() -> str:
    """Name the set of processes among which a process identifier means one process."""
    parts = [socket.gethostname()]
    for path in ("/proc/sys/kernel/random/boot_id", "/proc/self/ns/pid"):
        try:
            parts.append(str(Path(path).stat().st_ino) if path.endswith("pid") else Path(path).read_text().strip())
        except OSError:
            continue
    return " ".join(parts)


def _is_dead(content: bytes) -> bool:
    try:
        lease: dict[str, Any] = decode(content)
        if lease["host"] != this_host():
            return False
        os.kill(lease["pid"], 0)
    except ProcessLookupError:
        return True
    except (MlopskitError, KeyError, TypeError):  # torn: it will change, or be waited out
        return False
    except OSError:
        return False
    return False


def _name(key: str) -> str:
    return f"cache/leases/{key}.json"
