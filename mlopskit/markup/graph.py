"""What comes from what: a graph drawn from left to right, such as the steps of a pipeline."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter
from statistics import fmean
from typing import NamedTuple

from mlopskit.markup import svg
from mlopskit.markup.html import Markup, element, join

_BOX, _GAP = 40.0, 48.0
_ROW, _LANE = 56.0, 24.0  # the height of a step, and that of an edge which passes by

Slot = tuple[str, int]  # a step's name and a column: its own holds its box, those right of it the edges on their way


class _Place(NamedTuple):
    left: float
    middle: float
    width: float


def graph(inputs: Mapping[str, Sequence[str]], *, title: str, notes: Mapping[str, str] | None = None) -> Markup:
    """Show which step needs which other ones.

    Parameters
    ----------
    inputs : mapping of str to sequence of str
        For every step those it needs. A name that is nobody's step is drawn as one without inputs.
    title : str
        What the graph shows, for screen readers and the tooltip.
    notes : mapping of str to str, optional
        A few words below a step's name, such as ``"cached"`` or ``"1.2 s"``.

    Raises
    ------
    graphlib.CycleError
        A step needs itself, directly or through others.

    Examples
    --------
    >>> drawn = graph({"model": ["split"], "scores": ["model", "split"]}, title="Pipeline")
    >>> "scores needs model, split" in drawn
    True
    """
    depths = _depths(inputs)
    if not depths:
        return svg.no_data(title, 200)
    places = _places(_columns(inputs, depths), depths, notes or {})
    edges = [
        _edge([places[source, column] for column in range(depths[source], depths[name])] + [places[name, depths[name]]])
        for name, sources in inputs.items()
        for source in sources
    ]
    boxes = [_node(name, (notes or {}).get(name), places[name, column]) for name, column in depths.items()]
    words = "; ".join(f"{name} needs {', '.join(sources)}" for name, sources in inputs.items() if sources)
    width = max(place.left + place.width for place in places.values()) + 2
    height = max(place.middle for place in places.values()) + _ROW / 2
    drawing = [element("g", *edges, opacity=0.5), *boxes]
    return svg.canvas(title, words or ", ".join(depths), width, height, drawing)


def _depths(inputs: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Give every step a column right of all it needs, and one that needs nothing the column before it is needed."""
    depths: dict[str, int] = {}
    for name in TopologicalSorter(inputs).static_order():
        depths[name] = 1 + max((depths[source] for source in inputs.get(name, ())), default=-1)
    for name in depths:
        if not inputs.get(name):
            users = [depths[user] for user, sources in inputs.items() if name in sources]
            depths[name] = min(users, default=1) - 1
    return depths


def _columns(inputs: Mapping[str, Sequence[str]], depths: Mapping[str, int]) -> list[list[Slot]]:
    """Sort each column by where its inputs are, which keeps most edges from crossing."""
    parents: dict[Slot, list[Slot]] = {slot: [] for slot in depths.items()}
    for name, sources in inputs.items():
        for source in sources:
            parents[name, depths[name]].append((source, depths[name] - 1))
            for column in range(depths[source] + 1, depths[name]):
                parents[source, column] = [(source, column - 1)]
    height: dict[Slot, float] = {}
    columns = [[slot for slot in parents if slot[1] == column] for column in range(1 + max(depths.values()))]
    for slots in columns:
        slots.sort(key=lambda slot: fmean([height[parent] for parent in parents[slot]] or [math.inf]))
        height.update({slot: row - (len(slots) - 1) / 2 for row, slot in enumerate(slots)})
    return columns


def _places(columns: list[list[Slot]], depths: Mapping[str, int], notes: Mapping[str, str]) -> dict[Slot, _Place]:
    places: dict[Slot, _Place] = {}
    left = 2.0
    heights = [[_ROW if depths[name] == column else _LANE for name, column in slots] for slots in columns]
    for slots, rows in zip(columns, heights, strict=True):
        names = [name for name, column in slots if depths[name] == column]
        width = svg.text_width([*names, *(notes.get(name, "") for name in names)]) + 24
        top = (max(map(sum, heights)) - sum(rows)) / 2
        for slot, row in zip(slots, rows, strict=True):
            places[slot] = _Place(left, top + row / 2, width)
            top += row
        left += width + _GAP
    return places


def _edge(route: Sequence[_Place]) -> Markup:
    x, y = route[0].left + route[0].width, route[0].middle
    path = f"M{x:.1f} {y:.1f}"
    for place in route[1:]:
        bend = x + _GAP / 2
        path += f"C{bend:.1f} {y:.1f} {bend:.1f} {place.middle:.1f} {place.left - 3:.1f} {place.middle:.1f}"
        x, y = place.left + place.width, place.middle
        path += f"H{x:.1f}" if place is not route[-1] else ""
    tip = f"M{place.left - 7:.1f} {y - 4:.1f}L{place.left - 1:.1f} {y:.1f}L{place.left - 7:.1f} {y + 4:.1f}z"
    return join([element("path", d=path, fill="none", stroke="currentColor"), element("path", d=tip)])


def _node(name: str, note: str | None, place: _Place) -> Markup:
    centre = place.left + place.width / 2
    frame = element(
        "rect", x=place.left, y=place.middle - _BOX / 2, width=place.width, height=_BOX, rx=5,
        fill=svg.BLUE, fill_opacity=0.14, stroke=svg.BLUE,
    )  # fmt: skip
    if note is None:
        return join([frame, svg.label(centre, place.middle, name, anchor="middle")])
    texts = [
        svg.label(centre, place.middle - 7, name, anchor="middle"),
        svg.label(centre, place.middle + 9, note, anchor="middle", faint=True),
    ]
    return join([frame, *texts])
