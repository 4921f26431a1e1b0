"""What a parameter may be, checked once when its object is made."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np

Check = Callable[[Any, "attrs.Attribute[Any]", Any], None]


def whole(least: int) -> Check:
    """Take a whole number of at least `least`."""

    def check(owner: object, field: attrs.Attribute[Any], value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
            _refuse(owner, field.name, value, f"a whole number of at least {least}")

    return check


def number(holds: Callable[[float], bool], wanted: str) -> Check:
    """Take a finite number for which `holds` is true."""

    def check(owner: object, field: attrs.Attribute[Any], value: Any) -> None:
        is_number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value) or not holds(value):
            _refuse(owner, field.name, value, f"a number {wanted}")

    return check


POSITIVE = number(lambda value: value > 0, "above 0")
NOT_NEGATIVE = number(lambda value: value >= 0, "of at least 0")
PROBABILITY = number(lambda value: 0 < value < 1, "between 0 and 1")
SHARE = number(lambda value: 0 < value <= 1, "above 0 and up to 1")
EFFECT = number(lambda value: 0 <= value <= 1, "from 0 to 1")


def one_of(*choices: object) -> Check:
    """Take one of these."""

    def check(owner: object, field: attrs.Attribute[Any], value: Any) -> None:
        if not any(type(value) is type(choice) and value == choice for choice in choices):
            _refuse(owner, field.name, value, " or ".join(map(repr, choices)))

    return check


def beside(other: str, holds: Callable[[Any, Any], bool], wanted: str) -> Check:
    """Take what holds beside the value of an earlier parameter."""

    def check(owner: object, field: attrs.Attribute[Any], value: Any) -> None:
        if not holds(value, getattr(owner, other)):
            _refuse(owner, field.name, value, f"{wanted} {other}, which is {getattr(owner, other)!r}")

    return check


def _refuse(owner: object, name: str, value: object, wanted: str) -> None:
    raise ValueError(f"{type(owner).__name__}({name}={value!r}): give {wanted}")
