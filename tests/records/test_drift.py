from __future__ import annotations

import attrs
import pandas as pd
import pytest

from mlopskit.records.drift import ColumnDrift, DriftPeriod, DriftReport, DriftTimeline, Histogram
from mlopskit.records.json import from_json, to_json
from mlopskit.storage import canonical_json

TEMP = ColumnDrift("temp", "numeric", "drifted", "kolmogorov-smirnov", 0.6, 1e-9, 2e-9, 0.6, 0.0, 0.125, n=744)
ORIGIN = ColumnDrift("origin", "categorical", "stable", "chi-square", 2.5, 0.3, 0.4, 0.02, n=850)
GONE = ColumnDrift("<b>gone</b>", "numeric", "missing column", p_value=0.0, corrected_p_value=0.0, effect=1.0)
FEW = ColumnDrift("few", "boolean", "not enough data", n=1)


SHAPE = Histogram(tuple(map(str, range(21))), (0.05,) * 20, (0.0, 0.1) * 10)


def report(*columns: ColumnDrift) -> DriftReport:
    return DriftReport(columns, alpha=0.05, correction="bh", min_effect=0.1, n_reference=1000, n_current=850)


def test_drift_missing_columns_and_changed_kinds_raise_the_alarm_and_too_few_data_do_not():
    assert report(TEMP).drifted
    assert report(GONE).drifted
    assert report(attrs.evolve(GONE, verdict="changed kind")).drifted
    assert not report(ORIGIN, FEW).drifted
    assert not report().drifted


def test_drifted_columns_are_ranked_by_effect():
    assert report(ORIGIN, TEMP, FEW, GONE).drifted_columns == ("<b>gone</b>", "temp")


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ((), "None of 0 columns drifted."),
        ((ORIGIN,), "None of 1 column drifted."),
        ((ORIGIN, TEMP), "1 of 2 columns drifted: temp."),
        ((GONE, FEW), "1 of 2 columns drifted: <b>gone</b>; 1 missing; 1 without enough data to tell."),
        (
            tuple(attrs.evolve(TEMP, column=name) for name in "abcdefg"),
            "7 of 7 columns drifted: a, b, c, d, e and 2 more.",
        ),
    ],
)
def test_summary(columns, sentence):
    assert report(*columns).summary() == sentence


def test_the_report_reads_in_a_terminal_the_worst_first():
    lines = repr(report(ORIGIN, TEMP)).splitlines()
    assert lines[0].startswith("DriftReport: 1 of 2 columns drifted: temp. 850 rows against 1000; alpha 0.05 (bh)")
    assert lines[1] == "  temp    drifted          effect 0.600  p 2e-09     missing 0.0% -> 12.5%  kolmogorov-smirnov"
    assert lines[2].split()[:2] == ["origin", "stable"]


def test_a_wide_report_is_cut():
    assert repr(report(*[attrs.evolve(ORIGIN, column=f"c{number}") for number in range(25)])).endswith("... and 5 more")


def test_markup_is_escaped():
    page = report(TEMP, GONE)._repr_html_()
    assert "<b>gone" not in page
    assert "&lt;b&gt;gone" in page
    assert report()._repr_html_()


def test_the_page_needs_nothing_else_and_stays_small():
    rows = [
        attrs.evolve(TEMP, column=f"column {number}", histogram=SHAPE, change="median 1 -> 2") for number in range(50)
    ]
    page = report(*rows, GONE).html
    assert page.startswith("<!DOCTYPE html>")
    assert "<b>gone" not in page
    assert "<script" not in page
    assert "http:" not in page.replace("http://www.w3.org/2000/svg", "")
    assert len(page.encode()) < 300_000


