"""How drift reads: what moved and how, then all columns in a ranked table with their shapes, then the terms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from mlopskit.markup.components import Status, badge, details, figure, headline, paragraph, section, table
from mlopskit.markup.findings import Finding, findings, percent
from mlopskit.markup.heatmap import heatmap
from mlopskit.markup.html import Markup, join
from mlopskit.markup.lines import line_chart
from mlopskit.markup.overlay import overlay
from mlopskit.markup.page import fragment, page
from mlopskit.markup.picture import Picture

if TYPE_CHECKING:
    from mlopskit.records.drift import ColumnDrift, DriftReport, DriftTimeline

_MOST_FINDINGS = 12
_MOST_LINES = 5
_STATUS: dict[str, Status] = {
    "drifted": "fail", "missing column": "fail", "changed kind": "fail", "not enough data": "neutral", "stable": "ok",
}  # fmt: skip
_SHAPES = "Grey is the reference, blue is current."


def document(report: DriftReport) -> str:
    """Make the page of a report."""
    facts: dict[str, object] = {
        "verdict": _verdict(report), "columns that drifted": f"{len(report.drifted_columns)} of {len(report.columns)}",
        "rows": report.n_current, "rows of the reference": report.n_reference,
    }  # fmt: skip
    return page("Drift report", headline(facts), *_sections(report, level=2), paragraph(report.terms()))


def notebook(report: DriftReport) -> str:
    """Make what a notebook shows of a report."""
    words = paragraph(_verdict(report), " ", report.summary(), " ", report.terms())
    return fragment(section("Drift", words, *_sections(report, level=4), level=3))


def shapes(rows: Sequence[ColumnDrift]) -> Picture:
    """Draw the shapes of some columns."""
    figures = [figure(_shape(row, width=420.0, height=110.0) or Markup(), _caption(row)) for row in rows]
    return Picture("Drift", join([paragraph(_SHAPES), *figures]))


def _caption(row: ColumnDrift) -> str:
    return f"{row.column}: {row.change or row.verdict} (effect {row.effect:.3g})"


def lines(timeline: DriftTimeline, columns: Sequence[str]) -> Picture:
    """Draw how the effects of some columns went on."""
    effects = _effects(timeline)
    unknown = [name for name in columns if name not in effects]
    if unknown:
        raise KeyError(f"no column {', '.join(map(repr, unknown))} in this timeline: it has {', '.join(effects)}")
    ranked = sorted(effects, key=lambda name: -max((each for each in effects[name] if each is not None), default=0.0))
    series = {name: effects[name] for name in columns or ranked[:_MOST_LINES]}
    least = {row.least_effect for each in timeline.periods for row in each.report.columns if row.column in series}
    threshold = least.pop() if len(least) == 1 else None  # what is usual may differ from column to column
    chart = line_chart(
        _labels(timeline), series, title="Effect by period", threshold=threshold, threshold_label="least effect"
    )
    return Picture("Drift over time", chart)


def timeline_document(timeline: DriftTimeline) -> str:
    """Make the page of a timeline."""
    facts = {"periods": len(timeline.periods), "alarms": len(timeline.alarms)}
    return page("Drift over time", headline(facts), *_timeline_sections(timeline))


def timeline_notebook(timeline: DriftTimeline) -> str:
    """Make what a notebook shows of a timeline."""
    return fragment(*_timeline_sections(timeline))


def _timeline_sections(timeline: DriftTimeline) -> Iterator[Markup]:
    grid = heatmap(
        _effects(timeline), _labels(timeline), title="Effect by column and period",
        marks=_drifted(timeline), mark_label="drifted",
    )  # fmt: skip
    yield figure(grid, "The effect of each column in each period.")
    alarms = [each for each in timeline.periods if each.alarm]
    if alarms:
        said = [Finding(each.label, "fail", None, (each.report.summary(),)) for each in alarms]
        counted = f"{len(alarms)} alarm{'s' if len(alarms) > 1 else ''}"
        yield details(badge("fail", counted), findings(said), opened=len(said) <= _MOST_FINDINGS)


def _verdict(report: DriftReport) -> Markup:
    return badge("fail", "drifted") if report.drifted else badge("ok", "no drift")


def _sections(report: DriftReport, *, level: Any) -> Iterator[Markup]:
    ranked = report.ranked()
    moved = [row for row in ranked if row.drifted]
    if moved:
        yield section("What moved", findings(map(_finding, moved[:_MOST_FINDINGS])), level=level)
    listed = table([_line(row) for row in ranked], caption=_SHAPES)
    yield details(f"All {len(ranked)} columns", listed, opened=not moved or level == 2)
    if report.together is not None:
        yield from report.together.sections(level=level)
    if report.added_columns:
        yield paragraph(f"Not in the reference, and no drift: {', '.join(report.added_columns)}.")


def _finding(row: ColumnDrift) -> Finding:
    found = {
        "missing column": "The column is missing.",
        "changed kind": f"It holds another kind of values: {row.change}.",
    }
    measured = f"{row.change}; effect {row.effect:.3g} by {row.method}, p {row.corrected_p_value:.2g}"
    said = found.get(row.verdict, measured)
    missing = ""
    if row.missing_before != row.missing_after and row.verdict not in found:
        missing = f"missing {_missing(row)}"
    return Finding(row.column, _STATUS[row.verdict], None, tuple(filter(None, (said, missing, _shape(row)))))


def _line(row: ColumnDrift) -> dict[str, object]:
    return {
        "column": row.column, "verdict": badge(_STATUS[row.verdict], row.verdict), "effect": round(row.effect, 4),
        "corrected p": f"{row.corrected_p_value:.2g}", "shape": _shape(row, width=120.0, height=28.0),
        "change": row.change, "missing": _missing(row),
        "n": row.n, "by": row.method,
    }  # fmt: skip


def _shape(row: ColumnDrift, **size: float) -> Markup | None:
    if row.histogram is None:
        return None
    shape = row.histogram
    return overlay(shape.before, shape.after, title=row.column, labels=shape.labels, ordered=shape.ordered, **size)


def _effects(timeline: DriftTimeline) -> dict[str, list[float | None]]:
    names = dict.fromkeys(row.column for each in timeline.periods for row in each.report.columns)
    tested = [[row for row in each.report.columns if row.method or row.drifted] for each in timeline.periods]
    found = [{row.column: row.effect for row in rows} for rows in tested]
    return {name: [effects.get(name) for effects in found] for name in names}


def _missing(row: ColumnDrift) -> str:
    if row.missing_before == row.missing_after:
        return percent(row.missing_after)
    return f"{percent(row.missing_before)} → {percent(row.missing_after)}"


def _drifted(timeline: DriftTimeline) -> dict[str, list[bool]]:
    drifted = [set(each.report.drifted_columns) for each in timeline.periods]
    return {name: [name in names for names in drifted] for name in _effects(timeline)}


def _labels(timeline: DriftTimeline) -> list[str]:
    return [each.label for each in timeline.periods]
