"""A model's card: what is known of a version from its history, and what a person still has to write.

The sections follow M. Mitchell et al., Model cards for model reporting, FAccT 2019.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from mlopskit.records.model import CARD_SECTIONS, Decision, ModelVersion
from mlopskit.records.signature import Column

_UNWRITTEN = "To be written"
_SHOWN_VALUES = 8


@attrs.frozen(repr=False)
class Card:
    """What to know about a version before using it.

    Attributes
    ----------
    version : ModelVersion
    aliases : tuple of str
        What names it now.
    decisions : tuple of Decision
        Everything that was decided about it, in order.

    Examples
    --------
    >>> card = Card(ModelVersion("flight-delays", 1, "2026-03-01T00:00:00+00:00", "ana", "ab12", {}))
    >>> card.missing[:2]
    ('description', 'intended_use')
    >>> print(card.markdown.splitlines()[0])
    # flight-delays/1
    """

    version: ModelVersion
    aliases: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """The sections that a person still has to write, with `Registry.describe`."""
        return self.version.unwritten

    @property
    def markdown(self) -> str:
        """The card as Markdown text; whatever people wrote is shown as they wrote it, but as text."""
        return "\n".join(_lines(self)) + "\n"

    @property
    def html(self) -> str:
        """The card as one HTML document that needs nothing else."""
        from mlopskit.markup.page import page

        return page(str(self.version), *_parts(self), subtitle=_subtitle(self))

    def __str__(self) -> str:
        return self.markdown

    def __repr__(self) -> str:
        left = f"{len(self.missing)} sections to be written" if self.missing else "complete"
        return f"<Card of {self.version}: {left}>"

    def _repr_html_(self) -> str:
        from mlopskit import markup

        return markup.fragment(markup.section(str(self.version), markup.paragraph(_subtitle(self)), *_parts(self)))


def _subtitle(card: Card) -> str:
    named = f", named {', '.join(card.aliases)}" if card.aliases else ""
    gone = ", deleted" if card.version.deleted else ""
    return f"A {card.version.kind} registered {card.version.registered[:16]} by {card.version.by}{named}{gone}"


def _tables(card: Card) -> Iterator[tuple[str, list[str], Sequence[Sequence[Any]]]]:
    """Yield what is known: heading, column names and rows."""
    version = card.version
    if version.metrics:
        yield "Metrics", ["metric", "value"], [[name, f"{value:.6g}"] for name, value in version.metrics.items()]
    if version.params:
        yield "Params", ["param", "value"], [[name, value] for name, value in version.params.items()]
    if version.signature:
        columns = [
            [each.name, each.kind, "yes" if each.nullable else "no", _seen(each)] for each in version.signature.columns
        ]
        yield "Input", ["column", "kind", "may be missing", "seen in the sample"], columns
    if version.datasets:
        data = [[name, each.rows or "", each.fingerprint] for name, each in version.datasets.items()]
        yield "Data", ["data", "rows", "fingerprint"], data
    if card.decisions:
        yield "Decisions", ["time", "decision", "by"], [[each.time[:16], str(each), each.by] for each in card.decisions]
        found = [[result.check, result.status, result.message] for each in card.decisions for result in each.results]
        if found:
            yield "Evaluation", ["check", "status", "found"], found
    if version.approved_by:
        yield "Approvals", ["approved by"], [[each] for each in version.approved_by]
    yield "Origin", ["fact", "value"], [[name, value] for name, value in _origin(version).items() if value]
    if version.tags:
        yield "Tags", ["tag", "value"], [[name, value] for name, value in version.tags.items()]


def _seen(column: Column) -> str:
    """Say what the sample had, in few words."""
    if column.low is not None:
        return f"{column.low:g} to {column.high:g}"
    more = f" and {len(column.values) - _SHOWN_VALUES} more" if len(column.values) > _SHOWN_VALUES else ""
    return ", ".join(map(str, column.values[:_SHOWN_VALUES])) + more


def _origin(version: ModelVersion) -> Mapping[str, Any]:
    code = version.code
    return {
        "run": version.run,
        "parent": version.parent,
        "commit": code.commit if code else "",
        "uncommitted changes": "" if code is None or code.dirty is None else "yes" if code.dirty else "no",
        "Python": version.python,
        "scikit-learn": version.sklearn,
        "bytes": version.digest,
        "same bytes as": f"{version.name}/{version.same_as}" if version.same_as else "",
    }


def _lines(card: Card) -> Iterator[str]:
    yield from (f"# {card.version}", "", f"{_text(_subtitle(card))}.")
    for section, what in CARD_SECTIONS.items():
        words = card.version.words(section)
        yield from ("", f"## {_heading(section)}", "")
        yield from ([f"> {_text(line)}" for line in words.splitlines()] if words else [f"*{_UNWRITTEN}: {what}.*"])
    for heading, names, rows in _tables(card):
        yield from ("", f"## {heading}", "", _row(names), _row(["---"] * len(names), plain=True), *map(_row, rows))


def _parts(card: Card) -> Iterator[Any]:
    from mlopskit.markup import escape, note, paragraph, section, table

    for name, what in CARD_SECTIONS.items():
        words = card.version.words(name)
        said = map(paragraph, words.split("\n\n")) if words else [note("warn", f"{_UNWRITTEN}: {what}.")]
        yield section(_heading(name), *said, level=3)
    for heading, names, rows in _tables(card):
        whole = [[escape(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]  # nothing is cut
        yield section(heading, table([dict(zip(names, row, strict=True)) for row in whole], names), level=3)


def _heading(section: str) -> str:
    return section.replace("_", " ").capitalize()


def _row(cells: Sequence[Any], *, plain: bool = False) -> str:
    return f"| {' | '.join(str(cell) if plain else _text(cell) for cell in cells)} |"


def _text(value: object) -> str:
    """Make any text harmless in Markdown: no tags, links, tables or headings of its own."""
    text = " ".join(str(value).split())
    for sign in "\\`*_{}[]<>()#+!|~":
        text = text.replace(sign, f"&#{ord(sign)};" if sign in "<>" else f"\\{sign}")
    return text
