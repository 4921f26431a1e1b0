import re

import attrs
import pytest

from mlopskit.records.report import CheckResult
from mlopskit.records.validation import ValidationReport

FAILED = CheckResult("origin is never missing", "failed", "2 of 9 rows fail", failed=2, rows=9, examples=(3, 7))
WORSE = CheckResult("dest is one of", "failed", "8 of 9 rows fail", failed=8, rows=9, examples=(0, 1))
WARNED = attrs.evolve(FAILED, check="distance is small", severity="warn")
ERROR = CheckResult("nope is between 0 and 1", "error", "the column 'nope' is missing")
SKIPPED = CheckResult("roc_auc is at least 0.7", "skipped", "looks at a model; use validate_model")
PASSED = CheckResult("flight is never missing", "passed", rows=9)
MODEL = CheckResult(
    "no worse slice", "failed", "1 of 2 slices is worse",
    observed={"verdict": "worse", "p_value": 0.0123, "missing": None, "skipped": ["a", "b"], "part": {"status": "ok"},
              "slices": [{"slice": "origin is JFK", "loss": 0.25}, {"slice": "origin is <b>", "loss": 0.125}]},
)  # fmt: skip


@pytest.fixture
def visible():
    return lambda page: re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)


def test_what_did_not_pass_comes_first_the_worst_on_top(visible):
    page = visible(ValidationReport((PASSED, SKIPPED, WARNED, ERROR, FAILED, WORSE), 9).html)
    said = ["2 failed", "dest is one of", "origin is never missing", "1 could not run", "nope is between",
            "1 warned", "distance is small", "1 skipped", "roc_auc", "1 passed", "flight is never missing"]  # fmt: skip
    places = [page.index(words) for words in said]
    assert places == sorted(places)


def test_counts_shares_and_positions_are_shown(visible):
    page = visible(ValidationReport((FAILED, WORSE), 9).html)
    assert "2 of 9 rows fail; rows: 3, 7" in page
    assert "8 of 9 rows fail; first of them: 0, 1" in page
    assert "22.2 %" in page
    assert "88.9 %" in page


def test_labels_are_shown_where_they_say_more_than_positions(visible):
    def shown(*labels):
        return " ".join(visible(ValidationReport((attrs.evolve(FAILED, labels=labels),), 9).html).split())

    assert "rows: 3, 7 labelled N14228, (JFK, 5)" in shown("N14228", ("JFK", 5))
    assert "labelled" not in shown(3, 7)
    assert "labelled" not in shown()
    assert shown("a" * 500).endswith("labelled " + "a" * 39 + "…")


def test_what_a_check_of_a_model_measured_is_folded_with_its_tables(visible):
    page = ValidationReport((MODEL,), 9).html
    assert "<summary>measured</summary>" in page
    text = " ".join(visible(page).split())
    assert "verdict worse p value 0.01230 skipped a, b part status ok" in text
    assert "slices slice loss origin is JFK 0.2500 origin is &lt;b&gt; 0.1250" in text
    assert "—" not in text


def test_what_passed_is_folded_away_if_it_is_much():
    few, many = (ValidationReport((PASSED,) * count, 9).html for count in (12, 13))
    assert '<details open="">' in few
    assert "<details>" in many


def test_the_verdict_is_that_of_the_report():
    assert "mk-fail" not in re.sub(
        "<style>.*?</style>", "", ValidationReport((PASSED, WARNED), 9).html, flags=re.DOTALL
    )
    assert "mk-badge mk-fail" in ValidationReport((ERROR,), 9).html
    assert "passed" in ValidationReport(()).html


def test_a_notebook_shows_the_same():
    report = ValidationReport((PASSED, WARNED, FAILED), 9)
    assert "(1 failed, 1 warned, 1 passed, 9 rows)" in report._repr_html_()
    assert report._repr_html_().count("<li") == report.html.count("<li") == 3


def test_the_page_needs_nothing_else_and_stays_small():
    long = attrs.evolve(FAILED, check="c" * 100, message="m" * 300, examples=tuple(range(10**6, 10**6 + 10)))
    page = ValidationReport((long,) * 200, 9).html
    assert len(page.encode()) < 200_000
    assert page.startswith("<!DOCTYPE html>")
    assert "<script" not in page
    assert set(re.findall(r"https?://[^\"' ]+", page)) <= {"http://www.w3.org/2000/svg"}


def test_everything_is_escaped():
    hostile = "<script>alert(1)</script>"
    result = CheckResult(hostile, "failed", hostile, observed={"verdict": hostile, hostile: [{hostile: hostile}]},
                         labels=(hostile, (hostile,)))  # fmt: skip
    assert "<script" not in ValidationReport((result, attrs.evolve(result, status="passed"))).html
