"""Drawing: the scales, lines and labels that every chart is made of.

Colours are attributes, not styles, chosen to be told apart by colour-blind readers and to stand out on a light and on a
dark background alike; text and axes take the colour of the text around the chart.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from mlopskit.markup.html import Markup, element
from mlopskit.markup.values import MISSING, decimals, finite, fixed_point, format_number, is_missing, is_number, shorten

BLUE, VERMILLION, GREEN, PURPLE, GREY = "#2a7fba", "#d55e00", "#009e73", "#b765a0", "#808080"
FONT_SIZE = 12
WIDTH = 880.0  # of a chart unless asked otherwise; a page stretches such a chart to its own width
LABEL_LIMIT = 28
LEAST_ROOM = 60.0  # for the data, however wide the labels beside it


class Scale(NamedTuple):
    """A linear map from data, `low` to `high`, to pixels, `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Give the pixel of a value; values outside of the data's range go to its nearest end."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self, spacing: float = 45) -> list[float]:
        """Give round values, 1, 2 or 5 times a power of ten and about `spacing` pixels apart."""
        rough = (self.high - self.low) / max(abs(self.end - self.start) / spacing, 2.0)
        power = 10.0 ** math.floor(math.log10(rough))
        step = power * min((1, 2, 5, 10), key=lambda multiple: abs(math.log(multiple * power / rough)))
        return [index * step for index in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)]


def scale_over(values: Iterable[float | None], start: float, end: float, *, padding: float = 0.06) -> Scale:
    """Make a scale over all values that are there, sane for none, for one and for equal ones.

    Examples
    --------
    >>> scale_over([2.0, None, 2.0], 0, 100)
    Scale(low=1.8, high=2.2, start=0, end=100)
    >>> scale_over([0.0, 50.0], 0, 200).ticks()
    [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]
    """
    known = [value for value in values if value is not None] or [0.0, 1.0]
    low, high = min(known), max(known)
    size = max(abs(low), abs(high))
    margin = (high - low) * padding
    if high - low <= 1e-9 * max(size, 1e-9):
        margin = 0.1 * size if size > 1e-9 else 1.0
    return Scale(low - margin, high + margin, start, end)


def canvas(title: str, description: str, width: float, height: float, drawing: Iterable[object]) -> Markup:
    """Make a complete drawing, named and described for those who do not see it."""
    return element(
        "svg", element("title", title), element("desc", description), *drawing,
        xmlns="http://www.w3.org/2000/svg", role="img", viewBox=f"0 0 {width:.0f} {height:.0f}",
        width=width, height=height, font_family="system-ui, sans-serif", font_size=FONT_SIZE, fill="currentColor",
    )  # fmt: skip


def no_data(title: str, width: float) -> Markup:
    """Say that there is nothing to draw."""
    return canvas(title, "No data", width, 40, [label(0, 20, "No data", faint=True)])


def label(
    x: float, y: float, text: object, *, anchor: str = "start", faint: bool = False, colour: str | None = None
) -> Markup:
    """Write text with its vertical middle at `y`; text too long for its place is kept whole in a tooltip."""
    text = str(text)
    short = shorten(text, LABEL_LIMIT)
    return element(
        "text", short, None if short == text else element("title", text), x=x, y=y + FONT_SIZE * 0.35,
        text_anchor=anchor, fill=colour, font_weight="600" if colour else None, opacity=0.72 if faint else None,
    )  # fmt: skip


def line(
    x1: float, y1: float, x2: float, y2: float, *, colour: str = "currentColor", width: float = 1.0,
    opacity: float | None = None, dashes: str | None = None,
) -> Markup:  # fmt: skip
    """Draw one straight line."""
    return element(
        "line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=colour, stroke_width=width, stroke_opacity=opacity,
        stroke_dasharray=dashes,
    )  # fmt: skip


def text_width(texts: Iterable[object]) -> float:
    """Estimate the pixels that the widest of some labels takes, on the generous side."""
    return max((sum(map(_advance, shorten(str(text), LABEL_LIMIT))) for text in texts), default=0.0)


def tick_labels(ticks: Iterable[float]) -> list[str]:
    """Write the values of an axis, all with the decimals that tell neighbours apart."""
    ticks = list(ticks)
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    ticks = [tick if abs(tick) > step / 2 else 0.0 for tick in ticks]
    if places > 5 or max(map(abs, ticks), default=0) >= 1e9:
        return [format_number(tick) for tick in ticks]
    return [fixed_point(tick, places if tick else 0) for tick in ticks]


def value_labels(values: Iterable[object]) -> list[str]:
    """Write the values next to their marks: three significant digits, the same decimals for all.

    Examples
    --------
    >>> value_labels([0.7312, 0.05, None])
    ['0.731', '0.050', '—']
    """
    values = list(values)
    places = decimals(values, digits=3)
    return [format_number(value, places) if is_number(value) and not is_missing(value) else MISSING for value in values]


def summary(values: Iterable[object]) -> str:
    """Say in words what a line shows.

    Examples
    --------
    >>> summary([0.5, 0.75, None])
    '3 values from 0.5000 to 0.7500, last 0.7500, 1 missing'
    """
    values = list(values)
    known = [number for number in map(finite, values) if number is not None]
    if not known:
        return "no values"
    missing = f", {len(values) - len(known)} missing" if len(known) < len(values) else ""
    span = f"{len(values)} values from {format_number(min(known))} to {format_number(max(known))}"
    return f"{span}, last {format_number(known[-1])}{missing}"


def _advance(character: str) -> float:
    return 12.5 if unicodedata.east_asian_width(character) in "WF" else 7.4
