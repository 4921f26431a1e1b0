"""Which blobs a collection of garbage may be deleting right now, so that nobody comes to rely on them.

A collector commits what it condemns before it looks for references a last time, and only then deletes.
A writer commits its reference, and only then looks here. So, whatever pauses in between, either the
collector sees the reference or the writer sees that its blob was condemned, and writes it again. The
new copy has a name of its own, ``<digest>.1`` and so on, since the old one may be deleted at any time.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

from mlopskit.storage.commit import Change, Commit
from mlopskit.storage.log import CommitLog
from mlopskit.storage.store import Store

REMEMBERED = timedelta(days=30)  # a collector that was stopped for longer, and goes on, may delete what it should not
_NAMES_A_COMMIT = 10_000
_IS_BLOB = re.compile(r"blobs/[0-9a-f]{2}/([0-9a-f]{64})(?:\.([1-9][0-9]*))?").fullmatch

State = dict[str, list[Any]]
"""Of each condemned digest the number of its last condemned copy, and when that was condemned."""


class Condemned:
    """What was condemned on a store, as of the last look.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._log: CommitLog[State] = CommitLog(store, "garbage", initial={}, apply=_apply)
        self._state: State = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return Condemned, (self._store,)  # in another process, what was seen here counts for nothing

    def look(self) -> None:
        """Look again."""
        self._state = self._log.state()

    def name(self, digest: str) -> str:
        """Return the name of the copy that is not condemned, whether there is one or not."""
        return blob_name(digest, self._state[digest][0] + 1 if digest in self._state else 0)

    def __contains__(self, digest: str) -> bool:
        return digest in self._state

    def add(self, names: Collection[str]) -> None:
        """Condemn blobs; when this returns, whoever looks sees it."""
        for some in _batches(sorted(names)):
            copies: dict[str, int] = {}
            for digest, copy in filter(None, map(digest_and_copy, some)):
                copies[digest] = max(copy, copies.get(digest, 0))
            self._log.commit(lambda _, copies=copies: Change("condemn", {"copies": copies}))  # type: ignore[misc]


def blob_name(digest: str, copy: int = 0) -> str:
    """Return where a copy of a blob lies on the store.

    Examples
    --------
    >>> blob_name("ab12"), blob_name("ab12", 1)
    ('blobs/ab/ab12', 'blobs/ab/ab12.1')
    """
    return f"blobs/{digest[:2]}/{digest}" + (f".{copy}" if copy else "")


def digest_and_copy(name: str) -> tuple[str, int] | None:
    """Return the digest and the number of the copy that a name stands for; None if it is not that of a blob.

    Examples
    --------
    >>> digest_and_copy(f"blobs/ab/ab{'0' * 62}.1")[1]
    1
    >>> digest_and_copy("blobs/ab/notes.txt")
    """
    found = _IS_BLOB(name)
    return (found[1], int(found[2] or 0)) if found else None


def _batches(names: list[str]) -> Iterator[list[str]]:
    return (names[start : start + _NAMES_A_COMMIT] for start in range(0, len(names), _NAMES_A_COMMIT))


def _apply(state: State, commit: Commit) -> State:
    """Add what a commit condemns, and forget what was condemned so long ago that its collector has ended."""
    now = datetime.fromisoformat(commit.time)
    known = {digest: entry for digest, entry in state.items() if now - datetime.fromisoformat(entry[1]) < REMEMBERED}
    for digest, copy in commit.change.arguments["copies"].items():
        earlier = known[digest][0] if digest in known else 0
        known[digest] = [max(copy, earlier), commit.time]
    return known
