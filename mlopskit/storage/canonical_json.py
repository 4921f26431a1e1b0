"""The one JSON codec: strict standard JSON, equal bytes for equal values, every int and float exact.

Text is UTF-8 with no spaces and sorted keys, so that a digest of the bytes is a digest of the value.
Three things have no faithful JSON of their own and are written as an object with one reserved key:

=========================  ======================================================================
``{"$float": "nan"}``      a float that is not finite: ``nan``, ``inf`` or ``-inf``
``{"$int": "0x1f"}``       an int of more than 2000 bits, because Python limits long decimal texts
``{"$$float": 1}``         the user's own one-key object ``{"$float": 1}``: one more ``$`` in front
=========================  ======================================================================
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from mlopskit.errors import FormatError, SerializationError

MAX_DEPTH = 200
_MAX_INT_BITS = 2000


def encode(value: object, *, sort_keys: bool = True) -> bytes:
    """Return the JSON bytes of a value.

    Parameters
    ----------
    value
        None, bool, int, float, str, and lists and string-keyed dicts of these, at most 200 levels deep.
        Types are taken exactly: a tuple, a NumPy scalar or an int key would come back as something else.
    sort_keys
        Sort the keys of every object. False keeps the order of the dicts, for values whose order matters.

    Raises
    ------
    SerializationError
        The value holds something else, is nested too deeply, or has text that is not valid Unicode.

    Examples
    --------
    >>> encode({"b": 1, "a": [float("nan")]})
    b'{"a":[{"$float":"nan"}],"b":1}'
    """
    try:
        return (_SORTED if sort_keys else _UNSORTED).encode(_to_standard(value, MAX_DEPTH)).encode()
    except UnicodeEncodeError as error:
        raise SerializationError("a text with lone surrogates is not valid Unicode and has no JSON") from error


def can_encode(value: object) -> bool:
    """Whether every part of a value has one of the types that `encode` takes."""
    try:
        _to_standard(value, MAX_DEPTH)
    except SerializationError:
        return False
    return True


def decode(data: bytes) -> Any:
    """Return the value that `encode` turned into these bytes.

    Raises
    ------
    FormatError
        The bytes are not strict JSON: NaN tokens, repeated keys, invalid UTF-8, unknown ``$`` keys and the like.

    Examples
    --------
    >>> decode(b'{"a":[{"$float":"nan"}],"b":1}')
    {'a': [nan], 'b': 1}
    """
    try:
        return _DECODER.decode(data.decode())
    except FormatError:
        raise
    except json.JSONDecodeError as error:
        raise FormatError(f"these {len(data)} bytes are not JSON: {error.msg} at character {error.pos}") from error
    except (ValueError, RecursionError) as error:
        raise FormatError(f"these {len(data)} bytes are not JSON: {type(error).__name__}") from error


def _to_standard(value: object, levels: int) -> object:
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is int:
        return value if value.bit_length() <= _MAX_INT_BITS else {"$int": hex(value)}  # type: ignore[attr-defined, arg-type]
    if kind is float:
        return value if math.isfinite(value) else {"$float": repr(value)}  # type: ignore[arg-type]
    if not levels:
        raise SerializationError(f"a value nested more than {MAX_DEPTH} levels deep, or within itself, has no JSON")
    if kind is list:
        return [_to_standard(item, levels - 1) for item in value]  # type: ignore[attr-defined]
    if kind is dict:
        return _object_to_standard(value, levels)  # type: ignore[arg-type]
    raise SerializationError(f"a {kind.__qualname__} has no JSON that would come back as the same type")


def _object_to_standard(value: dict[object, object], levels: int) -> dict[str, object]:
    plain: dict[str, object] = {}
    for key, item in value.items():
        if type(key) is not str:
            raise SerializationError(f"a dict with a {type(key).__qualname__} as key has no JSON; use str keys")
        plain[key] = _to_standard(item, levels - 1)
    if len(plain) == 1 and next(iter(plain))[:1] == "$":
        return {"$" + key: item for key, item in plain.items()}
    return plain


def _from_standard(pairs: list[tuple[str, Any]]) -> Any:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise FormatError("not canonical JSON: an object repeats a key")
    if len(pairs) != 1 or pairs[0][0][:1] != "$":
        return value
    key, content = pairs[0]
    if key[:2] == "$$":
        return {key[1:]: content}
    match key, content:
        case "$float", str() if content in _NOT_FINITE:
            return _NOT_FINITE[content]
        case "$int", str() if hex(number := int(content, 16)) == content:
            return number
    raise FormatError("not canonical JSON: an object has an unknown key that starts with '$'")


def _refuse_constant(token: str) -> NoReturn:
    raise FormatError(f"not strict JSON: the token {token}")


_NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_SORTED = json.JSONEncoder(ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":"))
_UNSORTED = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))
_DECODER = json.JSONDecoder(object_pairs_hook=_from_standard, parse_constant=_refuse_constant)
