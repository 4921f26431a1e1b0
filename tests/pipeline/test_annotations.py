import abc
import collections
import contextlib
import decimal
import enum
import functools
import os
import pathlib
import timeit
import typing
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence, Sized

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LinearRegression

from mlopskit.pipeline.annotations import misfit

T = typing.TypeVar("T")
UserId = typing.NewType("UserId", int)


class Frame(pd.DataFrame): ...


class Colour(enum.Enum):
    RED = "red"


class Predicts(typing.Protocol):
    def predict(self): ...


class Row(typing.TypedDict):
    delay: float


class Model(abc.ABC):
    @abc.abstractmethod
    def predict(self): ...


class Shaped(abc.ABC):
    @classmethod
    def __subclasshook__(cls, other):
        return False

    @abc.abstractmethod
    def shape(self): ...


class Lookup:
    """Can be used as a sequence, without being one."""

    def __getitem__(self, index):
        return index

    def __len__(self):
        return 3


class Stub(typing.Any): ...


class Batch(typing.Generic[T]): ...


def returning(hint):
    def producer(): ...

    producer.__annotations__["return"] = hint
    return producer


def taking(hint):
    def consumer(value): ...

    consumer.__annotations__["value"] = hint
    return consumer


def fits(returns, takes):
    return misfit(returning(returns), taking(takes), "value") is None


def count() -> int:
    return 1


def features(frame: pd.DataFrame): ...


def test_a_misfit_is_told_in_words():
    said = "is annotated to return int, and 'features' takes it as 'frame': pandas.DataFrame"
    assert misfit(count, features, "frame") == said


@pytest.mark.parametrize(
    ("hint", "words"),
    [
        (None, "None"),
        (dict[str, int], "dict[str, int]"),
        (str | None, "str | None"),
        (typing.Literal["a"], "Literal['a']"),
        (pd.Series, "pandas.Series"),
        (pathlib.Path, "pathlib.Path"),
        (collections.OrderedDict, "collections.OrderedDict"),
        (Colour, f"{__name__}.Colour"),
    ],
)
def test_types_are_written_as_one_would_import_them(hint, words):
    assert misfit(returning(hint), taking(float), "value").startswith(f"is annotated to return {words}, and")


MISFITS = [
    (int, pd.DataFrame),
    (pd.DataFrame, pd.Series),
    (pd.DataFrame, np.ndarray),
    (npt.NDArray[np.float64], pd.DataFrame),
    (list[int], dict),
    (list[int], dict[str, int]),
    (dict, list[int]),
    (str, int),
    (float, str),
    (None, pd.DataFrame),
    (None, Sequence[int]),
    (pd.DataFrame, None),
    (int | str, list),
    (int | None, typing.Union[list, dict]),  # noqa: UP007
    (Iterator[int], list[int]),
    (Iterable[int], float),
    (int, Iterable[int]),
    (list[int], Mapping[str, int]),
    (str, Callable[..., int]),
    (Callable[[int], int], str),
    (typing.Literal["a", "b"], int),
    (str, typing.Literal[1, 2]),
    (UserId, str),
    (str, UserId),
    (int, Model),
    (Colour, float),
    (str, Colour),
    (int, Sized),
    (Iterable[int], int),
    (typing.Annotated[int, "rows"], str),
    (Batch[int], pd.DataFrame),
    (tuple[int, int], dict),
    (type[int], pd.DataFrame),
    (pathlib.Path, str),
    (LinearRegression, pd.DataFrame),
]


@pytest.mark.parametrize(("returns", "takes"), MISFITS)
def test_what_can_not_be_is_told(returns, takes):
    assert not fits(returns, takes)


FITS = [
    (int, int),
    (bool, int),
    (int, float),
    (int, complex),
    (float, complex),
    (float, int),  # by PEP 484, what is annotated as float may be an int
    (np.float32, float),
    (int, np.int64),
    (decimal.Decimal, float),
    (list[int], list[str]),
    (list, list[int]),
    (list[int], Sequence[int]),
    (list[int], Iterable[str]),
    (dict[str, int], Mapping[str, float]),
    (str, Sequence[str]),
    (Sequence[int], list[int]),
    (Iterable[int], Sequence[int]),
    (Hashable, Sized),  # a str is both
    (Callable[..., int], Iterable[int]),
    (collections.Counter, dict[str, int]),
    (pd.DataFrame, Frame),
    (Frame, pd.DataFrame),
    (pd.DataFrame, Iterable),
    (pd.DataFrame, Mapping),
    (np.ndarray, Sequence[float]),
    (Sequence[float], np.ndarray),
    (npt.NDArray[np.float64], npt.ArrayLike),
    (np.float64, np.floating),
    (float, np.floating),  # numpy.float64 is both
    (Lookup, Sequence[int]),
    (ClassifierMixin, BaseEstimator),  # most classifiers are both
    (BaseEstimator, LinearRegression),
    (int | str, str),
    (str | None, str),
    (str, typing.Optional[str]),  # noqa: UP045
    (None, str | None),
    (typing.Union[int, pd.DataFrame], pd.DataFrame),  # noqa: UP007
    (typing.Any, int),
    (int, typing.Any),
    (object, int),
    (int, object),
    (Stub, int),
    (T, int),
    (int, T),
    (list[T], list[int]),
    (Batch[int], Batch[str]),
    (Batch, Batch[str]),
    (int, Predicts),
    (Predicts, int),
    (LinearRegression, Model),  # has the method
    (int, Shaped),
    (int, os.PathLike[str]),
    (dict[str, float], Row),
    (Row, dict[str, float]),
    (typing.Annotated[int, "rows"], int),
    (typing.Literal["a", "b"], str),
    (str, typing.Literal["a"]),
    (typing.Literal[1], typing.Literal["a", 1]),
    (typing.Literal[Colour.RED], Colour),
    (UserId, int),
    (int, UserId),
    (str, enum.Enum),  # an enum.StrEnum is both
    (typing.NoReturn, int),
    (typing.Callable, Callable[[int], int]),
    (typing.List[int], list),  # noqa: UP006
    ("Unknown", int),
    (int, "Unknown"),
    ("int", "float"),
    ("not even python", int),
    (3, int),
    (int, [str]),
]


