"""Lines: how numbers move. Every line is named where it ends; every gap in the data is a gap in the line."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby

from mlopskit.markup import svg
from mlopskit.markup.html import Markup, element, join
from mlopskit.markup.values import MISSING, display, finite, format_number, is_number, shorten

_COLOURS = (svg.BLUE, svg.VERMILLION, svg.GREEN, svg.PURPLE, svg.GREY)
_DASHES = (None, "7 3", "2 3")
_MOST_DOTS = 40
_LINE_HEIGHT = 15.0
_NOTE_ROWS = 3

Point = tuple[float, float]
Band = tuple[Sequence[object], Sequence[object]]


def sparkline(values: Sequence[object], *, title: str = "Trend", width: float = 120, height: float = 24) -> Markup:
    """Draw a word-sized line that ends in a dot, for a cell of a table.

    Parameters
    ----------
    values : sequence of numbers
        In order, evenly spaced. None, NaN and infinite values are gaps.
    title : str
        What the line is, for screen readers and the tooltip.
    width, height : float
        Size in pixels.

    Examples
    --------
    >>> sparkline([0.2, 0.5, None, 0.4]).startswith("<svg")
    True
    """
    numbers = [finite(value) for value in values]
    x = svg.Scale(0, max(len(numbers) - 1, 1), 3, width - 4)
    y = svg.scale_over(numbers, height - 4, 4, padding=0)
    strokes = _strokes(range(len(numbers)), numbers, x, y)
    end = _dot(strokes[-1][-1], 2.5, svg.BLUE) if strokes else svg.label(3, height / 2, MISSING, faint=True)
    return svg.canvas(title, svg.summary(values), width, height, [_path(strokes, svg.BLUE, 1.5), end])


def line_chart(
    x: Sequence[object], series: Mapping[str, Sequence[object]], *, title: str, threshold: float | None = None,
    threshold_label: str = "threshold", marks: Mapping[tuple[str, object], str] | None = None,
    bands: Mapping[str, Band] | None = None, points: Collection[str] = (), width: float = svg.WIDTH,
    height: float = 300,
) -> Markup:  # fmt: skip
    """Show how one or a few numbers move.

    Parameters
    ----------
    x : sequence
        Positions, in order: numbers are placed to scale, other labels (months, versions) evenly.
    series : mapping of str to sequence of numbers
        One value per element of `x`. None, NaN and infinite values are gaps. Long lines are thinned to what the pixels
        can show, keeping every peak.
    title : str
        What the chart shows, for screen readers and the tooltip.
    threshold : float, optional
        A dashed horizontal line, named by `threshold_label`.
    marks : mapping of (series, x) to str, optional
        Points to ring and annotate, such as ``{("roc_auc", "2013-07"): "retrained"}``; those without a value are
        not shown.
    bands : mapping of str to (lower, upper), optional
        Intervals around some of the series, each as two sequences with one value per element of `x`.
    points : collection of str, optional
        Series to show as points that no line joins, such as the few values that are known.
    width, height : float
        Size in pixels.

    Raises
    ------
    ValueError
        A series or a band is not as long as `x`.

    Examples
    --------
    >>> chart = line_chart(["Jan", "Feb"], {"roc_auc": [0.71, 0.68]}, title="AUC by month", threshold=0.7)
    >>> "AUC by month" in chart
    True
    """
    edges = {name: [[finite(value) for value in edge] for edge in band] for name, band in (bands or {}).items()}
    for name, values in [*series.items(), *((name, edge) for name, band in edges.items() for edge in band)]:
        if len(values) != len(x):
            raise ValueError(
                f"Series {name!r} has {len(values)} values for {len(x)} positions; give None where one lacks."
            )
    if all(finite(value) is None for values in series.values() for value in values):
        return svg.no_data(title, width)
    limit = None if threshold is None else finite(threshold)
    plot = _LinePlot(x, series, edges, points, limit, threshold_label, dict(marks or {}), width, height)
    words = "; ".join(f"{name}: {svg.summary(values)}" for name, values in series.items())
    drawing = [*plot.axes(), *plot.filled_bands(), *plot.lines(), *plot.end_labels(), *plot.annotations()]
    return svg.canvas(title, words, width, height, drawing)


class _LinePlot:
    def __init__(
        self, x: Sequence[object], series: Mapping[str, Sequence[object]], bands: dict[str, list[list[float | None]]],
        points: Collection[str], threshold: float | None, threshold_label: str, marks: dict[tuple[str, object], str],
        width: float, height: float,
    ):  # fmt: skip
        self.labels = [display(label) for label in x]
        self.series = {name: [finite(value) for value in values] for name, values in series.items()}
        self.colours = {name: _COLOURS[index % len(_COLOURS)] for index, name in enumerate(series)}
        self.bands, self.points = bands, points
        self.threshold, self.threshold_label, self.marks = threshold, threshold_label, marks
        self.numeric = len(x) > 0 and all(map(is_number, x))
        self.positions = [finite(value) for value in x] if self.numeric else [float(index) for index in range(len(x))]
        every = [value for values in chain(self.series.values(), *bands.values()) for value in values]
        self.bottom, self.width = height - 28, width
        self.y = svg.scale_over([*every, threshold], self.bottom, 10 + _LINE_HEIGHT * min(len(marks), _NOTE_ROWS))
        self.left = svg.text_width(svg.tick_labels(self.y.ticks())) + 8
        names = svg.text_width(text for _, text, _ in self._ends())
        self.right = max(width - names - 14, self.left + svg.LEAST_ROOM)
        self.x = svg.scale_over(self.positions, self.left + 12, self.right - 8, padding=0)

    def axes(self) -> Iterator[Markup]:
        ticks = self.y.ticks()
        for tick, text in zip(ticks, svg.tick_labels(ticks), strict=True):
            yield svg.line(self.left, self.y(tick), self.right, self.y(tick), opacity=0.15)
            yield svg.label(self.left - 8, self.y(tick), text, anchor="end", faint=True)
        for x, text in self._x_labels():
            yield svg.label(x, self.bottom + 16, text, anchor="middle", faint=True)

    def _x_labels(self) -> list[tuple[float, str]]:
        """Give positions and texts, leaving out as many as it takes for the rest not to touch."""
        if self.numeric:
            ticks = self.x.ticks(spacing=90)
            return [(self.x(tick), text) for tick, text in zip(ticks, svg.tick_labels(ticks), strict=True)]
        room = (self.x.end - self.x.start) / max(len(self.labels) - 1, 1)
        every = math.ceil((svg.text_width(self.labels) + 10) / room)
        return [(self.x(index), self.labels[index]) for index in range(0, len(self.labels), every)]

    def filled_bands(self) -> Iterator[Markup]:
        for name, (lower, upper) in self.bands.items():
            gaps = [None in edge for edge in zip(lower, upper, strict=True)]
            floor, top = (
                [None if gap else level for level, gap in zip(edge, gaps, strict=True)] for edge in (lower, upper)
            )
            below, above = (_strokes(self.positions, edge, self.x, self.y) for edge in (floor, top))
            yield _area(below, above, self.colours.get(name, svg.GREY))

    def lines(self) -> Iterator[Markup]:
        if self.threshold is not None:
            level = self.y(self.threshold)
            yield svg.line(self.left, level, self.right, level, dashes="5 4", opacity=0.8)
        for index, (name, values) in enumerate(self.series.items()):
            dashes = _DASHES[index // len(_COLOURS) % len(_DASHES)]
            few = len(values) <= _MOST_DOTS
            if name not in self.points:
                strokes = _strokes(self.positions, values, self.x, self.y)
                yield _path(strokes, self.colours[name], 2.0 if few else 1.5, dashes)
            if few or name in self.points:
                yield from self._dots(name, values, 3.0 if name not in self.points else 4.5)

    def _dots(self, name: str, values: list[float | None], radius: float) -> Iterator[Markup]:
        for label, position, value in zip(self.labels, self.positions, values, strict=True):
            if position is not None and value is not None:
                tooltip = f"{name}, {label}: {format_number(value)}"
                yield _dot((self.x(position), self.y(value)), radius, self.colours[name], tooltip)

    def end_labels(self) -> Iterator[Markup]:
        lowest, placed = 0.0, []
        for wanted, text, colour in sorted((self.y(value), text, colour or "") for value, text, colour in self._ends()):
            lowest = max(wanted, lowest + _LINE_HEIGHT)
            placed.append((lowest, text, colour))
        overflow = max(lowest - self.bottom - _LINE_HEIGHT, 0.0)
        for level, text, colour in placed:
            yield svg.label(self.right + 6, level - overflow, text, colour=colour or None, faint=not colour)

    def _ends(self) -> Iterator[tuple[float, str, str | None]]:
        known = {name: [value for value in values if value is not None] for name, values in self.series.items()}
        last = {name: values[-1] for name, values in known.items() if values}
        for (name, value), text in zip(last.items(), svg.value_labels(last.values()), strict=True):
            yield value, f"{shorten(str(name), 18)} {text}", self.colours[name]
        if self.threshold is not None:
            yield self.threshold, f"{self.threshold_label} {self.threshold:g}", None

    def annotations(self) -> Iterator[Markup]:
        """Hang each note on a stem above its point, below all earlier notes that reach so far to the right."""
        reach = [0.0] * _NOTE_ROWS
        for x, y, note in self._marked_points():
            blocked = [row for row, end in enumerate(reach) if end > x]
            row = min(max(blocked, default=-1) + 1, _NOTE_ROWS - 1)
            room = svg.text_width([note])
            flipped = x + room > self.width
            reach[row] = x + 10 + room * (not flipped)
            top = 8 + row * _LINE_HEIGHT
            yield svg.label(x - 5 if flipped else x + 5, top, note, anchor="end" if flipped else "start")
            yield svg.line(x, top - 5, x, y - 6, opacity=0.5)
            yield element("circle", element("title", note), cx=x, cy=y, r=6, fill="none", stroke="currentColor")

    def _marked_points(self) -> list[tuple[float, float, str]]:
        points = []
        for (name, label), note in self.marks.items():
            index = self.labels.index(display(label)) if display(label) in self.labels else -1
            position = self.positions[index] if index >= 0 else None
            value = self.series[name][index] if name in self.series else None
            if position is not None and value is not None:
                points.append((self.x(position), self.y(value), note))
        return sorted(points)


def _strokes(
    positions: Iterable[float | None], values: Iterable[float | None], x: svg.Scale, y: svg.Scale
) -> list[list[Point]]:
    """Cut a line at its gaps; of the points that share a pixel column keep the first, the last and the extremes."""
    strokes: list[list[Point]] = [[]]
    for position, value in zip(positions, values, strict=True):
        if position is not None and value is not None:
            strokes[-1].append((x(position), y(value)))
        elif strokes[-1]:
            strokes.append([])
    return [_thinned(stroke) for stroke in strokes if stroke]


def _thinned(stroke: list[Point]) -> list[Point]:
    kept: list[Point] = []
    for _, column in groupby(stroke, key=lambda point: int(point[0])):
        points = list(column)
        levels = [level for _, level in points]
        telling = {0, levels.index(min(levels)), levels.index(max(levels)), len(points) - 1}
        kept.extend(points[index] for index in sorted(telling))
    return kept


def _path(strokes: list[list[Point]], colour: str, width: float, dashes: str | None = None) -> Markup:
    drawn = "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in stroke) for stroke in strokes)
    lone = [_dot(stroke[0], width, colour) for stroke in strokes if len(stroke) == 1]
    path = element(
        "path",
        d=drawn,
        fill="none",
        stroke=colour,
        stroke_width=width,
        stroke_linejoin="round",
        stroke_dasharray=dashes,
    )
    return join([path, *lone])


def _area(floor: list[list[Point]], top: list[list[Point]], colour: str) -> Markup:
    """Fill what lies between two edges with the same gaps; where it is one point wide, draw a bar."""
    outlines = (
        [*below, *reversed(above)]
        if len(below) > 1
        else [(x + side, y) for (x, y), side in zip([*below, *below, *above, *above], (-3, 3, 3, -3), strict=True)]
        for below, above in zip(floor, top, strict=True)
    )
    drawn = "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in outline) + "Z" for outline in outlines)
    return element("path", d=drawn, fill=colour, fill_opacity=0.18, stroke="none")


def _dot(point: Point, radius: float, colour: str, tooltip: str | None = None) -> Markup:
    title = None if tooltip is None else element("title", tooltip)
    return element("circle", title, cx=point[0], cy=point[1], r=radius, fill=colour)
