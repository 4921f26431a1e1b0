"""What comes from what: a graph drawn from left to right, such as the steps of a pipeline."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from graphlib import TopologicalSorter
from statistics import fmean
from typing import NamedTuple

from mlopskit.markup import svg
from mlopskit.markup.html import Markup, element, join

_BOX, _GAP = 40.0, 48.0
_ROW, _LANE = 56.0, 24.0  # the height of a step, and that of an edge which passes by
_MARK = 22.0  # the width that a mark adds to a box

_STATES = {  # told apart by the mark and by the word, with no need of the colour; a mark is drawn around its middle
    "done": (svg.GREEN, "m-6 0a6 6 0 1 0 12 0a6 6 0 1 0 -12 0m3.2 .2l2 2 3.8-4.2"),  # a tick in a disc
    "cached": (svg.BLUE, "m1.5-7l-6 8h4l-1 6 6-8h-4z"),  # a flash
    "failed": (svg.VERMILLION, "m-6-6h12v12h-12zm3.2 3.2l5.6 5.6m0-5.6l-5.6 5.6"),  # a cross in a square
    "skipped": (svg.GREY, "m-6 0a6 6 0 1 0 12 0a6 6 0 1 0 -12 0m1.8-4.2l8.4 8.4"),  # a ring struck through
    "running": ("#d98a00", "m-4.5-6l10.5 6-10.5 6z"),  # a triangle, as on a key that starts a tape
    "given": (svg.PURPLE, "m0-7v8m-3.5-3.5l3.5 3.5 3.5-3.5m-9.5 1v4.5h12v-4.5"),  # an arrow into a tray
    "waiting": (svg.GREY, "m-4.5-6h9l-9 12h9z"),  # an hourglass
}

Slot = tuple[str, int]  # a step's name and a column: its own holds its box, those right of it the edges on their way


class _Place(NamedTuple):
    left: float
    middle: float
    width: float


class _Box(NamedTuple):
    name: str
    below: str
    state: str | None
    is_parameter: bool

    @property
    def width(self) -> float:
        return svg.text_width([self.name, self.below]) + 24 + (_MARK if self.state else 0)

    @property
    def colour(self) -> str:
        if self.state:
            return _STATES[self.state][0]
        return svg.GREY if self.is_parameter else svg.BLUE


def graph(
    inputs: Mapping[str, Sequence[str]],
    *,
    title: str,
    notes: Mapping[str, str] | None = None,
    states: Mapping[str, str] | None = None,
    parameters: Collection[str] = (),
) -> Markup:
    """Show which step needs which other ones, and what became of each.

    A graph wider than its page keeps its size and can be scrolled.

    Parameters
    ----------
    inputs : mapping of str to sequence of str
        For every step those it needs. A name that is nobody's step is drawn as one without inputs.
    title : str
        What the graph shows, for screen readers and the tooltip.
    notes : mapping of str to str, optional
        A few words below a step's name, such as ``"1.2 s"``.
    states : mapping of str to str, optional
        What became of a step: ``"done"``, ``"cached"``, ``"failed"``, ``"skipped"``, ``"running"``, ``"given"`` or
        ``"waiting"``, shown by a mark, the word and a colour.
    parameters : collection of str
        The names that are parameters of the run: their boxes are round and dashed.

    Raises
    ------
    graphlib.CycleError
        A step needs itself, directly or through others.
    ValueError
        There is no such state.

    Examples
    --------
    >>> needs = {"model": ["split", "depth"], "scores": ["model", "split"]}
    >>> drawn = graph(needs, title="Pipeline", states={"model": "cached"}, parameters=["depth"])
    >>> "scores needs model, split; model is cached; depth is a parameter" in drawn
    True
    """
    depths = _depths(inputs)
    if not depths:
        return svg.no_data(title, 200)
    boxes = {name: _box(name, notes or {}, states or {}, parameters) for name in depths}
    places = _places(_columns(inputs, depths), depths, boxes)
    edges = [
        _edge([places[source, column] for column in range(depths[source], depths[name])] + [places[name, depths[name]]])
        for name, sources in inputs.items()
        for source in sources
    ]
    frames = [_frame(boxes[name], places[name, column]) for name, column in depths.items()]
    width = max(place.left + place.width for place in places.values()) + 2
    height = max(place.middle for place in places.values()) + _ROW / 2
    drawing = [element("g", *edges, opacity=0.5), *frames]
    drawn = svg.canvas(title, _in_words(inputs, boxes), width, height, drawing)
    return element("div", drawn, class_="mk-scroll", tabindex="0", role="region", aria_label=title)


def _box(name: str, notes: Mapping[str, str], states: Mapping[str, str], parameters: Collection[str]) -> _Box:
    state = states.get(name)
    if state is not None and state not in _STATES:
        raise ValueError(f"{state!r} is not a state of {name!r}; use one of: {', '.join(_STATES)}.")
    below = " · ".join(words for words in (state, notes.get(name)) if words)
    return _Box(name, below, state, name in parameters)


def _in_words(inputs: Mapping[str, Sequence[str]], boxes: Mapping[str, _Box]) -> str:
    needs = [f"{name} needs {', '.join(sources)}" for name, sources in inputs.items() if sources]
    states = [f"{box.name} is {box.state}" for box in boxes.values() if box.state]
    parameters = [f"{box.name} is a parameter" for box in boxes.values() if box.is_parameter]
    return "; ".join([*needs, *states, *parameters]) or ", ".join(boxes)


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


def _places(columns: list[list[Slot]], depths: Mapping[str, int], boxes: Mapping[str, _Box]) -> dict[Slot, _Place]:
    places: dict[Slot, _Place] = {}
    left = 2.0
    heights = [[_ROW if depths[name] == column else _LANE for name, column in slots] for slots in columns]
    for slots, rows in zip(columns, heights, strict=True):
        width = max((boxes[name].width for name, column in slots if depths[name] == column), default=0.0)
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


def _frame(box: _Box, place: _Place) -> Markup:
    frame = element(
        "rect", x=place.left, y=place.middle - _BOX / 2, width=place.width, height=_BOX,
        rx=_BOX / 2 if box.is_parameter else 5.0, fill=box.colour, fill_opacity=0.14, stroke=box.colour,
        stroke_dasharray="4 3" if box.is_parameter else None,
    )  # fmt: skip
    marked = _MARK if box.state else 0
    centre = place.left + (place.width + marked) / 2
    rise = 7.0 if box.below else 0.0
    name = svg.label(centre, place.middle - rise, box.name, anchor="middle")
    below = svg.label(centre, place.middle + 9, box.below, anchor="middle", faint=True) if box.below else None
    return join([frame, _mark(box.state, place) if box.state else None, name, below])


def _mark(state: str, place: _Place) -> Markup:
    colour, shape = _STATES[state]
    return element(
        "path", d=f"M{place.left + 17:.1f} {place.middle:.1f}{shape}", fill="none", stroke=colour, stroke_width=1.6,
        stroke_linejoin="round", stroke_linecap="round",
    )  # fmt: skip
