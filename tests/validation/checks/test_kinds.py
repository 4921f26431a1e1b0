import pandas as pd
import pytest

from mlopskit.validation import Validator, checks


def found(check, *frames):
    return Validator([check]).validate(frames[0] if len(frames) == 1 else list(frames)).results[0]


def of(values, dtype=None):
    return pd.DataFrame({"x": pd.Series(values, dtype=dtype)})


@pytest.mark.parametrize(
    ("values", "dtype", "kind"),
    [
        ([1, 2], "int64", "int"),
        ([1, 2, None], "float64", "int"),
        ([1, None], "Int64", "int"),
        ([1, 2], "category", "int"),
        ([1, None], object, "int"),
        ([1.5, None], "float64", "float"),
        ([1.0, 2.0], "float64", "float"),
        ([True, False], "bool", "bool"),
        ([True, None], "boolean", "bool"),
        ([True, None], object, "bool"),
        (["a", None], "str", "text"),
        (["a", None], object, "text"),
        (["a", "b"], "category", "text"),
        (["2013-01-01"], "datetime64[ns]", "datetime"),
        (["2013-01-01"], "datetime64[ns, UTC]", "datetime"),
        ([1j], "complex128", "complex"),
    ],
)
def test_the_kind_is_what_the_values_are_and_not_how_they_are_stored(values, dtype, kind):
    frame = of(values, "object" if dtype == "str" else dtype)
    assert found(checks.IsKind("x", kind), frame).status == "passed"
    other = "text" if kind != "text" else "int"
    assert found(checks.IsKind("x", other), frame).message == f"it is {kind}"


def test_an_int_is_a_float_and_nothing_is_of_every_kind():
    assert found(checks.IsKind("x", "float"), of([1, 2])).status == "passed"
    assert found(checks.IsKind("x", "int"), of([1.5])).status == "failed"
    for empty in (of([]), of([None, None])):
        assert found(checks.IsKind("x", "datetime"), empty).status == "passed"
    with pytest.raises(ValueError, match="kind"):
        checks.IsKind("x", "number")


def test_every_chunk_has_to_agree():
    assert found(checks.IsKind("x", "int"), of([1]), of(["a"])).message == "it is text"
    assert found(checks.HasDtype("x", "int64"), of([1]), of([1.0])).message == "it is float64"


def test_time_zones():
    utc, none = of(["2013-01-01"], "datetime64[ns, UTC]"), of(["2013-01-01"], "datetime64[ns]")
    assert found(checks.InTimeZone("x", "UTC"), utc).status == "passed"
    assert found(checks.InTimeZone("x", None), none).status == "passed"
    assert found(checks.InTimeZone("x", "UTC"), none).message == "it is without a time zone"
    assert found(checks.InTimeZone("x", "UTC"), of(["a"])).message == "it is text values"


def test_columns_only_these_and_in_this_order():
    frame = pd.DataFrame(columns=["b", "a", 3])
    assert found(checks.HasColumns("a", "b"), frame).status == "passed"
    result = found(checks.HasColumns("a", "b", "c", only=True, ordered=True), frame)
    assert (
        result.message
        == "1 of 3 columns are missing: c; 1 columns are too many: column 3; the columns come in another order"
    )
    assert str(checks.HasColumns("a", only=True)) == "there is only the column a"


@pytest.mark.parametrize("kind", ["mixed", "object", "empty", "number"])
def test_a_kind_is_one_of_single_values(kind):
    """Whether values are mixed depends on where a chunk ends, so that nobody can ask for it."""
    with pytest.raises(ValueError, match="kind"):
        checks.IsKind("x", kind)
