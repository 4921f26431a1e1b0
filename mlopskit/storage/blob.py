"""`Blob`: what names some bytes, and tells whether they are still what was written."""

from __future__ import annotations

import hashlib

import attrs

from mlopskit.errors import DamagedError


@attrs.frozen
class Blob:
    """What to ask a store for: the content's sha256, and its length in bytes."""

    digest: str
    size: int

    @classmethod
    def of(cls, content: bytes) -> Blob:
        """Return the name of these bytes.

        Examples
        --------
        >>> Blob.of(b"").digest[:8], Blob.of(b"").size
        ('e3b0c442', 0)
        """
        return cls(hashlib.sha256(content).hexdigest(), len(content))


EMPTY = Blob.of(b"")  # never written: a store keeps no empty files


def refuse_damaged(expected: Blob, found: Blob, place: str) -> None:
    """Raise `DamagedError`, which says what lies at `place` instead, if it is not what was expected."""
    if found == expected:
        return
    what = (
        f"has {found.size:,} bytes instead of {expected.size:,}"
        if found.size != expected.size
        else "holds other bytes of the same length"
    )
    raise DamagedError(f"{place} {what}; it is not what was written. Restore it from a backup, or make it again.")
