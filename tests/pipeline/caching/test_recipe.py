import datetime as dt
import functools
import itertools
import os
import pathlib
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from mlopskit.errors import FingerprintError
from mlopskit.pipeline import Step
from mlopskit.pipeline.caching.recipe import digest_of, recipe_of
from mlopskit.validation import Validator, checks

nan = float("nan")


def deep(value):
    return {"a": [{"b": ({"c": [value]},)}]}


def cell(value):
    return pd.DataFrame({"x": pd.Series([value, "y"], dtype=object)})


def shifted(number):
    return lambda x: x + number


NOON = dt.datetime(2013, 1, 1, 12, tzinfo=dt.UTC)
FRAME = pd.DataFrame({"a": [1, 2], "b": [1.5, nan]})

DIFFERENT = {
    "kinds of one": [1, True, 1.0, "1", b"1", 1 + 0j, np.int64(1), np.float64(1), np.bool_(True)],
    "kinds of nothing": [None, nan, 0, False, "", b"", [], (), {}, set(), pd.NaT, pd.NA],
    "kinds of sequence": [(1, 2), [1, 2], {1, 2}, frozenset({1, 2}), np.array([1, 2]), pd.Series([1, 2]), range(1, 3)],
    "zeros": [0.0, -0.0],
    "zeros in an array": [np.array([0.0]), np.array([-0.0])],
    "nesting": [[[1], 2], [[1, 2]], [1, [2]], [1, 2]],
    "text cut otherwise": [["a", "bc"], ["ab", "c"], ["abc"], [["a"], "bc"]],
    "missing in a column of objects": [cell(None), cell(nan), cell(pd.NA), cell(pd.NaT), cell("None")],
    "one and the same cell": [cell(1), cell(1.0), cell(True), cell("1")],
    "dtypes": [np.arange(3, dtype=kind) for kind in ("i1", "i2", "i4", "i8", "u1", "f4", "f8", "c16")],
    "shapes": [np.arange(6), np.arange(6).reshape(2, 3), np.arange(6).reshape(3, 2), np.arange(6).reshape(1, 6)],
    "memory and transposition": [np.arange(4).reshape(2, 2), np.arange(4).reshape(2, 2).T],
    "rows": [FRAME, FRAME.iloc[::-1], FRAME.iloc[::-1].reset_index(drop=True), FRAME.iloc[:1]],
    "columns": [FRAME, FRAME[["b", "a"]], FRAME.rename(columns={"a": "c"}), FRAME[["a"]], FRAME["a"]],
    "index": [FRAME, FRAME.rename_axis("row"), *(FRAME.set_axis(index) for index in ([5, 6], ["0", "1"], [0.0, 1.0]))],
    "name of a series": [pd.Series([1], name=name) for name in (None, "a", 0, ("a", 0))],
    "names of columns": [FRAME, FRAME.rename_axis("kind", axis=1)],
    "categories": [
        pd.Series(pd.Categorical(["a", "b"], categories=categories, ordered=ordered))
        for categories in (["a", "b"], ["b", "a"], ["a", "b", "c"])
        for ordered in (False, True)
    ] + [pd.Series(["a", "b"])],
    "time zones": [
        pd.Timestamp(NOON), pd.Timestamp(NOON).tz_convert("Europe/Paris"), pd.Timestamp(NOON).tz_localize(None), NOON,
        NOON.astimezone(dt.timezone(dt.timedelta(hours=1))), NOON.replace(tzinfo=None),
    ],
    "columns in time zones": [
        pd.Series(pd.DatetimeIndex([NOON])), pd.Series(pd.DatetimeIndex([NOON]).tz_convert("Europe/Paris")),
        pd.Series(pd.DatetimeIndex([NOON]).tz_localize(None)),
    ],
    "nullable": [
        pd.Series([1, 2]), pd.Series([1, 2], dtype="Int64"), pd.Series([1, None], dtype="Int64"), pd.Series([1.0, nan]),
    ],
    "seven levels deep": [deep(1), deep(2), deep(1.0), deep([1])],
    "closures": [shifted(1), shifted(2), shifted(1.0)],
    "partials": [functools.partial(shifted, 1), functools.partial(shifted, 2), functools.partial(shifted, number=1)],
    "keys": [{1: "a"}, {"1": "a"}, {True: "a"}, {(1,): "a"}],
    "paths and text": [pathlib.Path("no/such"), "no/such", pathlib.Path("no/other")],
    "strings": ["e\u0301", "\u00e9", "\ud800", "\x00", "\x00\x00"],
}  # fmt: skip


