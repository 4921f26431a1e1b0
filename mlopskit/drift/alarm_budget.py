"""How often a false alarm is bearable, as the alpha that follows from it."""

from __future__ import annotations

from typing import Literal, get_args

from scipy.optimize import brentq
from scipy.special import bdtrc

Span = Literal["hour", "day", "week", "month", "quarter", "year"]

_HOURS = {"hour": 1.0, "day": 24.0, "week": 168.0, "month": 730.5, "quarter": 2191.5, "year": 8766.0}


def alpha_for(false_alarms: float, *, per: Span, batches: Span = "day", confirm: tuple[int, int] = (1, 1)) -> float:
    """Tell the alpha with which batches in which nothing moved raise so many alarms in a span of time.

    Parameters
    ----------
    false_alarms : float
        How many are bearable, on average.
    per : {"hour", "day", "week", "month", "quarter", "year"}
        In which span.
    batches : {"hour", "day", "week", "month", "quarter", "year"}, default "day"
        How often a batch is looked at.
    confirm : tuple of int, default (1, 1)
        (k, n): an alarm is raised by a batch that drifted if k of the last n did, itself included, see
        `DriftDetector.detect_by`. Batches are taken to be independent: the number of others that drifted is binomial.

    Raises
    ------
    ValueError
        A parameter is out of its range, or more alarms are borne than there are batches.

    Examples
    --------
    One false alarm a quarter, daily batches:

    >>> round(alpha_for(1, per="quarter", batches="day"), 4)
    0.011
    >>> round(alpha_for(1, per="quarter", batches="day", confirm=(2, 3)), 4)
    0.0754
    """
    for value in (per, batches):
        if value not in _HOURS:
            raise ValueError(f"a span is one of {', '.join(get_args(Span))}, not {value!r}")
    k, n = checked_confirmation(confirm)
    share = false_alarms * _HOURS[batches] / _HOURS[per]
    if not 0 < share < 1:
        raise ValueError(
            f"{false_alarms} false alarms per {per} with a batch every {batches} is {share:.3g} of all batches: "
            "bear more than none and fewer than all"
        )
    return float(brentq(lambda alpha: alpha * (bdtrc(k - 2, n - 1, alpha) if k > 1 else 1.0) - share, 0.0, 1.0))


def checked_confirmation(confirm: tuple[int, int]) -> tuple[int, int]:
    """Refuse what is no k of n."""
    try:
        k, n = map(int, confirm)
    except (TypeError, ValueError):
        raise ValueError(f"confirm is two numbers, k of n, such as (2, 3), not {confirm!r}") from None
    if not 1 <= k <= n:
        raise ValueError(f"confirm is k of n with 1 <= k <= n, not {confirm!r}")
    return k, n
