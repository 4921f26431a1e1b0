import pandas as pd
import pytest

from mlopskit.validation import Validator, checks


def found(check, frame):
    return Validator([check]).validate(frame).results[0]


@pytest.fixture
def flights():
    return pd.DataFrame(
        {
            "status": ["landed", "cancelled", "cancelled", None],
            "air_time": [120.0, 0.0, 30.0, 5.0],
            "taxi": [10.0, 0.0, 5.0, None],
            "elapsed": [130.0, 0.0, 30.0, 5.0],
            "origin": ["JFK", "JFK", "LGA", "LGA"],
        }
    )


def test_what_holds_only_under_a_condition(flights):
    check = checks.When(checks.OneOf("status", ["cancelled"]), checks.Between("air_time", 0, 0))
    assert found(check, flights).examples == (2,)
    assert (
        found(checks.When(checks.OneOf("status", ["diverted"]), checks.Between("air_time", 0, 0)), flights).failed == 0
    )
    with pytest.raises(TypeError):
        checks.When(checks.Unique("status"), checks.NotBlank("status"))


@pytest.mark.parametrize("then", [checks.Between("y", 0, 5), checks.Between("y", 5, 6)])
def test_a_condition_that_can_not_run_is_told_whether_or_not_anything_fails(then):
    frame = pd.DataFrame({"n": [1, 2], "y": [1, 1]})
    assert found(checks.When(checks.Matches("n", "a"), then), frame).status == "error"


def test_columns_add_up(flights):
    assert found(checks.SumsTo("air_time", "taxi", total="elapsed"), flights).examples == (2,)
    assert found(checks.SumsTo("air_time", "taxi", total="elapsed", tolerance=0.2), flights).failed == 0


def test_an_expression_over_columns(flights):
    check = checks.Expression("elapsed >= air_time + taxi")
    assert check.reads == ("elapsed", "air_time", "taxi")
    assert found(check, flights).examples == (2,)
    assert found(checks.Expression("nope > 1"), flights).message == "the column 'nope' is missing"
    with pytest.raises(ValueError, match="is no expression"):
        checks.Expression("elapsed >")


def test_a_function_of_the_users(flights):
    check = checks.Satisfies(
        lambda frame: frame["air_time"] <= frame["elapsed"], "air_time", "elapsed", name="plausible"
    )
    assert (str(check), found(check, flights).failed) == ("plausible of air_time, elapsed", 0)
    assert found(checks.Satisfies(lambda frame: [True], "air_time"), flights).status == "error"
    assert found(checks.Satisfies(lambda frame: None, "air_time"), flights).status == "error"
    assert found(checks.Satisfies(lambda frame: 1 / 0, "air_time"), flights).status == "error"


def test_no_group_hides_behind_the_others(flights):
    check = checks.PerGroup(checks.Between("air_time", 0, 25, at_least=0.5), by="origin")
    result = found(check, flights)
    assert (result.status, result.failed) == ("passed", 2)
    strict = found(checks.PerGroup(checks.Between("air_time", 0, 25), by="origin"), flights)
    assert strict.message == "2 of 2 groups fail, one of them in 1 of its 2 rows"  # names of groups are data
    assert strict.observed["worst"] == [{"group": group, "rows": 2, "failed": 1} for group in ("JFK", "LGA")]
    halves = [flights.iloc[:1], flights.iloc[1:]]
    assert Validator([check]).validate(halves).results == (result,)


@pytest.mark.parametrize(
    "check",
    [
        checks.Satisfies(lambda frame: frame["x"], "x"),
        checks.References("x", [1]),
        checks.When(checks.NotBlank("x"), checks.NotBlank("x")),
    ],
)
def test_what_holds_code_or_data_refuses_json_by_name(check):
    with pytest.raises(TypeError, match=type(check).__name__):
        Validator([check]).to_json()
