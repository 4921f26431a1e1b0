import numpy as np
import pandas as pd
import pytest

from mlopskit.drift.multivariate.levels import MOST_LEVELS, Flags, Levels


def test_rare_levels_are_not_kept():
    values = pd.Series(["a"] * 600 + ["b"] * 300 + [f"secret-{number}" for number in range(50)] + ["c"] * 9)
    assert Levels.of(values).names == ("a", "b")
    assert "secret" not in str(Levels.of(values).to_json())


def test_only_the_most_frequent_of_many_levels_are_kept():
    values = pd.Series(np.repeat([f"L{number:02}" for number in range(40)], range(20, 60)))
    assert len(Levels.of(values).names) == MOST_LEVELS
    assert Levels.of(values).names[0] == "L39"


@pytest.mark.parametrize(
    "values",
    [
        pd.Series(["x", "y", None, "x", "z"], dtype=object),
        pd.Series(["x", "y", None, "x", "z"], dtype="string"),
        pd.Series(["x", "y", None, "x", "z"], dtype="category"),
        pd.Series(["x", "y", None, "x", "z"], dtype=pd.CategoricalDtype(["unused", "z", "y", "x"])),
    ],
)
def test_each_row_has_a_one_in_its_column_or_is_missing(values):
    ones, missing = Levels(("x", "y")).encode(values)
    assert ones.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 0], [1, 0, 0], [0, 0, 1]]
    assert missing.tolist() == [False, False, True, False, False]


def test_lists_and_numbers_are_known_by_their_text():
    ones, _ = Levels(("[1]", "2")).encode(pd.Series([[1], 2, {"a": 1}], dtype=object))
    assert ones.argmax(axis=1).tolist() == [0, 1, 2]


def test_a_missing_value_that_turns_ints_into_floats_leaves_their_levels():
    whole = pd.Series([1, 2] * 50)
    levels = Levels.of(whole.astype("category"))
    ones, missing = levels.encode(whole.astype(float).mask(whole.index == 0).astype("category"))
    assert ones[1:, :2].argmax(axis=1).tolist() == (whole[1:] - 1).tolist()
    assert missing.sum() == 1


@pytest.mark.parametrize("dtype", [object, "boolean"])
def test_flags(dtype):
    ones, missing = Flags().encode(pd.Series([True, False, None], dtype=dtype))
    assert ones.ravel().tolist() == [1, 0, 0]
    assert missing.tolist() == [False, False, True]
