import re

import pandas as pd
import pytest

from mlopskit.errors import ValidationError
from mlopskit.validation import Validator, checks


def test_reports_every_failure_and_changes_nothing(flights):
    before = flights.copy(deep=True)
    report = Validator(
        [
            checks.NotNull("origin"),
            checks.Between("nope", 0, 1),
            checks.Between("distance", 0, 6000),
            checks.NotNull("flight"),
        ]
    ).validate(flights)
    assert [result.status for result in report.results] == ["failed", "error", "failed", "passed"]
    assert not report.ok
    pd.testing.assert_frame_equal(flights, before)


def test_warnings_do_not_fail_the_report(flights):
    report = Validator([checks.NotNull("origin", severity="warn")]).validate(flights)
    assert report.ok
    assert report.results[0].status == "failed"
    report.raise_if_failed()


def test_suites_add_up():
    first, second = Validator([checks.NotNull("a")]), Validator([checks.NotNull("b")])
    assert (first + second).checks == (checks.NotNull("a"), checks.NotNull("b"))
    more = [checks.NotNull("b")]
    assert first + more == first + second


@pytest.mark.parametrize("wrong", [checks.NotNull("a"), [checks.NotNull], ["NotNull"], 3, [len]])
def test_what_is_no_list_of_checks_is_refused(wrong):
    with pytest.raises(TypeError, match="a Validator takes"):
        Validator(wrong)


@pytest.mark.parametrize("wrong", [b"flights.csv", {"a": [1]}, pd.Series([1]), 3, [pd.DataFrame(), 3]])
def test_what_is_no_frame_is_refused(wrong):
    with pytest.raises(TypeError, match="expected a DataFrame"):
        Validator([checks.RowCount(1)]).validate(wrong)


def test_each_method_skips_the_checks_of_the_other_kind(flights, held_out, linear):
    both = Validator([checks.NotNull("flight"), checks.MinScore("roc_auc", 0.5)])
    assert [result.status for result in both.validate(flights).results] == ["passed", "skipped"]
    X, y = held_out
    assert [result.status for result in both.validate_model(linear(), X, y).results] == ["skipped", "passed"]


def test_a_suite_that_would_check_nothing_is_refused(flights):
    with pytest.raises(ValueError, match="use validate_model"):
        Validator([checks.MinScore("roc_auc", 0.5)]).validate(flights)
    with pytest.raises(ValueError, match="use validate"):
        Validator([checks.NotNull("a")]).validate_model(None, flights, None)


def test_all_model_checks_ask_each_model_once(held_out, linear):
    X, y = held_out
    candidate, champion = linear(), linear("noisy")
    suite = Validator(
        [checks.MinScore("roc_auc", 0.5), checks.BetterThanChampion("log_loss"), checks.NoWorseSlice("origin")]
    )
    report = suite.validate_model(candidate, X, y, champion=champion, groups=X["day"])
    assert report.ok, report
    assert (candidate.calls, champion.calls) == (1, 1)
    assert report.rows == len(X)


def test_a_model_check_that_raises_stops_no_other(held_out, linear):
    class Broken(checks.ModelCheck):
        def check(self, trial):
            raise RuntimeError("the secret JFK")

    X, y = held_out
    report = Validator([Broken(), checks.MinScore("accuracy", 0.5)]).validate_model(linear(), X, y)
    assert [result.status for result in report.results] == ["error", "passed"]
    assert re.fullmatch(r"can not run: RuntimeError in test_validator.py, line \d+", report.results[0].message)


def test_a_check_that_returns_nothing_is_an_error(flights, held_out, linear):
    class Forgets(checks.ModelCheck):
        def check(self, trial):
            self.result("passed")

    class Neglects(checks.RowCheck):
        def failing(self, frame):
            return frame[self.column] == "XXX"

        def finish(self, state):
            return True

    for report in (
        Validator([Forgets()]).validate_model(linear(), *held_out),
        Validator([Neglects("origin")]).validate(flights),
    ):
        assert (report.results[0].status, "returns self.result" in report.results[0].message) == ("error", True)


def test_a_pipeline_step_can_call_it_by_its_two_methods(flights):
    with pytest.raises(ValidationError, match="origin is never missing: 1 of 6 rows"):
        Validator([checks.NotNull("origin")]).validate(flights).raise_if_failed()
