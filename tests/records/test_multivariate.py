import attrs
import pytest

from mlopskit.records.json import from_json, to_json
from mlopskit.records.multivariate import ColumnMovement, MultivariateReport, MultivariateResult

FOUND = MultivariateResult("mmd", 9.0, 0.001, 0.3, 100, 50, {"<b>": 0.7, "c": 0.3}, ("a detail",))
QUIET = MultivariateResult("correlation change", 1.0, 0.6, 0.05, 100, 50)
SILENT = MultivariateResult("plugin", 0.0, 1.0, 0.0, 100, 3, note="not enough data")
MOVED = (ColumnMovement("<b>", 0.7, "typical value 1 -> 2"), ColumnMovement("c", 0.3, "by itself as before"))


def report(*results, **params):
    return MultivariateReport(results, MOVED, **{"alpha": 0.05, "min_effect": 0.1} | params)


def test_the_alarm_needs_a_corrected_p_value_and_an_effect():
    assert report(FOUND, QUIET).drifted
    assert report(FOUND, QUIET).corrected_p_value(FOUND) == 0.002
    assert report(FOUND, SILENT).corrected_p_value(FOUND) == 0.001
    assert not report(FOUND, QUIET, alpha=0.0015).drifted
    assert not report(FOUND, min_effect=0.4).drifted
    assert not report(attrs.evolve(FOUND, p_value=0.03), QUIET).drifted


@pytest.mark.parametrize(
    ("results", "verdict"),
    [
        ((FOUND, QUIET), "drifted (mmd)"),
        ((QUIET, SILENT), "stable"),
        ((SILENT,), "not enough data"),
        ((), "not enough"),
    ],
)
def test_the_summary_says_what_was_found(results, verdict):
    assert report(*results).summary().startswith(verdict)


def test_it_reads_well():
    assert repr(report(FOUND, SILENT)).splitlines() == [
        "MultivariateReport: drifted (mmd). 50 rows against 100; alpha 0.05, effect at least 0.1.",
        "  mmd     drifted  effect 0.300  p 0.001",
        "    a detail",
        "  plugin  not enough data",
        "  to blame: <b> 70%: typical value 1 -> 2",
        "  to blame: c 30%: by itself as before",
    ]
    assert "blame" not in repr(report(QUIET))


def test_its_tables():
    frame = report(FOUND, SILENT).to_frame()
    assert frame["drifted"].tolist() == [True, False]
    assert frame["note"].tolist() == ["", "not enough data"]
    assert report(FOUND).movements_to_frame()["column"].tolist() == ["<b>", "c"]


def test_a_notebook_shows_it_escaped():
    html = report(FOUND, QUIET, SILENT)._repr_html_()
    assert "&lt;b&gt;" in html
    assert "<b>" not in html
    assert "not enough data" in html


def test_it_comes_back_from_json():
    assert from_json(MultivariateReport, to_json(report(FOUND, SILENT))) == report(FOUND, SILENT)