def test_plots_show_what_drifted_or_what_was_asked_for(tmp_path):
    shaped = report(attrs.evolve(TEMP, histogram=SHAPE), attrs.evolve(ORIGIN, histogram=SHAPE), GONE)
    assert "temp" in shaped.plot()._repr_html_()
    assert "origin" not in shaped.plot()._repr_html_()
    assert "origin" in shaped.plot("origin")._repr_html_()
    shaped.plot().save(tmp_path / "drift.html")
    assert (tmp_path / "drift.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    with pytest.raises(KeyError, match="no column 'humid'"):
        shaped.plot("humid")


def test_frame_has_a_row_per_column():
    frame = report(TEMP, ORIGIN).to_frame()
    assert {"column", "statistic", "p_value", "effect", "drifted", "n"} <= set(frame)
    assert frame["column"].tolist() == ["temp", "origin"]
    assert frame["drifted"].tolist() == [True, False]
    assert report().to_frame().empty


@pytest.mark.parametrize("columns", [(), (TEMP, ORIGIN, GONE, FEW), (attrs.evolve(TEMP, histogram=SHAPE),)])
def test_json_round_trip(columns):
    kept = canonical_json.encode(to_json(report(*columns)))
    assert from_json(DriftReport, canonical_json.decode(kept)) == report(*columns)


@pytest.fixture
def timeline() -> DriftTimeline:
    periods = [("2013-01-01T00:00:00+00:00", report(ORIGIN, TEMP)), ("2013-02-01T00:00:00+00:00", report(ORIGIN))]
    return DriftTimeline(tuple(DriftPeriod(*each) for each in periods))


def test_timeline_frame_has_a_row_per_period_and_column(timeline):
    frame = timeline.to_frame()
    assert {"period", "column", "statistic", "p_value", "effect", "drifted", "n"} <= set(frame)
    assert frame["period"].dt.month.tolist() == [1, 1, 2]
    assert frame["drifted"].tolist() == [False, True, False]
    assert frame["period"].iloc[0] == pd.Timestamp("2013-01-01", tz="UTC")
    assert list(DriftTimeline(()).to_frame()) == list(frame)


def test_timeline_reads_and_comes_back(timeline):
    assert repr(timeline).splitlines()[1] == "  2013-01-01T00:00:00+00:00  1 of 2 columns drifted: temp."
    assert "temp, 2013-01-01: 0.6000" in timeline._repr_html_()
    assert DriftTimeline(())._repr_html_()
    kept = canonical_json.encode(to_json(timeline))
    assert from_json(DriftTimeline, canonical_json.decode(kept)) == timeline


def test_a_timeline_has_alarms_a_page_and_a_chart(timeline):
    assert timeline.alarms == ()
    alarmed = DriftTimeline(tuple(attrs.evolve(each, alarm=each.report.drifted) for each in timeline.periods))
    assert alarmed.alarms == ("2013-01-01T00:00:00+00:00",)
    assert "1 alarm" in alarmed.html
    assert "temp" in alarmed.plot()._repr_html_()
    assert "origin" in alarmed.plot("origin")._repr_html_()
    with pytest.raises(KeyError, match="no column 'humid'"):
        alarmed.plot("humid")


def test_a_dot_is_a_column_that_drifted_and_not_one_that_is_only_far(timeline):
    usual = attrs.evolve(TEMP, verdict="stable", effect=0.9, least_effect=1.2)
    periods = (DriftPeriod("2013-01-01T00:00:00", report(usual)), DriftPeriod("2013-02-01T00:00:00", report(TEMP)))
    assert "drifted: temp (1)" in DriftTimeline(periods).html
    assert "least effect" not in DriftTimeline(periods).plot()._repr_html_()  # it is not one for all
    assert "least effect" in DriftTimeline(periods[:1]).plot()._repr_html_()


@pytest.mark.parametrize(
    ("period", "label"),
    [
        ("2013-01-01T00:00:00", "2013-01-01"),
        ("2013-01-01T06:00:00+00:00", "2013-01-01 06:00"),
        ("rows 5000000-5000999", "rows 5000000-5000999"),
    ],
)
def test_a_period_is_named_in_short(period, label):
    assert DriftPeriod(period, report()).label == label
