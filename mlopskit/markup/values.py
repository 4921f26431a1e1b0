"""How a value reads: numbers by significant digits, moments, missing values, long text."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import TypeGuard

MISSING = "—"
_MINUS, _TIMES = "\N{MINUS SIGN}", "\N{MULTIPLICATION SIGN}"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_LARGEST = 1e300  # beyond it, the difference of two numbers may overflow


def is_missing(value: object) -> bool:
    """Tell None, NaN, NaT and NA, without importing the libraries they come from."""
    try:
        return value is None or bool(value != value)
    except (TypeError, ArithmeticError):  # pandas.NA refuses to be a bool, a signalling NaN to be compared
        return True
    except ValueError:  # an array
        return False


def is_number(value: object) -> TypeGuard[float | Decimal]:
    """Tell a real number, NumPy's included, from a bool and everything else."""
    return isinstance(value, numbers.Real | Decimal) and not isinstance(value, bool)


def finite(value: object) -> float | None:
    """Give the number that can be drawn: None for what is missing, infinite or no number."""
    try:
        drawn = float(value) if is_number(value) else math.nan
    except (OverflowError, ValueError):
        return None
    return drawn if abs(drawn) < _LARGEST else None


def decimals(values: Iterable[object], digits: int = 4) -> int:
    """Choose how many decimals show the largest of some numbers with a number of significant digits.

    Examples
    --------
    >>> decimals([0.7312, 0.05]), decimals([1234.5]), decimals([3.0, 6.0])
    (4, 0, 0)
    """
    known = [abs(number) for number in map(finite, values) if number is not None]
    if all(number.is_integer() for number in known):
        return 0
    return min(max(digits - 1 - math.floor(math.log10(max(known))), 0), 5)


def format_number(value: float | Decimal, places: int | None = None) -> str:
    """Write a number for reading: grouped digits, a true minus, powers of ten for the very large and very small.

    Parameters
    ----------
    value : real number
    places : int, optional
        Decimals, so that numbers in one column line up; by default four significant digits.

    Examples
    --------
    >>> [format_number(number) for number in (0.73124, 6.0, 2013, 12.3456, float("inf"))]
    ['0.7312', '6', '2013', '12.35', '∞']
    """
    drawn = finite(value)
    if drawn is None or abs(drawn) >= 1e12:
        return _powers_of_ten(_exact(value))
    if places is None or 0 < abs(drawn) < 10**-places:
        places = decimals([drawn])
    if 0 < abs(drawn) < min(1e-3, 20 * 10**-places):
        return _powers_of_ten(Decimal(drawn))
    return fixed_point(drawn, places if drawn else 0)


def fixed_point(value: float, places: int) -> str:
    """Write a number with exactly this many decimals.

    Examples
    --------
    >>> fixed_point(1234.5, 2), fixed_point(0.0, 1)
    ('1234.50', '0.0')
    """
    written = f"{round(value, places) + 0.0:,.{places}f}".replace("-", _MINUS)
    return written.replace(",", "\u202f" if abs(value) >= 10_000 else "")


def display(value: object) -> str:
    """Write any value as short plain text; see `format_number` for numbers.

    Examples
    --------
    >>> [display(value) for value in (None, True, 2013, datetime(2013, 5, 1, 14, 30), "JFK")]
    ['—', 'yes', '2013', '2013-05-01 14:30', 'JFK']
    """
    if is_missing(value):
        return MISSING
    if isinstance(value, bool) or type(value).__name__ in {"bool_", "bool"}:
        return "yes" if value else "no"
    if is_number(value):
        return format_number(value)
    if isinstance(value, datetime):
        return _moment(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def shorten(text: str, limit: int) -> str:
    """Cut text to at most `limit` characters, the last one being an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _moment(value: datetime) -> str:
    if value.tzinfo is None and (value.hour, value.minute, value.second) == (0, 0, 0):
        return value.date().isoformat()
    return value.isoformat(sep=" ", timespec="minutes").replace("+00:00", " UTC")


def _exact(value: float | Decimal) -> Decimal:
    if isinstance(value, Decimal):
        return value
    try:
        return Decimal(float(value))
    except OverflowError:  # an integer or a fraction beyond the floats
        return Decimal(int(value))


def _powers_of_ten(value: Decimal) -> str:
    if not value.is_finite():
        return MISSING if value.is_nan() else "∞" if value > 0 else f"{_MINUS}∞"
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    return f"{mantissa}{_TIMES}10{str(int(exponent)).translate(_SUPERSCRIPTS)}".replace("-", _MINUS)
