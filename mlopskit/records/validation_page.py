"""How a validation report reads: the verdict, then what did not pass, and what did folded away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mlopskit.markup.components import Status, badge, details, headline, key_values, paragraph, section, table
from mlopskit.markup.findings import Finding, findings
from mlopskit.markup.html import Markup
from mlopskit.markup.page import fragment, page
from mlopskit.markup.values import display, shorten
from mlopskit.records.report import CheckResult

if TYPE_CHECKING:
    from mlopskit.records.validation import ValidationReport

_SHOWN_PASSED = 12
"""More checks that passed than these are folded away."""
_VALUE_LIMIT = 300
_LABEL_LIMIT = 40
_GROUPS: dict[str, tuple[Status, str, str]] = {
    "failed": ("fail", "failed", ""),
    "error": ("fail", "could not run", "Neither passed nor failed. The report is not ok until they run."),
    "warned": ("warn", "warned", "Failed, and only reported: their severity is “warn”."),
    "skipped": ("neutral", "skipped", "There was nothing for them to look at. They stop nothing."),
    "passed": ("ok", "passed", ""),
}


def document(report: ValidationReport) -> str:
    """Make the page."""
    counts = {_GROUPS[word][1]: len(results) for word, results in _grouped(report).items()}
    facts: dict[str, object] = {"verdict": _verdict(report), **counts, "rows": report.rows}
    return page("Validation report", headline(facts), *_sections(report, level=2))


def notebook(report: ValidationReport) -> str:
    """Make what a notebook shows."""
    found = paragraph(_verdict(report), f" ({report.summary()})")
    return fragment(section("Validation", found, *_sections(report, level=4), level=3))


def _verdict(report: ValidationReport) -> Markup:
    return badge("ok", "passed") if report.ok else badge("fail", "failed")


def _grouped(report: ValidationReport) -> dict[str, list[CheckResult]]:
    groups = {word: [each for each in report.results if each.outcome == word] for word in _GROUPS}
    return {word: sorted(found, key=_share, reverse=True) for word, found in groups.items() if found}


def _sections(report: ValidationReport, *, level: Any) -> Iterator[Markup]:
    for word, results in _grouped(report).items():
        status, name, about = _GROUPS[word]
        listed = findings(_finding(each, status) for each in results)
        if word == "passed":
            yield details(badge(status, f"{len(results)} passed"), listed, opened=len(results) <= _SHOWN_PASSED)
        else:
            explained = paragraph(about) if about else None
            yield section(badge(status, f"{len(results)} {name}"), explained, listed, level=level)


def _share(result: CheckResult) -> float:
    return result.failed / result.rows if result.rows else 0.0


def _finding(result: CheckResult, status: Status) -> Finding:
    where = ", ".join(map(str, result.examples))
    place = f"{'first of them' if result.failed > len(result.examples) else 'rows'}: {where}" if where else ""
    said: list[str | Markup] = ["; ".join(filter(None, [result.message, place]))]
    if result.labels and result.labels != result.examples:  # the default index says the same twice
        said.append(f"labelled {', '.join(map(_label, result.labels))}")
    if "verdict" in result.observed:  # what a check of a model measured
        said.append(details("measured", *_values(result.observed)))
    return Finding(result.check, status, _share(result) if result.failed else None, tuple(filter(None, said)))


def _label(label: Any) -> str:
    return shorten(f"({', '.join(map(str, label))})" if isinstance(label, tuple) else str(label), _LABEL_LIMIT)


def _values(values: Mapping[str, Any]) -> Iterator[Markup]:
    """Show plain values as a list, and each table or group of values below it."""
    nested = {name: value for name, value in values.items() if isinstance(value, Mapping) or _is_table(value)}
    plain = {_named(name): _plain(value) for name, value in values.items() if name not in nested and value is not None}
    if plain:
        yield key_values(plain)
    for name, value in nested.items():
        if isinstance(value, Mapping):
            yield details(_named(name), *_values(value), opened=True)
        else:
            yield table([{_named(key): each for key, each in row.items()} for row in value], caption=_named(name))


def _is_table(value: Any) -> bool:
    return isinstance(value, Sequence) and bool(value) and all(isinstance(row, Mapping) for row in value)


def _plain(value: Any) -> object:
    if isinstance(value, list | tuple):
        return shorten(", ".join(map(display, value)), _VALUE_LIMIT)
    return value


def _named(key: str) -> str:
    return key.replace("_", " ")
