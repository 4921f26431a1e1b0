"""Params and tags as users give them, made JSON-able: what can be kept exactly is, the rest is described."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from typing import Any

from mlopskit.errors import InvalidNameError

LONGEST_TEXT = 500
MOST_ITEMS = 1000


def plain_values(values: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Make a mapping of names to values JSON-able.

    None, bool, int, float and text come back as they are, also out of NumPy, and lists and dicts
    of these; a tuple comes back as a list. Anything else becomes a short text: a function its
    name, an array or a frame its type and shape, a path or date its text, other objects their ``repr``.

    Parameters
    ----------
    values : mapping of str to object
    kind : str
        What they are, for the message: ``"param"``, ``"tag"``.

    Raises
    ------
    InvalidNameError
        If a name is not a text, or is empty.

    Examples
    --------
    >>> import numpy as np
    >>> plain_values({"depth": np.int64(6), "layers": (64, 32), "score": len, "X": np.zeros((3, 2))}, "param")
    {'depth': 6, 'layers': [64, 32], 'score': 'builtins.len', 'X': 'ndarray of shape (3, 2)'}
    """
    for name in values:
        if not isinstance(name, str) or not name:
            raise InvalidNameError(f"A {kind} is named by a text of at least one character, not {name!r}.")
    return {_valid(name): _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if value is None or type(value) in (bool, int, float):
        return value
    if isinstance(value, str):
        return _valid(value)
    if getattr(value, "shape", None) == () and hasattr(value, "item") and type(value.item()) is not type(value):
        return _plain(value.item())
    if isinstance(value, list | tuple) and len(value) <= MOST_ITEMS:
        return [_plain(item) for item in value]
    if type(value) is dict and len(value) <= MOST_ITEMS and all(isinstance(key, str) for key in value):
        return {_valid(key): _plain(item) for key, item in value.items()}
    return _description(value)


def _description(value: Any) -> str:
    kind = type(value).__name__
    if isinstance(value, os.PathLike | date):
        return _valid(str(value))
    if isinstance(getattr(value, "shape", None), tuple):
        return f"{kind} of shape {tuple(value.shape)}"
    if isinstance(value, list | tuple | dict | set | frozenset):
        return f"{kind} of {len(value)} items"
    if callable(value) and hasattr(value, "__qualname__"):  # its repr would show an address
        return f"{value.__module__}.{value.__qualname__}"
    return _valid(repr(value)[:LONGEST_TEXT])


def _valid(text: str) -> str:
    """Replace lone surrogates, which no JSON can hold."""
    return str(text).encode("utf-8", "replace").decode()
