"""Python's own values: scalars, text, containers, times, paths, names."""

from __future__ import annotations

import array
import collections
import datetime as dt
import decimal
import enum
import fractions
import math
import pathlib
import re
import struct
import sys
import types
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from mlopskit.storage.fingerprint.walk import Walk, encodes, encodes_family, encodes_scalar, seal, type_name

NONE, TRUE, FALSE, NAN = seal(b"None"), seal(b"True"), seal(b"False"), seal(b"nan")
NOT_TEXT = -1
"""Stands among the lengths of strings for an item that is no string."""


def utf8(text: str) -> bytes:
    """Encode any Python string, lone surrogates included."""
    return text.encode("utf-8", "surrogatepass")


# -- scalars ---------------------------------------------------------------------------------


@encodes_scalar(type(None))
def _none(_: None) -> bytes:
    return NONE


@encodes_scalar(bool)
def _boolean(value: bool) -> bytes:
    return TRUE if value else FALSE


@encodes_scalar(int)
def _integer(value: int) -> bytes:
    return seal(b"int", b"%x" % value)


@encodes_scalar(float)
def _real(value: float) -> bytes:
    return NAN if value != value else seal(b"float", struct.pack("<d", value))


@encodes_scalar(complex)
def _complex_number(value: complex) -> bytes:
    return seal(b"complex", _real(value.real), _real(value.imag))


@encodes_scalar(str)
def _string(value: str) -> bytes:
    return seal(b"str", utf8(value))


@encodes_scalar(types.EllipsisType)
@encodes_scalar(types.NotImplementedType)
def _singleton(value: Any) -> bytes:
    return seal(b"singleton", utf8(repr(value)))


@encodes_scalar(decimal.Decimal)
@encodes_scalar(fractions.Fraction)
@encodes_scalar(uuid.UUID)
@encodes_scalar(dt.date)
def _canonical_text(value: Any) -> bytes:
    return seal(b"text", utf8(type_name(type(value))), utf8(str(value)))


@encodes_scalar(dt.timedelta)
def _duration(value: dt.timedelta) -> bytes:
    return seal(b"timedelta", b"%d" % value.days, b"%d" % value.seconds, b"%d" % value.microseconds)


@encodes(bytes, bytearray)
def _byte_string(value: bytes | bytearray, walk: Walk) -> bytes:
    return seal(type(value).__name__.encode(), b"%d" % len(value), walk.leaves.content(value))


# -- sequences -------------------------------------------------------------------------------


def text_column(items: Sequence[str | None], walk: Walk) -> bytes:
    """Encode strings as int64 lengths, in code points, and the UTF-8 of all of them joined."""
    lengths = array.array("q", [NOT_TEXT if item is None else len(item) for item in items])
    text = utf8("".join([item or "" for item in items]))
    content = walk.leaves.content
    return seal(b"strings", b"%d" % len(items), content(_little_endian(lengths)), content(text))


def sequence(items: Sequence[Any], walk: Walk) -> bytes:
    """Encode items in order; floats, ints and strings are packed, since digesting each alone costs 20 times as much.

    Which form applies depends on the exact types of the items alone, so equal sequences take the same.
    """
    kinds = set(map(type, items))
    if kinds == {float}:
        return seal(b"floats", walk.leaves.content(_little_endian(_packed_floats(items))))
    if kinds == {int}:
        try:
            return seal(b"ints", walk.leaves.content(_little_endian(array.array("q", items))))
        except OverflowError:
            pass
    if kinds == {str}:
        return text_column(items, walk)
    if str in kinds:
        return _text_and_others(items, walk)
    return seal(b"items", b"".join(walk.each(items)))


def _text_and_others(items: Sequence[Any], walk: Walk) -> bytes:
    others = {position: item for position, item in enumerate(items) if type(item) is not str}
    texts = text_column([item if type(item) is str else None for item in items], walk)
    return seal(b"text-and-others", texts, b"".join(walk.each(list(others.values()), others)))


