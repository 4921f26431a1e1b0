"""One page about everything on a store: runs, versions, decisions, drift and how good the champion was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlopskit import markup
from mlopskit.errors import DamagedError
from mlopskit.markup import Entry, Markup
from mlopskit.markup.components import Status
from mlopskit.records.drift import DriftReport, DriftTimeline
from mlopskit.records.model import Decision
from mlopskit.records.report import CheckResult
from mlopskit.registry import history
from mlopskit.registry.registry import Registry
from mlopskit.storage.store import Store, StoreLike
from mlopskit.tracking.lifecycle import read_states

if TYPE_CHECKING:
    import os

_MOST_RUNS = 50
_BADGES: dict[str, Status] = {"running": "neutral", "finished": "ok", "failed": "fail"}
_OPERATIONS = {
    "promote": "promoted to",
    "set_alias": "set as",
    "rollback": "back as",
    "remove_alias": "no longer",
}


def write_page(
    store: StoreLike,
    path: str | os.PathLike[str],
    *,
    title: str = "Models",
    model: str | None = None,
    drift: DriftTimeline | Mapping[str, DriftReport] | None = None,
    performance: Mapping[str, float] | None = None,
) -> Path:
    """Write one HTML page that shows what happened on a store; it needs no network and runs no script.

    Parameters
    ----------
    store : Store, str, path or None
        As for `Store`; only read.
    path : str or path
        The file to write, replaced if it is there; its folder is made.
    title : str, default "Models"
        The page's heading.
    model : str, optional
        Which model to show; default: all of them.
    drift : DriftTimeline, or mapping of str to DriftReport, optional
        What moved, by period.
    performance : mapping of str to float, optional
        A score of the champion by period, such as the month. A period that a version names in one of its params, such
        as ``until="2013-07"``, is marked with what was decided about that version.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    NotFoundError
        If the store has no such model.
    OSError
        If the file can not be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = write_page("memory://docs-page", Path(folder, "page.html"), title="Flight delays")
    ...     page.name, "Flight delays" in page.read_text(encoding="utf-8")
    ('page.html', True)
    """
    store, path = Store.of(store), Path(path)
    registry = Registry(store)
    reports = _by_period(drift)
    names = [model] if model is not None else list(registry.models().index)
    stories = [_Story(registry, name) for name in names]
    parts = [
        *(markup.headline(story.facts()) for story in stories[:1] if len(stories) == 1),
        *_performance(performance, stories),
        *_drift(reports),
        *(part for story in stories for part in story.sections()),
        _runs(store),
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(markup.page(title, *parts, subtitle=f"Everything here was read from {store}."), encoding="utf-8")
    return path


class _Story:
    """One model: its versions and what was decided about them."""

    def __init__(self, registry: Registry, name: str) -> None:
        self.name = name
        self.versions = registry.versions(name)
        events = history.open_log(registry.store, name).state()["history"]
        self.decisions = [history.decision_of(name, event) for event in events if event["operation"] in _OPERATIONS]

    def facts(self) -> dict[str, object]:
        """Give the few numbers that matter most."""
        judged = [decision for decision in self.decisions if decision.operation == "promote"]
        aliases = {alias: number for number, named in self.versions["aliases"].items() for alias in _split(named)}
        return {
            **{alias: f"version {number}" for alias, number in aliases.items()},
            "versions": len(self.versions),
            "promoted": sum(decision.accepted for decision in judged),
            "refused": sum(not decision.accepted for decision in judged),
            "taken back": sum(decision.operation == "rollback" for decision in self.decisions),
        }

    def marks(self, periods: Sequence[str]) -> dict[str, str]:
        """Say at which periods a version was made, and what became of it; only promotions if there are many."""
        params = self.versions.filter(regex=r"^params\.")
        marks, promotions = {}, {}
        for number, row in zip(params.index, params.to_numpy(dtype=object), strict=True):
            period = next((period for period in periods if period in row.tolist()), None)
            verdict = self._verdict(number)
            if period is not None:
                marks[period] = f"v{number} {verdict}".rstrip()
            if period is not None and verdict == "promoted":
                promotions[period] = f"v{number}"
        return marks if len(marks) <= 3 else promotions

    def _verdict(self, number: int) -> str:
        judged = [each for each in self.decisions if each.version == number and each.operation == "promote"]
        return ("promoted" if judged[-1].accepted else "refused") if judged else ""

    def sections(self) -> Iterator[Markup]:
        """Show what the gate found, the decisions and the versions."""
        yield from self._gains()
        yield markup.section(f"Decisions about {self.name}", markup.timeline(map(_entry, self.decisions)))
        hidden = ("tags.", "approved_by", "run", "description")
        shown = [column for column in self.versions if not column.startswith(hidden)]
        rows = self.versions[shown].reset_index().to_dict("records")
        headings = {key: key.removeprefix("metrics.").removeprefix("params.") for key in ["version", *shown]}
        yield markup.section(f"Versions of {self.name}", markup.table(rows, headings))

    def _gains(self) -> Iterator[Markup]:
        gains: dict[str, dict[str, tuple[object, object, object]]] = {}
        for decision in self.decisions:
            for found in filter(_has_interval, decision.results):
                name = f"version {decision.version} {'promoted' if decision.accepted else 'refused'}"
                interval = found.observed["gain"], found.observed["low"], found.observed["high"]
                gains.setdefault(str(found.observed["metric"]), {})[name] = interval
        for metric, estimates in gains.items():
            chart = markup.interval_chart(
                estimates, title=f"Gain in {metric} over the champion", reference=0.0, reference_label="no gain"
            )
            caption = "Each challenger against the champion of its time, with the interval that the gate looked at."
            heading = f"What challengers of {self.name} gained in {metric}"
            yield markup.section(heading, markup.figure(chart, caption))


def _performance(performance: Mapping[str, float] | None, stories: list[_Story]) -> Iterator[Markup]:
    if not performance:
        return
    periods = list(map(str, performance))
    marks: dict[tuple[str, object], str] = {
        ("champion", period): text for story in stories for period, text in story.marks(periods).items()
    }
    chart = markup.line_chart(
        periods, {"champion": list(performance.values())}, title="The champion's score", marks=marks
    )
    caption = "Measured once the labels were known. A ring marks data that a new champion was then trained up to."
    yield markup.section("How good the champion was", markup.figure(chart, caption))


def _drift(reports: dict[str, DriftReport]) -> Iterator[Markup]:
    if not reports:
        return
    effects = [{row.column: row.effect for row in report.columns} for report in reports.values()]
    names = dict.fromkeys(name for found in effects for name in found)
    largest = {name: max(found.get(name, 0.0) for found in effects) for name in names}
    ranked = sorted(names, key=lambda name: -largest[name])
    rows = {name: [found.get(name) for found in effects] for name in ranked}
    drifted = [set(report.drifted_columns) for report in reports.values()]
    marks = {name: [name in moved for moved in drifted] for name in ranked}
    chart = markup.heatmap(rows, list(reports), title="Drift by column and period", marks=marks, mark_label="drifted")
    alarms = sum(report.drifted for report in reports.values())
    caption = (
        "How far each column is from what the champion was trained on, in standard deviations or shares of rows. "
        f"{alarms} of {len(reports)} periods raised the alarm."
    )
    yield markup.section("What moved", markup.figure(chart, caption))


def _runs(store: Store) -> Markup:
    states = [state for state in read_states(store) if not isinstance(state, DamagedError)]
    states.sort(key=lambda state: str(state["started"]), reverse=True)
    rows = [_run_row(state) for state in states[:_MOST_RUNS]]
    more = f"The newest {_MOST_RUNS} of {len(states)}." if len(states) > _MOST_RUNS else None
    return markup.section("Runs", markup.table(rows, caption=more, empty="Nothing was tracked on this store."))


def _run_row(state: dict[str, Any]) -> dict[str, object]:
    status = state["status"]
    shown = markup.badge(_BADGES[status], status)
    row: dict[str, object] = {"run": state["name"], "experiment": state["experiment"], "status": shown}
    row |= {"started": str(state["started"])[:16].replace("T", " "), "seconds": state.get("seconds")}
    last = {name: summary["last"] for name, summary in state["summaries"].items()}
    return {**row, **state["params"], **last}


def _verb(decision: Decision) -> str:
    if not decision.accepted:
        return "refused as"
    return "forced as" if decision.forced else _OPERATIONS[decision.operation]


def _entry(decision: Decision) -> Entry:
    what = f"Version {decision.version} {_verb(decision)} "
    before = f" in place of {decision.previous}" if decision.accepted and decision.previous else ""
    by = f"by {decision.by}" + (f": {decision.reason}" if decision.reason else "")
    findings = [markup.paragraph(found.message) for found in decision.results if found.message]
    is_unusual = decision.forced or decision.operation in ("rollback", "remove_alias")
    status: Status = "warn" if is_unusual else "ok" if decision.accepted else "fail"
    when = decision.time[:16].replace("T", " ")
    return Entry(when, what + decision.alias + before, status, markup.join([*findings, by]))


def _has_interval(found: CheckResult) -> bool:
    return {"metric", "gain", "low", "high"} <= found.observed.keys()


def _by_period(drift: DriftTimeline | Mapping[str, DriftReport] | None) -> dict[str, DriftReport]:
    if isinstance(drift, DriftTimeline):
        return {each.label: each.report for each in drift.periods}
    return {str(period): report for period, report in (drift or {}).items()}


def _split(aliases: str) -> list[str]:
    return [alias for alias in aliases.split(", ") if alias]
