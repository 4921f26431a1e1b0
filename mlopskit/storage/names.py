"""Which names may become paths on a store: the one check, made before anything else."""

from __future__ import annotations

import re

from mlopskit.errors import InvalidNameError

PART_LENGTH = 128
NAME_LENGTH = 512

_PART = rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{PART_LENGTH - 1}}}"
_IS_PART = re.compile(_PART).fullmatch
_IS_NAME = re.compile(rf"{_PART}(?:/{_PART})*").fullmatch
_RULE = (
    f"a name is parts joined by '/', each of 1 to {PART_LENGTH} letters, digits, '.', '_' or '-' "
    f"and beginning with a letter or digit, {NAME_LENGTH} characters at most in all"
)


def checked_name(name: str) -> str:
    """Return `name` if it is safe as a path below a store's root.

    The rule is stricter than any backend needs: no absolute path, no ``..``, no hidden or
    temporary file, no control character and no letter that two filesystems fold differently
    can be written with it.

    Parameters
    ----------
    name : str
        Such as ``"registry/flight-delays/log/00000001.json"``.

    Raises
    ------
    InvalidNameError
        If the name breaks the rule; the message states the rule.

    Examples
    --------
    >>> checked_name("runs/2013/a.json")
    'runs/2013/a.json'
    >>> checked_name("../secrets")
    Traceback (most recent call last):
    mlopskit.errors.InvalidNameError: '../secrets' can not be a name on a store: a name is ...
    """
    if isinstance(name, str) and len(name) <= NAME_LENGTH and _IS_NAME(name):
        return name
    raise InvalidNameError(f"{_shown(name)} can not be a name on a store: {_RULE}.")


def checked_part(name: str, kind: str = "name") -> str:
    """Return `name` if it is safe as one part of a path, such as a model's name.

    Parameters
    ----------
    name : str
        The name a user gave.
    kind : str
        What is being named, for the message: ``"model"``, ``"experiment"``.

    Raises
    ------
    InvalidNameError
        If the name is not one allowed part.

    Examples
    --------
    >>> checked_part("flight-delays", kind="model")
    'flight-delays'
    """
    if isinstance(name, str) and _IS_PART(name):
        return name
    raise InvalidNameError(
        f"{_shown(name)} can not name a {kind}: use 1 to {PART_LENGTH} letters, digits, '.', '_' or '-', "
        "beginning with a letter or digit."
    )


def _shown(name: object) -> str:
    text = repr(name)
    return text if len(text) <= 80 else f"{text[:60]}... ({len(text)} characters)"
