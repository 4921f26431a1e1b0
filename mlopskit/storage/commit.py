"""`Commit`: one link of a log's history, and its bytes."""

from __future__ import annotations

import getpass
import hashlib
import os
from datetime import UTC, datetime
from typing import Any

import attrs

from mlopskit.errors import DamagedError, FormatError
from mlopskit.storage.canonical_json import decode, encode
from mlopskit.storage.identifiers import new_id

FORMAT = 1


@attrs.frozen
class Head:
    """Where a log ends: the last commit's number and digest. Publish it, and a cut tail can be found."""

    number: int
    digest: str


START = Head(0, "")


@attrs.frozen
class Change:
    """What a writer wants to commit: an operation's name and its arguments, JSON-able."""

    operation: str
    arguments: dict[str, Any]


@attrs.frozen
class Commit:
    """One link of a log's history.

    Attributes
    ----------
    number : int
        1, 2, 3 and so on, without a gap.
    previous : str
        Digest of the commit before; empty for the first.
    id : str
        Made by the writer, so that a lost reply can be told from another writer's success.
    time : str
        The writer's clock, UTC, ISO 8601. Shown, never used for ordering.
    actor : str
        Who committed.
    change : Change
        What was done.
    digest : str
        sha256 of the commit's own bytes.
    """

    number: int
    previous: str
    id: str
    time: str
    actor: str
    change: Change
    digest: str


def this_user() -> str:
    """Return who commits if nobody is named: this user's name, or number where there is no name for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container's user often has no entry among the users
        return f"uid-{os.getuid()}" if hasattr(os, "getuid") else "unknown"


def commit_bytes(change: Change, head: Head, actor: str) -> bytes:
    """Return the bytes of the commit that makes `change` after `head`; no two calls give the same."""
    return encode(
        {
            "v": FORMAT,
            "n": head.number + 1,
            "prev": head.digest,
            "id": new_id(),
            "time": datetime.now(UTC).isoformat(timespec="microseconds"),
            "actor": actor,
            "op": change.operation,
            "args": change.arguments,
        }
    )


def commit_from_bytes(data: bytes, number: int, log: str) -> Commit:
    """Turn a commit file's bytes into the `Commit` of that number; its link is for the caller to check.

    Parameters
    ----------
    data : bytes
        What `commit_bytes` gave.
    number : int
        The number that the file's name tells.
    log : str
        Which log it belongs to, for messages.

    Raises
    ------
    DamagedError
        If the bytes are not a commit, or not that one.
    FormatError
        If they were written by a newer mlopskit.
    """
    unreadable = f"commit {number} of {log} is not readable; restore it from a backup."
    try:
        record = decode(data)
        version = record["v"]
    except (FormatError, KeyError, TypeError):
        raise DamagedError(unreadable) from None
    if version != FORMAT:
        raise FormatError(
            f"commit {number} of {log} has format {version}; this mlopskit reads {FORMAT}. Update mlopskit."
        )
    try:
        commit = Commit(
            number=record["n"],
            previous=record["prev"],
            id=record["id"],
            time=record["time"],
            actor=record["actor"],
            change=Change(record["op"], record["args"]),
            digest=hashlib.sha256(data).hexdigest(),
        )
    except KeyError:
        raise DamagedError(unreadable) from None
    if commit.number != number:
        raise DamagedError(f"commit {number} of {log} says that it is number {commit.number}: history was reordered.")
    return commit
