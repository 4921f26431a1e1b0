"""`Shape`: what is shown of a column of numbers, its bars and its middle."""

from __future__ import annotations

import datetime as dt
import math

import attrs
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

BARS = 20
TAIL = 0.005


@attrs.frozen(eq=False)
class Shape:
    """Bars of equal width over all but the outermost 0.5 % at either end of some numbers.

    Attributes
    ----------
    edges : ndarray of float64, shape (bars + 1,)
    labels : tuple of str
        The edges as text.
    """

    edges: Floats
    labels: tuple[str, ...]

    @classmethod
    def between(cls, low: float, high: float, kind: str) -> Shape | None:
        """Put bars between two numbers; None if they are infinite."""
        if not (math.isfinite(low) and math.isfinite(high)):
            return None
        if low == high:
            low, high = low - 0.5, high + 0.5
        edges = np.linspace(low, high, BARS + 1)
        return cls(edges, tuple(as_text(edge, kind) for edge in edges.tolist()))

    def shares(self, numbers: Floats, cumulative: Floats) -> tuple[float, ...]:
        """Give the share of some numbers in each bar; what lies outside is in the outermost ones.

        Parameters
        ----------
        numbers : ndarray of float64, shape (cells,)
            Ascending.
        cumulative : ndarray of float64, shape (cells,)
            The share of them in each cell and all before.
        """
        places = numbers.searchsorted(self.edges) - 1
        below = cumulative[places]
        below[places < 0] = 0.0
        below[0], below[-1] = 0.0, 1.0
        return tuple((below[1:] - below[:-1]).tolist())


def as_text(value: float, kind: str) -> str:
    """Write a number as what it stands for.

    Examples
    --------
    >>> as_text(1357034400.0, "datetime"), as_text(90.0, "timedelta"), as_text(0.25, "numeric")
    ('2013-01-01 10:00', '0:01:30', '0.25')
    """
    if not math.isfinite(value):
        return f"{value}"
    if kind == "datetime":
        minute = np.datetime64(int(value // 60), "m")  # of any year
        return str(minute).replace("T", " ").removesuffix(" 00:00")
    return str(dt.timedelta(seconds=round(value))) if kind == "timedelta" else f"{value:.4g}"
