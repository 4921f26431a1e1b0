"""Two histograms over each other: what a column held before, and what it holds now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlopskit.markup import svg
from mlopskit.markup.html import Markup, element
from mlopskit.markup.values import format_number

_PAD = 2.0
_NAMES = 16.0
_ROOM_FOR_NAMES = 80.0


def overlay(
    before: Sequence[float], after: Sequence[float], *, title: str, labels: Sequence[str] = (), ordered: bool = True,
    width: float = 180.0, height: float = 44.0,
) -> Markup:  # fmt: skip
    """Compare two histograms: the first as a grey area, the second as a line, or both as bars side by side.

    Parameters
    ----------
    before, after : sequence of float, shape (bars,)
        Shares; the highest of all fills the height.
    title : str
        What is shown, for screen readers and the tooltip.
    labels : sequence of str, optional
        The name of each bar, or of the edges between them; the first and the last are written where there is room, and
        all names of bars are told in the description.
    ordered : bool, default True
        Whether the bars follow from each other; if not they stand apart.
    width, height : float
        Size in pixels.

    Examples
    --------
    >>> overlay([0.5, 0.5], [0.2, 0.8], title="origin", labels=["EWR", "JFK"], ordered=False).count("<rect")
    4
    """
    if not before:
        return svg.no_data(title, width)
    named = height >= _ROOM_FOR_NAMES and bool(labels)
    floor = height - (_NAMES if named else _PAD)
    top = max(*before, *after, 1e-12)
    step = (width - 2 * _PAD) / len(before)
    heights = [[(floor - _PAD) * share / top for share in shares] for shares in (before, after)]
    draw = _steps if ordered else _bars
    drawing = [*draw(heights[0], heights[1], step, floor), *(_ends(labels, width, height) if named else ())]
    return svg.canvas(title, _in_words(before, after, labels if not ordered else ()), width, height, drawing)


def _ends(labels: Sequence[str], width: float, height: float) -> Iterator[Markup]:
    yield svg.label(_PAD, height - _NAMES / 2, labels[0], faint=True)
    yield svg.label(width - _PAD, height - _NAMES / 2, labels[-1], anchor="end", faint=True)


def _steps(before: list[float], after: list[float], step: float, floor: float) -> Iterator[Markup]:
    yield element("path", d=f"{_outline(before, step, floor)}Z", fill=svg.GREY, fill_opacity=0.35)
    yield element("path", d=_outline(after, step, floor), fill="none", stroke=svg.BLUE, stroke_width=1.5)


def _outline(heights: list[float], step: float, floor: float) -> str:
    tops = "".join(f"V{floor - each:.1f}H{_PAD + (place + 1) * step:.1f}" for place, each in enumerate(heights))
    return f"M{_PAD:.1f} {floor:.1f}{tops}V{floor:.1f}"


def _bars(before: list[float], after: list[float], step: float, floor: float) -> Iterator[Markup]:
    thick = min(step * 0.4, 14.0)
    for place, heights in enumerate(zip(before, after, strict=True)):
        for side, (tall, colour, opacity) in enumerate(zip(heights, (svg.GREY, svg.BLUE), (0.5, None), strict=True)):
            x = _PAD + place * step + side * thick
            yield element(
                "rect", x=round(x, 1), y=round(floor - tall, 1), width=round(thick, 1), height=round(tall, 1),
                fill=colour, fill_opacity=opacity,
            )  # fmt: skip


def _in_words(before: Sequence[float], after: Sequence[float], labels: Sequence[str]) -> str:
    named = zip(labels, before, after, strict=False)
    told = [
        f"{label}: {format_number(100 * first, 1)} to {format_number(100 * second, 1)} %"
        for label, first, second in named
    ]
    return "; ".join(told) or f"{len(before)} bars"
