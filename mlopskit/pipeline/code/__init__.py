"""`Code`: all that a step's function reaches, so that a change anywhere in it is seen, and nothing else is.

The digest is over all pieces of code that were met on the way, each with the token that stands for it, in an
order that does not depend on how they were come to; see `mlopskit.pipeline.code.reach`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import attrs

from mlopskit.errors import FingerprintError
from mlopskit.pipeline.code.reach import Reach
from mlopskit.storage.fingerprint.buffers import Leaves
from mlopskit.storage.fingerprint.walk import seal

FORMAT = b"1"
"""Part of every digest; raise it when the same code is to be told from what an earlier version saw."""


@attrs.frozen
class Code:
    """What some code is made of.

    Attributes
    ----------
    digest : str
        Equal if and only if all of it is equal.
    parts : mapping of str to str
        A short digest, or a version, of each part by kind and name, such as ``"function features.clean"``,
        ``"value features.LIMIT"`` or ``"package pandas"``: what two such tell about a change.
    """

    digest: str
    parts: Mapping[str, str]


def code_of(
    root: Any, *, ignore: Collection[str] = (), filled: Collection[str] = (), beside: Mapping[str, Any] | None = None
) -> Code:
    """Digest a function, or any value with code in it, with all that it reaches.

    Parameters
    ----------
    root : object
        A callable, or a value that may hold some.
    ignore : collection of str
        Names at module level, in a closure, of attributes or of arguments with a default that are not looked at.
    filled : collection of str
        Arguments of the root that its caller always gives, so that their defaults do not count.
    beside : mapping of str to object, optional
        What else counts, by the name that parts call it.

    Raises
    ------
    FingerprintError
        If something that is reached has no content that another process could meet again.

    Examples
    --------
    >>> def scaled(factor): return lambda x: x * factor
    >>> code_of(scaled(2)).digest == code_of(scaled(2)).digest
    True
    >>> code_of(scaled(2)).digest == code_of(scaled(3)).digest
    False
    """
    try:
        with Leaves() as leaves:
            reach = Reach(leaves, frozenset(ignore))
            own = reach.begin(root, frozenset(filled), beside or {})
            reach.follow()
            return Code(seal(b"code", FORMAT, own, *sorted(reach.found)).hex(), reach.parts)
    except RecursionError:
        raise FingerprintError(
            "The code and the values it reads are nested too deeply to be fingerprinted from this far down the call "
            "stack. Name the value that is in ignore=, or flatten it."
        ) from None
