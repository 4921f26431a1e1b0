import pandas as pd
import pytest

from mlopskit.validation import Validator, checks


def found(check, frame):
    return Validator([check]).validate(frame).results[0]


def test_has_columns_counts_and_names_what_is_missing(flights):
    assert found(checks.HasColumns("origin", "dest"), flights).status == "passed"
    result = found(checks.HasColumns("origin", "gate", "wing"), flights)
    assert (result.status, result.message) == ("failed", "2 of 3 columns are missing: gate, wing")
    assert result.observed == {"missing": ["gate", "wing"]}


def test_has_columns_needs_them_in_every_chunk(flights):
    chunks = [flights, flights.drop(columns="dest")]
    assert found(checks.HasColumns("origin", "dest"), chunks).observed == {"missing": ["dest"]}


@pytest.mark.parametrize(
    ("low", "high", "status"), [(6, None, "passed"), (7, None, "failed"), (0, 6, "passed"), (0, 5, "failed")]
)
def test_row_count_includes_its_bounds(low, high, status, flights):
    assert found(checks.RowCount(low, high), flights).status == status


def test_unique_names_all_rows_of_a_repeated_key(flights):
    result = found(checks.Unique("flight"), flights)
    assert (result.failed, result.examples) == (2, (0, 3))
    assert found(checks.Unique("flight", "origin"), flights).status == "passed"


def test_unique_leaves_missing_keys_to_not_null():
    assert found(checks.Unique("x"), pd.DataFrame({"x": [None, None, 1.0]})).status == "passed"


def test_unique_finds_a_key_again_when_the_chunks_dtypes_differ():
    chunks = [pd.DataFrame({"x": [1, 2]}), pd.DataFrame({"x": [None, 2.0]})]
    assert found(checks.Unique("x"), chunks).examples == (1, 3)


def test_unique_of_unhashable_values_is_an_error():
    result = found(checks.Unique("x", "y"), pd.DataFrame({"x": [[1], [1]], "y": [1, 1]}))
    assert (result.status, result.message) == ("error", "can not conclude on 'x', 'y': TypeError")


@pytest.mark.parametrize(
    "wrong",
    [lambda: checks.RowCount(5, 4), lambda: checks.RowCount(-1), checks.Unique, checks.HasColumns],
)
def test_bad_use_is_refused_at_construction(wrong):
    with pytest.raises(ValueError, match=r"."):
        wrong()
