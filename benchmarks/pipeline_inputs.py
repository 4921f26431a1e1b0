"""The catalogue of input changes: values so much alike that a cache may take one for the other, and equal ones.

Each change is two expressions and what a step answers about the value. ``CHANGES`` change the answer; ``EQUAL`` can
not. The program is one package, which stays as it is: ``make(which)`` gives one of the two.
"""

from pathlib import Path
from typing import NamedTuple


class Change(NamedTuple):
    """Two values, and the question to which they are answers."""

    name: str
    before: str
    after: str
    asked: str = "repr(make)"

    def write(self, package: Path, *, edited: bool) -> None:  # noqa: ARG002 - the code stays as it is
        """Write the program as a package."""
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").write_text("")
        (package / "steps.py").write_text(PROGRAM.format(**self._asdict()))


PROGRAM = """
import datetime
import decimal
import enum
import pickle
from typing import Any

import numpy as np
import pandas as pd


class Colour(enum.IntEnum):
    RED = 1


class Point:
    def __init__(self, x):
        self.x = x


def make(which: int) -> Any:
    if which:
        return {after}
    return {before}


def step(make: Any) -> str:
    print("RAN")
    return str({asked})
"""

STAMPS = 'pd.Series(pd.to_datetime(["2026-01-01"], utc=True)'
CHANGES = [
    Change("1, True", "1", "True"),
    Change("1, 1.0", "1", "1.0"),
    Change("1, '1'", "1", "'1'"),
    Change("1, np.int64(1)", "1", "np.int64(1)", "type(make).__name__"),
    Change("1, IntEnum of 1", "1", "Colour.RED", "type(make).__name__"),
    Change("(1, 2), [1, 2]", "(1, 2)", "[1, 2]"),
    Change("0.0, -0.0", "0.0", "-0.0"),
    Change("Decimal 1.0, 1.00", "decimal.Decimal('1.0')", "decimal.Decimal('1.00')"),
    Change("bytes, bytearray", "b'ab'", "bytearray(b'ab')"),
    Change("date, datetime", "datetime.date(2026, 1, 1)", "datetime.datetime(2026, 1, 1)"),
    Change("set with another member", "{'a', 'b', 'c'}", "{'a', 'b', 'd'}", "sorted(make)"),
    Change("seven levels deep", "[[[[[[[1, 2]]]]]]]", "[[[[[[[1, 3]]]]]]]"),
    Change("attribute of an object", "Point(1)", "Point(2)", "make.x"),
    Change("None, NaN in an object column", "pd.DataFrame({'a': pd.Series(['x', None], dtype=object)})",
           "pd.DataFrame({'a': pd.Series(['x', np.nan], dtype=object)})", "make['a'].tolist()"),
    Change("NaT, None in an object column", "pd.Series([1, pd.NaT], dtype=object)",
           "pd.Series([1, None], dtype=object)", "make.tolist()"),
    Change("array of another shape", "np.arange(6).reshape(2, 3)", "np.arange(6).reshape(3, 2)", "make.shape"),
    Change("array of another dtype, same bytes", "np.zeros(4, 'int64')", "np.zeros(4, 'float64')", "make.dtype"),
    Change("last of a million numbers", "np.zeros(1_000_000)", "np.append(np.zeros(999_999), 1.0)", "make.sum()"),
    Change("order of rows", "pd.DataFrame({'a': [1, 2]})", "pd.DataFrame({'a': [2, 1]})", "make['a'].tolist()"),
    Change("values of the index", "pd.DataFrame({'a': [1, 2]}, index=[0, 1])",
           "pd.DataFrame({'a': [1, 2]}, index=[0, 2])", "make.index.tolist()"),
    Change("name of the index", "pd.Series([1], index=pd.Index([0], name='i'))",
           "pd.Series([1], index=pd.Index([0], name='j'))", "make.index.name"),
    Change("name of a Series", "pd.Series([1], name='a')", "pd.Series([1], name='b')", "make.name"),
    Change("order of categories", "pd.Series(pd.Categorical(['x', 'y'], ['x', 'y']))",
           "pd.Series(pd.Categorical(['x', 'y'], ['y', 'x']))", "make.cat.categories.tolist()"),
    Change("categories made ordered", "pd.Series(pd.Categorical(['x', 'y']))",
           "pd.Series(pd.Categorical(['x', 'y'], ordered=True))", "make.cat.ordered"),
    Change("order of columns", "pd.DataFrame({'a': [1], 'b': [2]})", "pd.DataFrame({'b': [2], 'a': [1]})",
           "list(make)"),
    Change("same instant, another time zone", STAMPS + ")", STAMPS + ".tz_convert('Asia/Tokyo'))", "make.dt.hour[0]"),
    Change("same instant, another unit", STAMPS + ".as_unit('ns'))", STAMPS + ".as_unit('s'))", "make.dtype"),
]  # fmt: skip

EQUAL = [
    Change("the same value", "{'a': [1, 2.5], 'b': 'x'}", "{'a': [1, 2.5], 'b': 'x'}"),
    Change("dict in another order", "{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}", "sorted(make.items())"),
    Change("set in another order", "set('abcdefgh')", "set('hgfedcba')", "sorted(make)"),
    Change("equal frame made another way", "pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']})",
           "pd.concat([pd.DataFrame({'b': ['x'], 'a': [1]}), pd.DataFrame({'b': ['y'], 'a': [2]})], "
           "ignore_index=True)[['a', 'b']]", "make.values.tolist()"),
    Change("equal array, a view with strides", "np.arange(3)", "np.arange(6)[::2] // 2", "make.tolist()"),
    Change("the same after a pickle", "{'a': 'text', 'b': ['text', 'te' + 'xt']}",
           "pickle.loads(pickle.dumps({'a': 'text', 'b': ['text', 'te' + 'xt']}))"),
]  # fmt: skip
