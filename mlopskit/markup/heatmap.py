"""A grid of numbers from 0 to 1 as shades: which column moved, and when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mlopskit.markup import svg
from mlopskit.markup.html import Markup, element, join
from mlopskit.markup.values import MISSING, display, finite, format_number

_ROW = 20.0
_TOP = 24.0
_LEGEND = 40.0
_GAP = 1.5
_NARROWEST_CELL, _WIDEST_CELL = 4.0, 72.0
_SWATCH = 44.0


def heatmap(
    rows: Mapping[str, Sequence[object]], columns: Sequence[object], *, title: str,
    marks: Mapping[str, Sequence[bool]] | None = None, mark_label: str = "marked", width: float = svg.WIDTH,
) -> Markup:  # fmt: skip
    """Show many numbers at once, such as the drift of every column in every month.

    Parameters
    ----------
    rows : mapping of str to sequence of numbers
        One value per column, each between 0 (background) and 1 (full colour); what lies outside takes
        the nearest shade. None, NaN and infinite values are crossed out.
    columns : sequence
        Labels from left to right.
    title : str
        What the chart shows, for screen readers and the tooltip.
    marks : mapping of str to sequence of bool, optional
        Cells that carry a dot, so that they do not stand out by colour alone; as many per row as values.
    mark_label : str, default "marked"
        What a dot means.
    width : float
        Size in pixels, more if there are very many columns; the height follows from the number of rows.

    Raises
    ------
    ValueError
        A row is not as long as `columns`.

    Examples
    --------
    >>> marks = {"distance": [False, True]}
    >>> grid = heatmap({"distance": [0.02, 0.4]}, ["Jan", "Feb"], title="Drift by month", marks=marks)
    >>> "distance, Feb: 0.4000" in grid
    True
    """
    for name, values in rows.items():
        if len(values) != len(columns):
            raise ValueError(
                f"Row {name!r} has {len(values)} values for {len(columns)} columns; give None where one lacks."
            )
    if not rows or len(columns) == 0:
        return svg.no_data(title, width)
    labels = [display(column) for column in columns]
    left = svg.text_width(rows) + 10
    cell = min(max((width - left) / len(labels), _NARROWEST_CELL), _WIDEST_CELL)
    width = max(width, left + cell * len(labels))
    drawing = [*_column_labels(labels, left, cell)]
    for index, (name, values) in enumerate(rows.items()):
        y = _TOP + index * _ROW
        drawing.append(svg.label(left - 8, y + _ROW / 2, name, anchor="end"))
        dots = marks[name] if marks else [False] * len(values)
        for column, (value, dotted) in enumerate(zip(values, dots, strict=True)):
            drawing.append(_cell(left + column * cell, y, cell, value, f"{name}, {labels[column]}", dotted))
    bottom = _TOP + _ROW * len(rows)
    drawing += _legend(left, bottom + 14, mark_label if marks else "")
    words = f"{len(rows)} rows by {len(labels)} columns{_words(marks, mark_label) if marks else ''}"
    return svg.canvas(title, words, width, bottom + _LEGEND, drawing)


def _column_labels(labels: list[str], left: float, cell: float) -> Iterator[Markup]:
    every = max(1, -int(-(svg.text_width(labels) + 6) // cell))
    for index in range(0, len(labels), every):
        yield svg.label(left + (index + 0.5) * cell, _TOP / 2, labels[index], anchor="middle", faint=True)


def _cell(x: float, y: float, width: float, value: object, name: str, dotted: bool) -> Markup:
    share = finite(value)
    dot = _dot(x, y, width) if dotted else None
    if share is None:
        return element("g", element("title", f"{name}: {MISSING}"), _crossed_out(x, y, width), dot)
    return element("g", element("title", f"{name}: {format_number(share)}"), _square(x, y, width, share), dot)


def _crossed_out(x: float, y: float, width: float) -> Markup:
    stroke = svg.line(x + width * 0.3, y + _ROW - 5, x + width * 0.7, y + 4, opacity=0.4)
    return join([_square(x, y, width, 0.0), stroke])


def _dot(x: float, y: float, width: float) -> Markup:
    return element("circle", cx=x + (width - _GAP) / 2, cy=y + (_ROW - _GAP) / 2, r=2.5, fill="currentColor")


def _square(x: float, y: float, width: float, share: float) -> Markup:
    """Fade one colour into the background, whichever that is; zero stays visible as a cell."""
    shade = 0.05 + 0.95 * min(max(share, 0.0), 1.0)
    return element(
        "rect", x=x, y=y, width=width - _GAP, height=_ROW - _GAP, rx=1.5, fill=svg.VERMILLION, fill_opacity=shade
    )


def _legend(left: float, y: float, mark_label: str) -> Iterator[Markup]:
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        yield _square(left, y, _SWATCH, share)
        yield svg.label(left + _SWATCH / 2, y + _ROW / 2, f"{share:g}", anchor="middle")
        left += _SWATCH
    yield _crossed_out(left + 16, y, _ROW)
    yield svg.label(left + 42, y + _ROW / 2, "no value", faint=True)
    if mark_label:
        yield _dot(left + 116, y, _ROW)
        yield svg.label(left + 138, y + _ROW / 2, mark_label, faint=True)


def _words(marks: Mapping[str, Sequence[bool]], mark_label: str) -> str:
    """Say in words which cells carry a dot."""
    dotted = ", ".join(f"{name} ({sum(dots)})" for name, dots in marks.items() if any(dots))
    return f"; {mark_label}: {dotted or 'none'}"
