"""The parts of a page that are text: tables, badges, facts, sections, timelines, notes."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import chain, zip_longest
from typing import Literal, NamedTuple

from mlopskit.markup import svg
from mlopskit.markup.html import Markup, element, escape
from mlopskit.markup.values import decimals, display, format_number, is_missing, is_number, shorten

Status = Literal["ok", "warn", "fail", "neutral"]

_CELL_LIMIT = 80
_TOOLTIP_LIMIT = 2000
_SHAPES = {  # a tick in a disc, a triangle, a cross in a square, a ring: told apart without colour
    "ok": (svg.GREEN, "M7 0a7 7 0 1 0 .01 0zM3.6 7.4l2.3 2.3 4.6-5"),
    "warn": ("#d98a00", "M7 .8l6.6 12H.4zM7 5v3.6M7 10.6v.2"),
    "fail": (
        svg.VERMILLION,
        "M.5 .5h13v13h-13zM4.2 4.2l5.6 5.6M9.8 4.2l-5.6 5.6",
    ),
    "neutral": (svg.GREY, "M7 1a6 6 0 1 0 .01 0z"),
}


class Entry(NamedTuple):
    """One event of a `timeline`: when it was, what happened, how it ended, and more text or Markup about it."""

    when: object
    title: object
    status: Status = "neutral"
    detail: object = None


def table(
    rows: Iterable[Mapping[str, object] | Sequence[object]],
    columns: Mapping[str, str] | Sequence[str] | None = None,
    *,
    caption: str | None = None,
    empty: str = "Nothing here yet.",
) -> Markup:
    """Show rows under column headings.

    Numbers are aligned right and share their decimals within a column; a missing value is a dash; long text is cut and
    kept whole in a tooltip; Markup, such as a badge or a sparkline, is shown as it is.

    Parameters
    ----------
    rows : iterable of mappings, or of sequences
        A frame is ``frame.to_dict("records")``. Keys that a row lacks are missing values.
    columns : mapping of str to str, or sequence of str, optional
        Which keys to show, in this order, with other headings if it is a mapping; for sequences their headings. By
        default all keys in the order in which they appear.
    caption : str, optional
        What the table shows.
    empty : str
        What to say when there are no rows.

    Examples
    --------
    >>> "<td>JFK</td>" in table([{"origin": "JFK", "flights": 111279}])
    True
    """
    rows = list(rows)
    if not rows:
        return element("p", empty, class_="mk-empty")
    keys = list(columns or dict.fromkeys(chain.from_iterable(row for row in rows if isinstance(row, Mapping))))
    headings = list(columns.values()) if isinstance(columns, Mapping) else keys
    grid = [[row.get(key) for key in keys] if isinstance(row, Mapping) else list(row) for row in rows]
    shown = [_column(column) for column in zip_longest(*grid)]
    classes = ["mk-number" if numeric else None for _, numeric in shown]
    head = [element("th", text, scope="col", class_=name) for text, name in zip(headings, classes, strict=False)]
    body = [
        element("tr", *(element("td", cell, class_=name) for cell, name in zip(cells, classes, strict=True)))
        for cells in zip(*(cells for cells, _ in shown), strict=True)
    ]
    shell = element(
        "table",
        element("caption", caption) if caption else None,
        element("thead", element("tr", *head)) if head else None,
        element("tbody", *body),
    )
    return element("div", shell, class_="mk-scroll", tabindex="0", role="region", aria_label=caption or "Table")


def badge(status: Status, text: object = None) -> Markup:
    """Show a state by shape, colour and word; the word is the status itself if no other is given.

    Examples
    --------
    >>> "refused" in badge("fail", "refused")
    True
    """
    return element("span", _shape(status), status if text is None else _cell(text), class_=f"mk-badge mk-{status}")


def key_values(pairs: Mapping[str, object]) -> Markup:
    """List names with their values, one under the other."""
    return element("dl", *_pairs(pairs), class_="mk-facts")


def headline(pairs: Mapping[str, object]) -> Markup:
    """Show the few values that matter most, large and side by side."""
    return element("dl", *(element("div", *_pairs({name: pairs[name]})) for name in pairs), class_="mk-headline")


def section(heading: object, *content: object, level: Literal[2, 3, 4] = 2) -> Markup:
    """Put content under a heading of its own."""
    return element("section", element(f"h{level}", heading), *content)


def details(summary: object, *content: object, opened: bool = False) -> Markup:
    """Fold content away behind a line that opens it."""
    return element("details", element("summary", summary), *content, open="" if opened else None)


def paragraph(*content: object) -> Markup:
    """Put text, and Markup within it, into a paragraph."""
    return element("p", *content)


def preformatted(text: str) -> Markup:
    """Show source code, JSON or a traceback with its line breaks."""
    return element("pre", element("code", text), tabindex="0")


def link(text: object, url: str) -> Markup:
    """Point to a web address or a relative path; anything else, such as ``javascript:``, becomes plain text."""
    return element("a", text, href=url)


def note(status: Status, *content: object) -> Markup:
    """Call attention to a remark."""
    return element("div", _shape(status), element("div", *content), role="note", class_=f"mk-note mk-{status}")


def figure(content: Markup, caption: object) -> Markup:
    """Give a chart, an image or a table a caption that says what to see in it."""
    return element("figure", content, element("figcaption", caption))


def image(png: bytes, description: str) -> Markup:
    """Embed a PNG picture, such as a logged Matplotlib figure, described for those who do not see it."""
    return element("img", src=f"data:image/png;base64,{base64.b64encode(png).decode()}", alt=description)


def side_by_side(*parts: object) -> Markup:
    """Put parts next to each other where the page is wide enough, else below each other."""
    return element("div", *(element("div", part) for part in parts), class_="mk-side-by-side")


def timeline(entries: Iterable[Entry], *, empty: str = "Nothing has happened yet.") -> Markup:
    """List decisions or events in the order given.

    Examples
    --------
    >>> "promoted" in timeline([Entry("2013-02-01", "Version 4 promoted", "ok", "by ana")])
    True
    """
    items = [_entry(entry) for entry in entries]
    return element("ol", *items, class_="mk-timeline") if items else element("p", empty, class_="mk-empty")


def _entry(entry: Entry) -> Markup:
    head = element("div", element("strong", entry.title), " ", element("span", _cell(entry.when), class_="mk-when"))
    detail = None if entry.detail is None else element("div", entry.detail, class_="mk-detail")
    return element("li", _shape(entry.status), head, detail, class_=f"mk-{entry.status}")


def _shape(status: Status) -> Markup:
    if status not in _SHAPES:
        raise ValueError(f"{status!r} is not a status; use one of: {', '.join(_SHAPES)}.")
    colour, path = _SHAPES[status]
    drawn = element(
        "path", d=path, fill="none", stroke=colour, stroke_width=1.6, stroke_linejoin="round", stroke_linecap="round"
    )
    return element("svg", drawn, viewBox="-1 -1 16 16", width="14", height="14", aria_hidden="true", class_="mk-shape")


def _pairs(pairs: Mapping[str, object]) -> Iterable[Markup]:
    for name, value in pairs.items():
        yield element("dt", name)
        yield element("dd", _cell(value))


def _column(values: Sequence[object]) -> tuple[list[Markup], bool]:
    """Render one column; tell also whether it is one of numbers."""
    known = [value for value in values if not is_missing(value)]
    if not known or not all(map(is_number, known)):
        return [_cell(value) for value in values], False
    places = decimals(known)
    return [_cell(value) if is_missing(value) else _number(value, places) for value in values], True


def _number(value: object, places: int) -> Markup:
    return escape(format_number(value, places) if is_number(value) else value)


def _cell(value: object) -> Markup:
    if isinstance(value, Markup):
        return value
    text = display(value)
    if is_missing(value):
        return element("span", text, class_="mk-missing", title="missing")
    if isinstance(value, date):
        return element("time", text, datetime=value.isoformat())
    if len(text) > _CELL_LIMIT:
        return element("span", shorten(text, _CELL_LIMIT), title=shorten(text, _TOOLTIP_LIMIT))
    return escape(text)
