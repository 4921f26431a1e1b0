from __future__ import annotations

import attrs
import pytest

from mlopskit.records.json import from_json, to_json
from mlopskit.records.performance import (
    MetricEstimate,
    PerformancePeriod,
    PerformanceReport,
    PerformanceTimeline,
    Shift,
)
from mlopskit.storage import canonical_json

AUC = MetricEstimate("roc_auc", 0.68, 0.66, 0.70, reference=0.74, higher_is_better=True, realised=0.69)
LOSS = MetricEstimate("log_loss", 0.68, 0.66, 0.70, reference=0.74, higher_is_better=False)
FEW = MetricEstimate("f1", None, None, None, reference=0.5, higher_is_better=True)


NOT_ASKED = Shift()


def report(*metrics, labelled=100, shift=NOT_ASKED):
    return PerformanceReport(metrics, rows=100, labelled=labelled, confidence=0.95, shift=shift)


@pytest.mark.parametrize(
    ("estimate", "verdict"),
    [
        (AUC, "worse"),
        (LOSS, "better"),
        (attrs.evolve(AUC, reference=0.6), "better"),
        (attrs.evolve(LOSS, reference=0.6), "worse"),
        (attrs.evolve(AUC, reference=0.66), "stable"),
        (FEW, "not enough data"),
    ],
)
def test_a_verdict_knows_which_way_is_better(estimate, verdict):
    assert estimate.verdict == verdict


def test_whether_labels_agree_is_told_once_all_are_there():
    assert report(AUC).within("roc_auc") is True
    assert report(attrs.evolve(AUC, realised=0.8)).within("roc_auc") is False
    assert report(AUC, labelled=99).within("roc_auc") is None
    assert report(LOSS).within("log_loss") is None
    assert report(attrs.evolve(FEW, realised=0.5)).within("f1") is None


def test_metrics_are_found_by_name():
    assert report(AUC, FEW)["f1"] is FEW
    with pytest.raises(KeyError, match="'recall' was not estimated; there are roc_auc, f1"):
        report(AUC, FEW)["recall"]


def test_it_says_in_words_what_was_found():
    found = report(AUC, FEW, shift=Shift("corrected", 0.7, 900.0))
    assert found.summary() == (
        "roc_auc 0.6800 (0.6600 to 0.7000), reference 0.7400, realised 0.6900: worse; f1: not enough data; "
        "features have moved, which the estimate accounts for."
    )
    assert found.worse == ("roc_auc",)
    assert "100 rows, 100 with labels" in repr(found)


def test_a_frame_has_a_row_per_metric():
    frame = report(AUC, FEW).to_frame()
    assert list(frame["metric"]) == ["roc_auc", "f1"]
    assert list(frame["verdict"]) == ["worse", "not enough data"]
    assert list(frame["within"]) == [True, None]


def timeline():
    worse, few = report(AUC, LOSS), report(attrs.evolve(FEW, metric="roc_auc"), LOSS, labelled=0)
    return PerformanceTimeline(
        (PerformancePeriod("2013-01-01T00:00:00", worse), PerformancePeriod("2013-02-01T00:00:00", few))
    )


def test_a_timeline_counts_what_happened():
    assert timeline().worse == (("2013-01-01T00:00:00", "roc_auc"),)
    assert timeline().summary() == (
        "roc_auc is worse than the reference in 1 of 2 periods; 1 without enough data; "
        "the realised one lies in its interval in 1 of 1. log_loss is worse than the reference in 0 of 2 periods."
    )
    frame = timeline().to_frame()
    assert list(frame.columns[:2]) == ["period", "metric"]
    assert len(frame) == 4


def test_an_empty_timeline_shows_itself():
    empty = PerformanceTimeline(())
    assert empty.summary() == "There are no periods."
    assert empty.to_frame().empty
    assert "There are no periods." in empty._repr_html_()


def test_charts_show_the_interval_and_the_points():
    page = timeline()._repr_html_()
    assert page.count("<svg") == 2
    assert "fill-opacity" in timeline().chart("roc_auc")
    assert "<title>realised, 2013-01-01: 0.6900</title>" in timeline().chart("roc_auc")


def test_names_are_escaped():
    odd = attrs.evolve(AUC, metric="<script>")
    assert "<script>" not in report(odd)._repr_html_()
    one = PerformanceTimeline((PerformancePeriod("<b>", report(odd)),))
    assert "<script>" not in one._repr_html_()
    assert "<b>" not in one._repr_html_()


@pytest.mark.parametrize("record", [report(AUC, FEW, shift=Shift("too far", 0.99, 3.5)), timeline()])
def test_records_go_through_json(record):
    data = canonical_json.encode(to_json(record))
    assert from_json(type(record), canonical_json.decode(data)) == record
