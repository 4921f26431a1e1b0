"""Any other object: its class, and the state it would hand to ``copy`` and ``pickle``, walked and never pickled."""

from __future__ import annotations

import collections
import copyreg
import functools
import types
import weakref
from collections.abc import Callable
from typing import Any

from mlopskit.storage.fingerprint.standard import key_step, pairs, sequence, utf8
from mlopskit.storage.fingerprint.walk import Walk, encodes_family, seal

REMEDY = "Leave it out, or replace it by the plain data it stands for (its class can do so in __getstate__)"
DERIVED = {"_attrs_cached_hash", "_stop_words_id"}
"""Attributes that attrs and scikit-learn keep as a cache: a hash, which is seeded, and a memory address."""


@encodes_family(weakref.ref, weakref.ProxyType, weakref.CallableProxyType)
def _weak_reference(value: Any, walk: Walk) -> bytes:
    raise walk.refusal(value, "may be gone at any time", REMEDY)


@encodes_family(object)
def plain_object(value: Any, walk: Walk) -> bytes:
    """Encode the call that would rebuild the object: function, arguments, state, items."""
    reduced = _reduced(value, walk)
    if isinstance(reduced, str):
        return seal(b"global", utf8(getattr(value, "__module__", None) or type(value).__module__), utf8(reduced))
    build, arguments, state, items, entries, setter = (reduced + (None,) * 4)[:6]
    return seal(
        b"object",
        walk(type(value)),
        walk(getattr(type(value), "_fields", None) if isinstance(value, tuple) else None),
        rebuilder(build, walk),
        walk(arguments),
        _state(state, type(value), walk),
        sequence(list(items or ()), walk),
        _entries(value, entries, walk),
        rebuilder(setter, walk),
    )


def rebuilder(function: Callable[..., Any] | None, walk: Walk) -> bytes:
    """Encode a function that rebuilds objects by name alone; how it works is its library's affair."""
    name = getattr(function, "__qualname__", None)
    if name is None or not isinstance(getattr(function, "__self__", None), types.ModuleType | None):
        return walk(function)
    return seal(b"rebuilder", utf8(str(getattr(function, "__module__", None))), utf8(name))


def _reduced(value: Any, walk: Walk) -> Any:
    reducer = copyreg.dispatch_table.get(type(value))
    try:
        return reducer(value) if reducer else value.__reduce_ex__(4)
    except Exception as error:
        raise walk.refusal(value, "has no content that another process could meet again", REMEDY) from error


def _entries(value: Any, entries: Any, walk: Walk) -> bytes:
    digests = pairs(entries or (), walk)
    return b"".join(digests if isinstance(value, collections.OrderedDict) else sorted(digests))


def _state(state: Any, kind: type, walk: Walk) -> bytes:
    if type(state) is tuple and len(state) == 2:  # __dict__ and __slots__
        return seal(b"states", *[_state(part, kind, walk) for part in state])
    if type(state) is not dict:
        return walk(state)
    derived = _derived_names(kind)
    attributes = [
        walk(name) + walk(item, f".{name}" if type(name) is str else key_step(name))
        for name, item in state.items()
        if name not in derived
    ]
    return seal(b"state", b"".join(sorted(attributes)))


def _derived_names(kind: type) -> set[str]:
    """Name what follows from the rest, and is only there once somebody asked: cached properties and hashes."""
    cached = {
        name
        for base in kind.__mro__
        for name, member in vars(base).items()
        if isinstance(member, functools.cached_property)
    }
    return cached | DERIVED
