"""Names that no other process will choose: sortable by time for people, unique by chance for machines."""

from __future__ import annotations

import os
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u


def new_id() -> str:
    """Make a new identifier: 26 characters, 48 bits of milliseconds and 80 random bits.

    Identifiers made later sort later, as far as clocks agree; nothing in mlopskit relies on
    that order. The layout is that of a ULID, in lower case.

    Examples
    --------
    >>> len(new_id()), new_id() != new_id()
    (26, True)
    """
    return id_at(int(time.time() * 1000), os.urandom(10))


def id_at(milliseconds: int, distinct: bytes) -> str:
    """Return the identifier of that time with these ten bytes.

    Parameters
    ----------
    milliseconds : int
        Since 1970, UTC.
    distinct : bytes
        Ten bytes that tell it from others of the same time.
    """
    number = milliseconds << 80 | int.from_bytes(distinct, "big")
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -5, -5))
