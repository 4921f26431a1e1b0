"""How a run looks in a notebook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from mlopskit.markup.components import Status, badge, headline, key_values, note, preformatted, section, table
from mlopskit.markup.html import Markup
from mlopskit.markup.lines import sparkline
from mlopskit.markup.page import fragment
from mlopskit.records.run import RunRecord
from mlopskit.tracking.plots import thinned
from mlopskit.tracking.runs_table import runs_markup

if TYPE_CHECKING:
    import pandas as pd

    from mlopskit.tracking.segments import Series

_BADGES: dict[str, Status] = {"running": "neutral", "finished": "ok", "failed": "fail", "killed": "fail"}
_TREND_POINTS = 200


def run_html(record: RunRecord, series: Mapping[str, Series], children: pd.DataFrame) -> str:
    """Show a run: how it ended, what went in, how its metrics moved, what it kept.

    Parameters
    ----------
    record : RunRecord
    series : mapping of str to Series
        Its metric points.
    children : DataFrame
        The runs started below it.
    """
    return fragment(
        section(record.name, _facts(record), note("fail", record.error) if record.error else "", level=3),
        *_parts(record, series),
        section("Children", runs_markup(children), level=4) if len(children) else "",
    )


def _facts(record: RunRecord) -> Markup:
    facts = {"Status": badge(_BADGES[record.status], record.status), "Experiment": record.experiment}
    facts["Started"] = record.started[:19].replace("T", " ") + " UTC"
    if record.ended:
        facts["Seconds"] = f"{record.seconds:.3g}"
    return headline(facts)


def _parts(record: RunRecord, series: Mapping[str, Series]) -> Iterator[Markup]:
    yield key_values({"Run": record.id})
    if record.params:
        yield section("Params", key_values(record.params), level=4)
    if record.note:
        yield section("Note", preformatted(record.note), level=4)
    if series:
        yield section("Metrics", table(_metric_row(name, series[name]) for name in sorted(series)), level=4)
    if record.tags:
        yield section("Tags", key_values(record.tags), level=4)
    if record.datasets:
        rows = [
            {"dataset": name, "rows": data.rows, "columns": len(data.columns)} for name, data in record.datasets.items()
        ]
        yield section("Datasets", table(rows), level=4)
    kept = {name: artifact.get("type", "several parts") for name, artifact in record.artifacts.items()}
    kept |= {name: f"file of {file['size']:,} bytes" for name, file in record.files.items()}
    if kept:
        yield section("Artifacts", key_values(kept), level=4)
    if record.steps:
        steps = [{"step": step.step, "status": step.status, "seconds": step.seconds} for step in record.steps]
        yield section("Steps", table(steps), level=4)


def _metric_row(name: str, series: Series) -> dict[str, object]:
    values = series.values
    trend = sparkline(values[thinned(values, _TREND_POINTS)].tolist(), title=name) if len(values) > 1 else ""
    return {"metric": name, "last": float(values[-1]), "points": len(values), "trend": trend}