def _packed_floats(items: Sequence[float]) -> array.array[float]:
    packed = array.array("d", items)
    return array.array("d", [math.nan if x != x else x for x in packed]) if math.isnan(sum(packed)) else packed


def _little_endian(numbers: array.array[Any]) -> memoryview:
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return memoryview(numbers).cast("B")


@encodes(list, tuple, collections.deque)
def _ordered(value: Iterable[Any], walk: Walk) -> bytes:
    tag = seal(b"deque", walk(value.maxlen)) if isinstance(value, collections.deque) else type(value).__name__.encode()
    return seal(tag, sequence(value if isinstance(value, list | tuple) else list(value), walk))


@encodes(array.array)
def _packed_array(value: array.array[Any], walk: Walk) -> bytes:
    return seal(b"array", value.typecode.encode(), sequence(value.tolist(), walk))


@encodes(memoryview)
def _memory(value: memoryview, walk: Walk) -> bytes:
    return seal(b"memoryview", walk(value.format), walk(value.shape), walk.leaves.content(value.tobytes()))


@encodes(range, slice)
def _bounds(value: range | slice, walk: Walk) -> bytes:
    return seal(type(value).__name__.encode(), walk(value.start), walk(value.stop), walk(value.step))


# -- mappings and sets -----------------------------------------------------------------------


def key_step(key: Any) -> str:
    """Say where in a mapping we are; a key that is no plain name might be data, and is shown by its type."""
    return f"[{key!r}]" if type(key) in (str, int) else f"[<{type_name(type(key))}>]"


def pairs(items: Iterable[tuple[Any, Any]], walk: Walk) -> list[bytes]:
    """Digest key and value of each item."""
    return [walk(key, ".keys()") + walk(value, key_step(key)) for key, value in items]


@encodes(dict, types.MappingProxyType)
def _mapping(value: dict[Any, Any] | types.MappingProxyType[Any, Any], walk: Walk) -> bytes:
    return seal(type(value).__name__.encode(), b"".join(sorted(pairs(value.items(), walk))))


@encodes_family(set, frozenset)
def _unordered(value: set[Any] | frozenset[Any], walk: Walk) -> bytes:
    members = sorted(walk(member, "{...}") for member in value)
    return seal(b"set", walk(type(value)), b"".join(members), walk(getattr(value, "__dict__", None), ".__dict__"))


# -- names, times, paths ---------------------------------------------------------------------


@encodes_family(type)
def _class_name(value: type, _: Walk) -> bytes:
    return seal(b"type", utf8(value.__module__), utf8(value.__qualname__))


@encodes(types.ModuleType)
def _module_name(value: types.ModuleType, _: Walk) -> bytes:
    return seal(b"module", utf8(value.__name__))


@encodes_family(enum.Enum)
def _member(value: enum.Enum, walk: Walk) -> bytes:
    return seal(b"enum", walk(type(value)), walk(value.name), walk(value.value, ".value"))


@encodes(dt.datetime, dt.time)
def _clock(value: dt.datetime | dt.time, walk: Walk) -> bytes:
    digits = value.replace(tzinfo=None).isoformat()
    return seal(type(value).__name__.encode(), utf8(digits), b"%d" % value.fold, walk(value.tzinfo, ".tzinfo"))


@encodes_family(dt.tzinfo)
def _time_zone(value: dt.tzinfo, walk: Walk) -> bytes:
    from mlopskit.storage.fingerprint.objects import plain_object

    name = getattr(value, "key", None) or getattr(value, "zone", None)
    return seal(b"zone", utf8(name)) if isinstance(name, str) else plain_object(value, walk)


@encodes_family(pathlib.PurePath)
def _path(value: pathlib.PurePath, _: Walk) -> bytes:
    return seal(b"path", utf8(value.as_posix()))


@encodes(re.Pattern)
def _pattern(value: re.Pattern[Any], walk: Walk) -> bytes:
    return seal(b"pattern", walk(value.pattern), b"%d" % value.flags)
