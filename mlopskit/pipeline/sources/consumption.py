"""`Consumption`: which files of an incremental source have gone through a whole run that succeeded.

``sources/<name>/log/...`` holds one commit for each such run. It is made after the run, so a run that fails or is
killed consumes nothing, and its files are read again: at least once, never not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlopskit.errors import FormatError
from mlopskit.storage.commit import Change, Commit
from mlopskit.storage.fingerprint.walk import Walk, encodes, seal
from mlopskit.storage.log import CommitLog
from mlopskit.storage.store import Store, StoreLike

Versions = dict[str, str]
"""The version of each file, by its URL."""


class Consumption:
    """What one source has given so far.

    Parameters
    ----------
    store : Store, str or path
        Where that is kept.
    source : str
        The source's name.

    Examples
    --------
    >>> consumption = Consumption("memory://docs-consumption", "flights")
    >>> consumption.commit(flights_files=[{"url": "january.csv", "version": "sha256:12"}])
    >>> consumption.versions()
    {'january.csv': 'sha256:12'}
    """

    def __init__(self, store: StoreLike, source: str) -> None:
        self._store = Store.of(store)
        self._source = source

    def versions(self) -> Versions:
        """Return all that was consumed."""
        return self._log().state()

    def commit(self, **listed: Sequence[dict[str, Any]]) -> None:
        """Keep what a run has read, whatever the list is called. Of two that read the same, one commits, one agrees."""
        read: Versions = {file["url"]: file["version"] for files in listed.values() for file in files}

        def consume(consumed: Versions) -> Change | None:
            new = {url: version for url, version in read.items() if consumed.get(url) != version}
            return Change("consume", {"files": new}) if new else None

        self._log().commit(consume)

    def forget(self) -> None:
        """Begin anew: the next run reads everything."""
        self._log().commit(lambda consumed: Change("forget", {}) if consumed else None)

    def _log(self) -> CommitLog[Versions]:
        return CommitLog(self._store, f"sources/{self._source}", initial={}, apply=_apply)


@encodes(Consumption)
def _no_content(_: Consumption, __: Walk) -> bytes:
    """What was consumed is looked up in every run: it is no part of what a step computes."""
    return seal(b"consumption")


def _apply(consumed: Versions, commit: Commit) -> Versions:
    if commit.change.operation == "consume":
        return {**consumed, **commit.change.arguments["files"]}
    if commit.change.operation == "forget":
        return {}
    raise FormatError(
        f"commit {commit.number} of a source says {commit.change.operation!r}, which this mlopskit does not know. "
        "Update mlopskit."
    )