@pytest.mark.parametrize("case", DIFFERENT)
def test_different_values_are_told_apart(case):
    values = DIFFERENT[case]
    digests = list(map(digest_of, values))
    same = [
        (values[i], values[j]) for i, j in itertools.combinations(range(len(values)), 2) if digests[i] == digests[j]
    ]
    assert not same


SAME = {
    "order of a dict": [{"a": 1, "b": 2}, {"b": 2, "a": 1}],
    "order of a set": [set("abcdefgh"), set("hgfedcba")],
    "NaN": [nan, -nan, float("inf") - float("inf")],
    "memory order": [np.arange(6).reshape(2, 3), np.asfortranarray(np.arange(6).reshape(2, 3))],
    "strides": [np.arange(3), np.arange(6)[::2] // 2],
    "byte order": [np.arange(3, dtype="<i4"), np.arange(3, dtype=">i4")],
    "blocks of a frame": [FRAME, pd.concat([FRAME[["a"]], FRAME[["b"]]], axis=1)],
    "an equal index": [FRAME, FRAME.set_axis([0, 1])],
    "functions": [shifted(1), shifted(1), lambda y: y + 0 if False else y] [:2],
    "one object twice": [[[1], [1]], [[1]] * 2],
}  # fmt: skip


@pytest.mark.parametrize("case", SAME)
def test_same_values_are_the_same(case):
    assert len(set(map(digest_of, SAME[case]))) == 1


def test_sets_are_the_same_in_every_process():
    program = (
        "from mlopskit.pipeline.caching.recipe import digest_of; "
        "print(digest_of([set('abcdefgh'), {'x': frozenset(map(str, range(99)))}, {('a', 1), None, 1.5}]))"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True
        ).stdout
        for seed in "123"
    }
    assert len(digests) == 1


def test_a_file_that_can_not_be_read_is_refused_by_name(tmp_path, monkeypatch):
    def denied(_):
        raise PermissionError("denied")

    monkeypatch.setattr(pathlib.Path, "is_file", denied)
    with pytest.raises(FingerprintError, match="can not be read"):
        digest_of(tmp_path / "data.csv")


# -- what belongs to a recipe ----------------------------------------------------------------


def rows(n, seed=0):
    return [n, seed]


def recipe(step, **parameters):
    return recipe_of(step, {"n": 1, "seed": 0, **parameters})


@pytest.mark.parametrize(
    "options",
    [
        {"depends_on": 1},
        {"depends_on": shifted(1)},
        {"validate": Validator([checks.RowCount(min=1)])},
        {"outputs": ("a", "b")},
        {"over": "n"},
    ],
    ids=["depends_on", "depends_on code", "validate", "outputs", "over"],
)
def test_what_is_said_of_a_step_counts(options):
    assert recipe(Step(rows, **options)).digest != recipe(Step(rows)).digest
    assert recipe(Step(rows, **options)).digest == recipe(Step(rows, **options)).digest


@pytest.mark.parametrize(
    "options",
    [{"retries": 3}, {"timeout": 5.0}, {"resources": {"gpu": 1}}, {"on_success": print}, {"name": "other"}],
    ids=lambda options: next(iter(options)),
)
def test_how_a_step_is_run_does_not_count(options):
    assert recipe(Step(rows, **options)).digest == recipe(Step(rows)).digest


def test_changed_checks_count():
    few, many = (Step(rows, validate=Validator([checks.RowCount(min=number)])) for number in (1, 2))
    assert recipe(few).digest != recipe(many).digest


def test_a_parameter_that_is_ignored_may_be_anything():
    step = Step(rows, ignore="seed")
    assert recipe(step, seed=1).digest == recipe(step, seed=(each for each in [])).digest
    with pytest.raises(FingerprintError):
        recipe(Step(rows), seed=(each for each in []))


def test_a_key_is_of_the_inputs_by_their_arguments():
    made = recipe(Step(rows))
    assert made.key({"a": "1", "b": "2"}) == made.key({"b": "2", "a": "1"})
    assert (
        len(
            {
                made.key(inputs)
                for inputs in ({}, {"a": "1"}, {"a": "2"}, {"b": "1"}, {"a": "1", "b": "2"}, {"a": "2", "b": "1"})
            }
        )
        == 6
    )
