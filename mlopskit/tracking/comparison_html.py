"""How a comparison looks in a notebook."""

from __future__ import annotations

from collections.abc import Iterator

from mlopskit.markup.components import Status, badge, details, headline, note, preformatted, section, table
from mlopskit.markup.html import Markup
from mlopskit.markup.page import fragment
from mlopskit.tracking.comparison import ABSENT, Agreement, Comparison, Pair, shown

_BADGES: dict[Agreement, Status] = {"agrees": "ok", "differs": "warn", "unknown": "neutral"}


def comparison_html(comparison: Comparison) -> str:
    """Show two runs side by side: the verdict first, then what differs, what agrees folded away.

    Parameters
    ----------
    comparison : Comparison
    """
    found = comparison.agreement
    facts = {name.capitalize(): badge(_BADGES[agreement], agreement) for name, agreement in found.items()}
    status: Status = "ok" if set(found.values()) == {"agrees"} else "warn" if "differs" in found.values() else "neutral"
    title = f"{comparison.a.name} and {comparison.b.name}"
    return fragment(
        section(title, headline(facts), note(status, comparison.verdict), level=3),
        *_sections(comparison),
    )


def _sections(comparison: Comparison) -> Iterator[Markup]:
    headings = {"a": f"a: {comparison.a.name}", "b": f"b: {comparison.b.name}"}
    for name, pairs in comparison.sections.items():
        if not pairs:
            continue
        with_difference = name == "metrics"
        differing = [_row(pair, with_difference) for pair in pairs if not pair.agrees]
        agreeing = [_row(pair, with_difference=False) for pair in pairs if pair.agrees]
        columns = {"name": "", **headings, **({"difference": "b minus a"} if with_difference else {})}
        yield section(
            name.capitalize(),
            table(differing, columns, empty="No difference."),
            details("Changes that are not committed", preformatted(comparison.diff))
            if name == "code" and comparison.diff
            else None,
            details(f"{len(agreeing)} that agree", table(agreeing, {"name": "", "a": "both"})) if agreeing else None,
            level=4,
        )


def _row(pair: Pair, with_difference: bool) -> dict[str, object]:
    row = {"name": pair.name, "a": _cell(pair.a), "b": _cell(pair.b)}
    return row | {"difference": pair.difference} if with_difference else row


def _cell(value: object) -> object:
    if value is ABSENT:
        return None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else shown(value)
