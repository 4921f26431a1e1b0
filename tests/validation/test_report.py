import pandas as pd
import pytest

from mlopskit.errors import ValidationError
from mlopskit.records.json import from_json, to_json
from mlopskit.records.report import CheckResult
from mlopskit.records.validation import ValidationReport
from mlopskit.validation import Validator, checks


@pytest.fixture
def report(flights):
    return Validator(
        [
            checks.NotNull("origin"),
            checks.Between("distance", 0, 6000, severity="warn"),
            checks.Between("nope", 0, 1),
            checks.NotNull("flight"),
            checks.MinScore("roc_auc", 0.7),
        ]
    ).validate(flights)


def test_reads_well_in_a_terminal(report):
    assert repr(report).splitlines() == [
        "ValidationReport: failed (1 failed, 1 error, 1 warned, 1 skipped, 1 passed, 6 rows)",
        "  failed   origin is never missing          1 of 6 rows fail: 1 in 'origin'",
        "  warned   distance is between 0 and 6000   2 of 6 rows fail",
        "  error    nope is between 0 and 1          the column 'nope' is missing",
        "  passed   flight is never missing",
        "  skipped  roc_auc is at least 0.7          looks at a model; use validate_model",
    ]


def test_shows_a_notebook_the_same_escaped():
    shown = ValidationReport((CheckResult("<script>", "failed", "a < b"),), 3)._repr_html_()
    assert "&lt;script&gt;" in shown
    assert "<script" not in shown
    assert "a &lt; b" in shown


def test_becomes_a_frame_with_one_row_per_check(report):
    frame = report.to_frame()
    assert list(frame.columns) == [
        "check", "status", "severity", "failed", "rows", "message", "examples", "labels",
    ]  # fmt: skip
    assert frame["failed"].tolist() == [1, 2, 0, 0, 0]
    assert frame["examples"].tolist() == [(2,), (4, 5), (), (), ()]
    assert frame["labels"].tolist() == [(11,), (13, 14), (), (), ()]
    assert ValidationReport(()).to_frame().empty


def test_finds_the_example_rows_again_once_each(report, flights):
    rows = report.failing_rows(flights)
    pd.testing.assert_frame_equal(rows, flights.iloc[[2, 4, 5]])
    with pytest.raises(ValueError, match="the frame has 3 rows but 6 were validated"):
        report.failing_rows(flights.head(3))


def test_raises_with_every_failed_check_and_its_count_but_no_warning(report):
    with pytest.raises(ValidationError) as caught:
        report.raise_if_failed()
    assert str(caught.value).splitlines() == [
        "2 of 5 checks failed or could not run, over 6 rows:",
        "  origin is never missing: 1 of 6 rows fail: 1 in 'origin'",
        "  nope is between 0 and 1: the column 'nope' is missing",
    ]


def test_labels_of_rows_are_in_no_text(flights):
    frame = flights.set_axis([f"passenger {place}" for place in range(6)], axis=0)
    everything = [checks.NotNull("origin"), checks.Unique("flight"), checks.PerGroup(checks.Finite("nope"), by="dest")]
    report = Validator([*everything, checks.Monotonic("flight"), checks.Between("tailnum", 0, 1)]).validate(frame)
    assert report.results[0].labels == ("passenger 2",)
    with pytest.raises(ValidationError) as caught:
        report.raise_if_failed()
    for text in (repr(report), repr(report.results[0]), str(caught.value)):
        assert "passenger" not in text


def test_the_error_stays_small_whatever_failed():
    many = tuple(CheckResult("ö" * 500, "failed", "ü" * 500) for _ in range(100))
    with pytest.raises(ValidationError, match="more; the report's") as caught:
        ValidationReport(many, 10).raise_if_failed()
    assert len(str(caught.value).encode()) < 2000


def test_nothing_to_find_fault_with_is_ok():
    assert ValidationReport(()).ok
    assert repr(ValidationReport(())) == "ValidationReport: passed (0 rows)"


def test_survives_json(report):
    assert from_json(ValidationReport, to_json(report)) == report
