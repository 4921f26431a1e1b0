import attrs
import numpy as np
import pandas as pd
import pytest

from mlopskit.validation import Validator, checks


class IsTailNumber(checks.RowCheck):
    def failing(self, frame):
        return ~frame[self.column].str.match(r"^N\d")


class Raises(checks.RowCheck):
    def failing(self, frame):
        raise KeyError("the secret N14228")


@attrs.frozen
class Above(checks.RowCheck):
    limit: float

    def failing(self, frame):
        return frame[self.column] <= self.limit


def returning(values):
    class Returns(checks.RowCheck):
        def failing(self, frame):
            return values(frame)

    return Returns("flight")


@pytest.mark.parametrize("kind", ["object", "string", "category"])
def test_a_users_row_check_sees_no_missing_values(kind, flights):
    frame = flights.assign(tailnum=flights["tailnum"].astype(kind))
    result = Validator([IsTailNumber("tailnum", severity="warn")]).validate(frame).results[0]
    assert (result.check, result.examples, result.severity) == ("IsTailNumber('tailnum')", (3, 5), "warn")


def test_a_users_check_may_have_parameters(flights):
    result = Validator([Above("distance", 1000.0)]).validate(flights).results[0]
    assert (result.check, result.examples) == ("Above('distance', 1000.0)", (3, 4))


def test_a_check_that_raises_stops_no_other_and_shows_no_value(flights):
    report = Validator([Raises("tailnum"), checks.NotNull("flight")]).validate(flights)
    assert [result.status for result in report.results] == ["error", "passed"]
    assert "KeyError" in report.results[0].message
    assert "N14228" not in report.results[0].message


@pytest.mark.parametrize(
    "values",
    [
        lambda frame: [True, None, False, False, False, True],
        lambda frame: np.array([1, 0, 0, 0, 0, 1], dtype=bool),
        lambda frame: pd.Series([True, None, False, False, False, True], dtype="boolean"),
        lambda frame: pd.Series([True, np.nan, False, False, False, True], dtype="object"),
    ],
)
def test_failing_may_return_any_kind_of_booleans(values, flights):
    assert Validator([returning(values)]).validate(flights).results[0].examples == (0, 5)


@pytest.mark.parametrize(
    "values", [lambda frame: True, lambda frame: [True], lambda frame: frame, lambda frame: [2.5] * 6]
)
def test_anything_else_is_an_error(values, flights):
    assert Validator([returning(values)]).validate(flights).results[0].status == "error"


def test_a_check_that_writes_to_its_frame_does_not_reach_the_input(flights):
    def write(frame):
        frame["new"] = 1
        return frame["flight"] > 0

    before = flights.copy()
    assert Validator([returning(write)]).validate(flights).results[0].failed == 6
    pd.testing.assert_frame_equal(flights, before)


def test_every_public_check_is_exported_and_sorted():
    assert checks.__all__ == sorted(checks.__all__)
    assert all(isinstance(getattr(checks, name), type) for name in checks.__all__)


@pytest.mark.parametrize("rows", [10, 50, 100, 200, 1000])
def test_exactly_enough_rows_are_enough(rows):
    """Of many a share there is no float: 0.55 * 100 is more than 55."""
    for percent in range(1, 100):
        if percent * rows % 100:
            continue
        passing = percent * rows // 100
        frame = pd.DataFrame({"x": [0] * passing + [9] * (rows - passing), "group": "a"})
        enough = checks.Between("x", 0, 5, at_least=percent / 100)
        more = checks.Between("x", 0, 5, at_least=percent / 100 + 1e-9)
        suite = [enough, checks.PerGroup(enough, by="group"), more, checks.PerGroup(more, by="group")]
        results = Validator(suite).validate(frame).results
        assert [result.status for result in results] == ["passed", "passed", "failed", "failed"], percent
