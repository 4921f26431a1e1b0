"""What was found, one entry below the other: a name, how much of it there is, and words about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from mlopskit.markup import svg
from mlopskit.markup.components import Status
from mlopskit.markup.html import Markup, element
from mlopskit.markup.values import shorten

_BAR = 120.0
_LEAST = 2.0  # pixels, so that one row of a million is seen
_TITLE_LIMIT, _TEXT_LIMIT = 200, 600


class Finding(NamedTuple):
    """One entry of `findings`: what it is about, how it is, the share of what is concerned, and text or Markup."""

    title: str
    status: Status = "neutral"
    share: float | None = None
    detail: tuple[str | Markup, ...] = ()


def findings(entries: Iterable[Finding]) -> Markup:
    """List what was found in the order given; long text is cut.

    Examples
    --------
    >>> "22.2 %" in findings([Finding("origin is never missing", "fail", 2 / 9, ("2 of 9 rows fail",))])
    True
    """
    return element("ul", *(_entry(entry) for entry in entries), class_="mk-findings")


def percent(share: float) -> str:
    """Write a share for reading; none and all are said of none and all only.

    Examples
    --------
    >>> [percent(share) for share in (0.0, 1e-6, 0.125, 0.99999, 1.0)]
    ['0 %', '< 0.1 %', '12.5 %', '> 99.9 %', '100 %']
    """
    if share in (0, 1):
        return f"{100 * share:.0f} %"
    return "< 0.1 %" if share < 0.001 else "> 99.9 %" if share > 0.999 else f"{100 * share:.1f} %"


def _entry(entry: Finding) -> Markup:
    head = element("div", element("strong", shorten(entry.title, _TITLE_LIMIT)), _share(entry.share))
    details = (
        each if isinstance(each, Markup) else element("div", shorten(each, _TEXT_LIMIT)) for each in entry.detail
    )
    return element("li", head, *details, class_=f"mk-{entry.status}")


def _share(share: float | None) -> Markup | None:
    if share is None:
        return None
    whole = element("rect", width=_BAR, height=8.0, rx=2.0, fill=svg.GREY, fill_opacity=0.25)
    part = element("rect", width=max(share * _BAR, _LEAST), height=8.0, rx=2.0, fill=svg.VERMILLION) if share else None
    bar = element("svg", whole, part, width=_BAR, height=8.0, aria_hidden="true")
    return element("span", bar, percent(share), class_="mk-share")
