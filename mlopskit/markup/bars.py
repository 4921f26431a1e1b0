"""One row per name: horizontal bars, and estimates with their intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mlopskit.markup import svg
from mlopskit.markup.html import Markup, element, join
from mlopskit.markup.values import MISSING, finite

_ROW = 22.0
_AXIS = 26.0


def bar_chart(
    values: Mapping[str, object], *, title: str, threshold: float | None = None, threshold_label: str = "threshold",
    width: float = svg.WIDTH,
) -> Markup:  # fmt: skip
    """Compare one number per name, from zero; negative ones grow to the left.

    Parameters
    ----------
    values : mapping of str to number
        Bars from top to bottom. None, NaN and infinite values get no bar, only their name and value.
    title : str
        What the chart shows, for screen readers and the tooltip.
    threshold : float, optional
        A dashed vertical line, named by `threshold_label`; bars that reach it are in the warning colour.
    width : float
        Size in pixels; the height follows from the number of bars.

    Examples
    --------
    >>> chart = bar_chart({"distance": 0.31, "origin": 0.02}, title="Effect by column", threshold=0.1)
    >>> chart.count("<rect")
    2
    """
    if not values:
        return svg.no_data(title, width)
    numbers = [finite(value) for value in values.values()]
    limit = None if threshold is None else finite(threshold)
    texts = svg.value_labels(values.values())
    rows = _Rows(list(values), texts, svg.scale_over([0.0, *numbers, limit], 0, 1, padding=0), limit, width)
    bars = [_bar(rows.x, level, number, limit) for level, number in zip(rows.levels, numbers, strict=True)]
    zero = svg.line(rows.x(0.0), rows.top, rows.x(0.0), rows.bottom, opacity=0.5)
    drawing = [*rows.labels(), *bars, zero, *rows.reference_line(threshold_label)]
    return svg.canvas(title, rows.in_words(), width, rows.bottom + 4, drawing)


def interval_chart(
    estimates: Mapping[str, tuple[object, object, object]], *, title: str, reference: float | None = None,
    reference_label: str = "reference", width: float = svg.WIDTH,
) -> Markup:  # fmt: skip
    """Compare estimates with their uncertainty, such as champion and challenger with confidence intervals.

    Parameters
    ----------
    estimates : mapping of str to (estimate, lower, upper)
        Rows from top to bottom. An interval with a missing or infinite end is not drawn, nor is a missing estimate.
    title : str
        What the chart shows, for screen readers and the tooltip.
    reference : float, optional
        A dashed vertical line, named by `reference_label`.
    width : float
        Size in pixels; the height follows from the number of rows.

    Examples
    --------
    >>> chart = interval_chart({"champion": (0.71, 0.70, 0.72), "challenger": (0.73, 0.72, 0.74)}, title="AUC")
    >>> "challenger 0.730 (0.720 to 0.740)" in chart
    True
    """
    if not estimates:
        return svg.no_data(title, width)
    numbers = [[finite(value) for value in values] for values in estimates.values()]
    limit = None if reference is None else finite(reference)
    labels = iter(svg.value_labels(value for values in estimates.values() for value in values))
    texts = [_interval_text(middle, lower, upper) for middle, lower, upper in zip(labels, labels, labels, strict=True)]
    scale = svg.scale_over([limit, *(value for row in numbers for value in row)], 0, 1)
    rows = _Rows(list(estimates), texts, scale, limit, width)
    points = [_interval(rows.x, level, *row) for level, row in zip(rows.levels, numbers, strict=True)]
    drawing = [*rows.grid(), *rows.labels(), *rows.reference_line(reference_label), *points]
    return svg.canvas(title, rows.in_words(), width, rows.bottom + _AXIS, drawing)


def _bar(x: svg.Scale, level: float, number: float | None, limit: float | None) -> Markup | None:
    if number is None:
        return None
    left, right = sorted([x(0.0), x(number)])
    fill = svg.VERMILLION if limit is not None and number >= limit else svg.BLUE
    return element("rect", x=left, y=level - 7, width=max(right - left, 1.0), height=14.0, rx=1.5, fill=fill)


def _interval(
    x: svg.Scale, level: float, middle: float | None, lower: float | None, upper: float | None
) -> Markup | None:
    if middle is None:
        return None
    dot = element("circle", cx=x(middle), cy=level, r=5, fill=svg.BLUE)
    if lower is None or upper is None:
        return dot
    return join([svg.line(x(lower), level, x(upper), level, colour=svg.BLUE, width=3, opacity=0.55), dot])


def _interval_text(middle: str, lower: str, upper: str) -> str:
    return middle if MISSING in (middle, lower, upper) else f"{middle} ({lower} to {upper})"


class _Rows:
    """Names on the left, values as text on the right, a scale and perhaps a reference line between them."""

    def __init__(self, names: list[str], texts: list[str], scale: svg.Scale, line: float | None, width: float):
        self.names, self.texts, self.line = names, texts, line
        self.top = 4.0 if line is None else 20.0
        self.levels = [self.top + _ROW * (index + 0.5) for index in range(len(names))]
        self.bottom = self.top + _ROW * len(names)
        self.left = svg.text_width(names) + 10
        self.right = max(width - svg.text_width(texts) - 12, self.left + svg.LEAST_ROOM)
        self.x = scale._replace(start=self.left, end=self.right)

    def labels(self) -> Iterator[Markup]:
        for level, name, text in zip(self.levels, self.names, self.texts, strict=True):
            yield svg.label(self.left - 10, level, name, anchor="end")
            yield svg.label(self.right + 10, level, text, faint=True)

    def in_words(self) -> str:
        return ", ".join(f"{name} {text}" for name, text in zip(self.names, self.texts, strict=True))

    def grid(self) -> Iterator[Markup]:
        ticks = self.x.ticks(spacing=80)
        for tick, text in zip(ticks, svg.tick_labels(ticks), strict=True):
            yield svg.line(self.x(tick), self.top, self.x(tick), self.bottom, opacity=0.15)
            yield svg.label(self.x(tick), self.bottom + 12, text, anchor="middle", faint=True)

    def reference_line(self, name: str) -> Iterator[Markup]:
        if self.line is not None:
            text = f"{name} {self.line:g}"
            half = svg.text_width([text]) / 2
            centre = min(max(self.x(self.line), half), self.right - half)
            yield svg.line(self.x(self.line), self.top, self.x(self.line), self.bottom, dashes="5 4", opacity=0.8)
            yield svg.label(centre, 10, text, anchor="middle", faint=True)