@pytest.mark.parametrize(("returns", "takes"), FITS)
def test_what_may_be_is_not_told(returns, takes):
    assert fits(returns, takes)


def test_annotations_written_as_text_are_read():
    assert not fits("int", "pd.DataFrame")
    assert fits("list[Unknown]", int)


HINTS = sorted({hint for pair in MISFITS + FITS for hint in pair if isinstance(hint, typing.Hashable)}, key=repr)


@given(first=st.sampled_from(HINTS), second=st.sampled_from(HINTS))
def test_nothing_misfits_itself_or_a_union_with_itself(first, second):
    assert fits(first, first)
    if isinstance(first, type) and isinstance(second, type):
        assert fits(first | second, second)
        assert fits(first, first | second)


def test_what_is_not_annotated_may_fit():
    assert misfit(lambda: 1, features, "frame") is None
    assert misfit(count, lambda frame: frame, "frame") is None
    assert misfit(count, features, "other") is None


def test_a_default_of_none_makes_an_argument_optional():
    def lenient(frame: pd.DataFrame = None, rows: int = 3): ...

    assert misfit(returning(None), lenient, "frame") is None
    assert misfit(count, lenient, "frame") is not None
    assert misfit(returning(None), lenient, "rows") is not None


def test_further_arguments_are_nobodys():
    def joined(*rows: str, **frames: pd.DataFrame) -> str: ...

    for argument in ("left", "frames", "rows", "return"):
        assert misfit(count, joined, argument) is None


class Scorer:
    frame: pd.Series

    def __call__(self, frame: pd.DataFrame) -> str: ...

    def score(self, frame: pd.DataFrame) -> str: ...

    @classmethod
    def made(cls, frame: pd.DataFrame) -> str: ...


@pytest.mark.parametrize(
    ("called", "name"),
    [
        (Scorer(), "Scorer.__call__"),
        (Scorer().score, "score"),
        (Scorer.made, "made"),
        (functools.partial(features), "features"),
        (functools.partial(functools.partial(Scorer().score)), "Scorer.score"),
    ],
)
def test_methods_callable_objects_and_partials_are_looked_through(called, name):
    said = f"is annotated to return int, and {name!r} takes it as 'frame': pandas.DataFrame"
    assert misfit(count, called, "frame") == said


def test_what_a_partial_has_filled_is_not_taken():
    assert misfit(count, functools.partial(features, pd.DataFrame()), "frame") is None


@pytest.mark.parametrize("called", [Scorer, len, max, dict, str.upper, functools.lru_cache(count), 3, None])
def test_what_has_no_annotations_to_be_read_may_fit(called):
    assert misfit(called, features, "frame") is None
    assert misfit(count, called, "frame") is None


def test_what_a_decorator_makes_of_a_function_is_not_known():
    @contextlib.contextmanager
    def connection() -> Iterator[int]: ...

    def use(connection: contextlib.AbstractContextManager[int]): ...

    assert misfit(connection, use, "connection") is None


def test_what_is_awaited_is_not_known():
    async def fetched() -> int: ...

    assert misfit(fetched, features, "frame") is None


def test_a_class_that_raises_when_asked_about_subclasses_may_fit():
    class Meta(type):
        def __subclasscheck__(cls, other):
            raise RuntimeError("not now")

    assert fits(Meta("Odd", (), {}), int)
    assert fits(int, Meta("Odd", (), {}))


def test_it_costs_nothing_where_there_are_no_annotations():
    def rows(n): ...

    def model(rows, depth=3): ...

    best = min(timeit.repeat(lambda: misfit(rows, model, "rows"), number=1000, repeat=10)) / 1000
    assert best < 20e-6  # 0.5 microseconds on an idle machine
