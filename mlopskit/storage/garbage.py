"""Garbage: blobs that nothing on the store names, deleted while others go on writing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

import attrs

from mlopskit.errors import NotFoundError
from mlopskit.storage.condemned import Condemned, digest_and_copy
from mlopskit.storage.store import Store, StoreLike

_AT_ONCE = 256
_NOT_SEARCHED = ("blobs/", "garbage/", "index/")  # blobs name no blobs, and the index is made of the runs
_NOT_JSON = ".seg"  # metric points
_digests = re.compile(rb"[0-9a-f]{64}").findall


@attrs.frozen
class Garbage:
    """What was deleted.

    Attributes
    ----------
    blobs : int
        How many.
    size : int
        Their bytes.
    """

    blobs: int
    size: int


def collect_garbage(store: StoreLike) -> Garbage:
    """Delete every blob that nothing on the store names.

    Whatever looks like a digest anywhere outside the blobs counts as naming one, so that nothing has to
    know what others write there; beside content that a record holds itself, too, which at worst keeps an
    equal blob alive. All of that is read once, and what is new or not a commit once more.
    Others may write meanwhile; see `mlopskit.storage.condemned` for why nothing that is named is lost.

    Parameters
    ----------
    store : Store, str or path

    Returns
    -------
    Garbage

    Raises
    ------
    StoreError
        If something can not be read or deleted; what was deleted by then was garbage.

    Examples
    --------
    >>> from mlopskit.storage.blobs import Blobs
    >>> blob = Blobs("memory://docs-garbage").put(b"nobody refers to this")
    >>> collect_garbage("memory://docs-garbage")
    Garbage(blobs=1, size=21)
    """
    store = Store.of(store)
    known = [(name, found[0]) for name in store.list("blobs") if (found := digest_and_copy(name))]
    named: set[bytes] = set()
    read = _find_digests(store, named, skip=frozenset())
    unnamed = [name for name, digest in known if digest.encode() not in named]
    if not unnamed:
        return Garbage(0, 0)
    Condemned(store).add(unnamed)
    _find_digests(store, named, skip=frozenset(name for name in read if "/log/" in name))  # commits never change
    garbage = [name for name, digest in known if digest.encode() not in named]
    sizes = list(_sizes(store, garbage))
    store.delete(*garbage)
    return Garbage(len(sizes), sum(sizes))


def _find_digests(store: Store, named: set[bytes], skip: frozenset[str]) -> list[str]:
    """Add to `named` whatever looks like a digest in what is on the store, and return the names that were read."""
    names = [name for name in _searched(store) if name not in skip]
    remaining = iter(names)
    while some := list(islice(remaining, _AT_ONCE)):
        for content in store.read_many(some).values():
            named.update(_digests(content))
    return names


def _searched(store: Store) -> Iterator[str]:
    for place in store.list(recursive=False):
        if not place.endswith("/"):
            yield place
        elif place not in _NOT_SEARCHED:
            yield from (name for name in store.list(place.rstrip("/")) if not name.endswith(_NOT_JSON))


def _sizes(store: Store, names: list[str]) -> Iterator[int]:
    for name in names:
        try:
            yield store.size(name)
        except NotFoundError:  # another collector was first
            continue
