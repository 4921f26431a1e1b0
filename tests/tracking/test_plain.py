import datetime as dt
import enum
from pathlib import PurePosixPath

import numpy as np
import pandas as pd
import pytest

from mlopskit.errors import InvalidNameError
from mlopskit.storage.canonical_json import can_encode
from mlopskit.tracking.plain import plain_values


class Colour(enum.IntEnum):
    RED = 1


class Unfamiliar:
    def __repr__(self):
        return "Unfamiliar()" + "x" * 10_000


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (None, None),
        (True, True),
        (6, 6),
        (0.1, 0.1),
        ("relu", "relu"),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (np.array(7), 7),
        (np.str_("relu"), "relu"),
        ((64, [32, np.int8(1)]), [64, [32, 1]]),
        ({"a": {"b": (1,)}}, {"a": {"b": [1]}}),
        (PurePosixPath("a/b"), "a/b"),
        (dt.date(2013, 1, 2), "2013-01-02"),
        (list(range(5000)), "list of 5000 items"),
        ({1: 2}, "dict of 1 items"),
        (pd.DataFrame({"secret": [12345]}), "DataFrame of shape (1, 1)"),
        ([np.zeros((2, 3))], ["ndarray of shape (2, 3)"]),
        (len, "builtins.len"),
        (Unfamiliar(), "Unfamiliar()" + "x" * 488),
        ("\ud800", "?"),
    ],
)
def test_values_are_kept_or_described(value, kept):
    found = plain_values({"param": value}, "param")["param"]
    assert found == kept
    assert type(found) is type(kept)


def test_whatever_comes_out_has_json():
    odd = {
        "a": Colour.RED,
        "b": np.longdouble(1),
        "c": np.datetime64("2013-01-01"),
        "d": 1j,
        "e": b"x",
        "f": {1},
        "g": object(),
    }
    assert can_encode(plain_values(odd, "param"))


@pytest.mark.parametrize("name", ["", 7, None])
def test_a_param_is_named_by_text(name):
    with pytest.raises(InvalidNameError, match="A param is named"):
        plain_values({name: 1}, "param")
