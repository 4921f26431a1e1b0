"""Markup: text that is safe to put into a page, and the only mechanism that makes it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

_TAG_NAMES = """
a caption code dd details div dl dt em figcaption figure h1 h2 h3 h4 header img li main ol p pre section span strong
summary table tbody td th thead time tr ul circle desc g line path rect svg text title
"""
_ATTRIBUTE_NAMES = """
alt aria-hidden aria-label class datetime height href open role scope src tabindex title width cx cy d fill fill-opacity
font-family font-size font-weight opacity r rx stroke stroke-dasharray stroke-linecap stroke-linejoin stroke-opacity
stroke-width text-anchor viewBox x x1 x2 xmlns y y1 y2
"""
_TAGS, _ATTRIBUTES = frozenset(_TAG_NAMES.split()), frozenset(_ATTRIBUTE_NAMES.split())
_VOID_TAGS = frozenset(["img"])
_HARMLESS_ADDRESS = {
    "href": re.compile(r"https?://|mailto:|#|[\w.%-]+(?:[/?#]|\Z)", re.IGNORECASE),
    "src": re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]*\Z"),
}
# Control characters, direction overrides (they make text read as something it is not), lone surrogates, non-characters.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


class Markup(str):
    """Text that is markup already and is not escaped again.

    Every operation of `str` on it, such as ``+`` or an f-string, gives a plain `str`, which is escaped when used:
    forgetting about escaping shows too many ``&amp;``, never a tag. Never call it on data.
    """

    __slots__ = ()


def escape(text: object) -> Markup:
    """Make any value safe as the text of an element and as an attribute's value.

    Parameters
    ----------
    text : object
        Anything; `str` of it is escaped. Markup stays as it is. Characters that no page can hold, such as control
        characters and lone surrogates, become U+FFFD.

    Examples
    --------
    >>> escape("<b> & 'c'")
    '&lt;b&gt; &amp; &#x27;c&#x27;'
    """
    return text if isinstance(text, Markup) else _quoted(str(text))


def join(parts: Iterable[object], separator: str = "") -> Markup:
    """Escape all parts and put them one after the other; None is left out.

    Examples
    --------
    >>> join(["a < b", None, element("em", "c")], separator=", ")
    'a &lt; b, <em>c</em>'
    """
    return Markup(escape(separator).join(escape(part) for part in parts if part is not None))


def element(tag: str, /, *children: object, **attributes: str | float | None) -> Markup:
    """Build one HTML or SVG element from data that nobody has to trust.

    Parameters
    ----------
    tag : str
        One of the few tags that can not run code.
    *children : object
        Escaped unless they are Markup; None is left out.
    **attributes : str, float or None
        ``class_`` stands for ``class`` and ``stroke_width`` for ``stroke-width``. Values are always escaped, floats are
        written with two decimals, None leaves the attribute out. An ``href`` or ``src`` that is not a plain web
        address, a relative path or an embedded image is left out too.

    Raises
    ------
    ValueError
        The tag or an attribute is not on the list, so it may be able to run code.

    Examples
    --------
    >>> element("td", "<script>", class_="mk-number")
    '<td class="mk-number">&lt;script&gt;</td>'
    >>> element("a", "innocent", href="javascript:alert(1)")
    '<a>innocent</a>'
    """
    if tag not in _TAGS:
        raise ValueError(f"<{tag}> is not an element that mlopskit writes; use one of: {', '.join(sorted(_TAGS))}.")
    opening = tag + "".join(_attribute(name, value) for name, value in attributes.items() if value is not None)
    return Markup(f"<{opening}/>" if tag in _VOID_TAGS else f"<{opening}>{join(children)}</{tag}>")


def _attribute(keyword: str, value: str | float) -> str:
    name = keyword.rstrip("_").replace("_", "-")
    if name not in _ATTRIBUTES:
        raise ValueError(
            f"{name!r} is not an attribute that mlopskit writes; use one of: {', '.join(sorted(_ATTRIBUTES))}."
        )
    if name in _HARMLESS_ADDRESS and not _HARMLESS_ADDRESS[name].match(str(value)):
        return ""
    return f' {name}="{_quoted(_decimal(value) if isinstance(value, float) else str(value))}"'


def _quoted(text: str) -> Markup:
    return Markup(html.escape(_UNPRINTABLE.sub("\ufffd", text)))


def _decimal(value: float) -> str:
    written = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if written == "-0" else written
