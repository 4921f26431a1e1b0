"""The joint profile: what is kept of the reference's rows together, and how current rows are compared with it."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

from mlopskit.drift.multivariate.column_encoding import Floats
from mlopskit.drift.multivariate.correlation import CorrelationChange
from mlopskit.drift.multivariate.encoding import Encoder, Frame, columns_of, columns_to_encode, joined
from mlopskit.drift.multivariate.family import MultivariateTest
from mlopskit.drift.multivariate.mmd import MMD
from mlopskit.drift.multivariate.moments import Moments
from mlopskit.drift.multivariate.movements import Marginals, describe
from mlopskit.drift.multivariate.reconstruction import ReconstructionError
from mlopskit.drift.multivariate.sampling import content_order, drawn
from mlopskit.drift.parameters import EFFECT, PROBABILITY
from mlopskit.errors import NotFittedError, ValidationError
from mlopskit.records.multivariate import ColumnMovement, MultivariateReport

_ROWS_TO_LEARN_FROM = 20_000
_BLOCK = 16_384
DEFAULT_TESTS = (CorrelationChange(), MMD(), ReconstructionError())


@attrs.frozen(eq=False)
class JointSummary:
    """All that is kept of a sample: sums, and no row. Two samples' are merged by ``+``.

    Attributes
    ----------
    marginals : Marginals
        Of each feature by itself.
    moments : tuple of Moments
        One for each test.
    """

    marginals: Marginals
    moments: tuple[Moments, ...]

    @property
    def rows(self) -> int:
        """How many rows were summed."""
        return self.marginals.rows

    def __add__(self, other: JointSummary) -> JointSummary:
        """Merge two samples; the order makes no difference."""
        merged = (mine + theirs for mine, theirs in zip(self.moments, other.moments, strict=True))
        return JointSummary(self.marginals + other.marginals, tuple(merged))


def _as_tests(tests: Iterable[MultivariateTest] | None) -> tuple[MultivariateTest, ...]:
    if isinstance(tests, MultivariateTest):
        raise TypeError(f"tests is a list of tests: write tests=[{type(tests).__name__}(...)]")
    return DEFAULT_TESTS if tests is None else tuple(tests)


@attrs.define(eq=False, slots=False)
class JointProfile:
    """Tells whether rows have moved away from the reference as a whole, where no column may have moved by itself.

    Parameters
    ----------
    tests : sequence of MultivariateTest, optional
        By default `CorrelationChange`, `MMD` and `ReconstructionError`.
    columns : sequence of str, optional
        The columns to compare; by default all of the reference's but moments and durations.
    alpha : float, default 0.05
        The probability of an alarm of any test if nothing has moved.
    min_effect : float, default 0.1
        The least effect worth an alarm, from 0 to 1.

    Attributes
    ----------
    encoder_ : Encoder
        How rows become numbers.
    tests_ : tuple of MultivariateTest
        Frozen.
    reference_ : JointSummary
        Of the reference. No row of it is kept.

    Examples
    --------
    Two columns that go together, and then no longer, each as it was:

    >>> import pandas as pd
    >>> random = np.random.default_rng(0)
    >>> first, second = random.normal(size=(2, 1000))
    >>> profile = JointProfile().fit(pd.DataFrame({"temp": first, "dew point": first + 0.5 * second}))
    >>> report = profile.detect(pd.DataFrame({"temp": first, "dew point": random.permutation(first + 0.5 * second)}))
    >>> report.drifted
    True
    >>> report.results[0].details
    ('correlation of dew point and temp: 0.89 -> ...',)
    """

    tests: tuple[MultivariateTest, ...] = attrs.field(default=None, converter=_as_tests)
    columns: Sequence[str] | None = attrs.field(default=None)
    alpha: float = attrs.field(default=0.05, validator=PROBABILITY)
    min_effect: float = attrs.field(default=0.1, validator=EFFECT)

    @columns.validator
    def _check_columns(self, _: object, value: object) -> None:
        if isinstance(value, str):
            raise ValueError(f"columns is a list of names: write columns=[{value!r}]")

    def fit(self, reference: Frame | Iterable[Frame]) -> JointProfile:
        """Freeze from the reference how rows are encoded and what the tests need, and sum its rows.

        Parameters
        ----------
        reference : DataFrame, ndarray of shape (rows, dimensions), or iterable of such
            What is frozen comes from at most 20,000 rows of it, drawn at random; which ones, what rows hold decides,
            and not their order or that of the columns. Of chunks, it comes from the first ones that have so many
            together.

        Raises
        ------
        ValidationError
            There is no row or no column to learn from, or two columns have one name. What was fitted before stays.
        """
        chunks = _chunks(reference)
        first = _first_rows(chunks)
        if first is None:
            raise ValidationError("the reference has no rows: fit on the data that the model was trained on")
        order = content_order(columns_to_encode(first, self.columns))
        learned_from = drawn(len(first), _ROWS_TO_LEARN_FROM)
        sample = _rows(first, order[learned_from])
        encoder = Encoder.of(sample, self.columns)
        matrix = encoder.encode(sample)
        tests = tuple(copy.copy(test) for test in self.tests)
        moments = tuple(test.fit_summarize(matrix, encoder.features) for test in tests)
        others = chain(_blocks(first, np.sort(order[~learned_from])), chunks)
        reference_ = JointSummary(Marginals.of(matrix), moments) + _sum(encoder, tests, others)
        self.encoder_, self.tests_, self.reference_ = encoder, tests, reference_
        return self

    def summarize(self, rows: Frame | Iterable[Frame]) -> JointSummary:
        """Sum rows in the way frozen from the reference.

        Parameters
        ----------
        rows : DataFrame, ndarray of shape (rows, dimensions), or iterable of such
            Sums of chunks add up to those of the whole.

        Raises
        ------
        NotFittedError
            `fit` has not been called.
        """
        tests = self._fitted()
        return _sum(self.encoder_, tests, _chunks(rows))

    def compare(
        self, current: JointSummary, alpha: float | None = None, min_effect: float | None = None
    ) -> MultivariateReport:
        """Compare a sample with the reference.

        Parameters
        ----------
        current : JointSummary
            As `summarize` gives it, or several of them added up.
        alpha, min_effect : float, optional
            Others than the profile's.
        """
        tests = self._fitted()
        alpha, min_effect = (
            self.alpha if alpha is None else alpha,
            self.min_effect if min_effect is None else min_effect,
        )
        PROBABILITY(self, attrs.fields(JointProfile).alpha, alpha)
        EFFECT(self, attrs.fields(JointProfile).min_effect, min_effect)
        results = tuple(
            test.compare(before, after)
            for test, before, after in zip(tests, self.reference_.moments, current.moments, strict=True)
        )
        words = describe(self.encoder_, self.reference_.marginals, current.marginals)
        report = MultivariateReport(results, (), alpha, min_effect)
        blamed = report.alarms or [result for result in results if not result.note]
        shares = {
            name: sum(result.contributions.get(name, 0.0) for result in blamed) / max(len(blamed), 1) for name in words
        }
        ranked = sorted(words, key=lambda name: -shares[name])
        return attrs.evolve(report, movements=tuple(ColumnMovement(name, shares[name], words[name]) for name in ranked))

    def detect(self, current: Frame | Iterable[Frame]) -> MultivariateReport:
        """Sum current rows and compare them with the reference.

        Parameters
        ----------
        current : DataFrame, ndarray of shape (rows, dimensions), or iterable of such

        Raises
        ------
        NotFittedError
            `fit` has not been called.
        """
        return self.compare(self.summarize(current))

    def to_json(self) -> dict[str, Any]:
        """Give the fitted profile as JSON-able values: no code, and no row."""
        tests, summary = self._fitted(), self.reference_
        return {
            "alpha": self.alpha,
            "min_effect": self.min_effect,
            "columns": self.encoder_.to_json(),
            "marginals": {
                "rows": summary.rows,
                "sums": summary.marginals.sums.tolist(),
                "squares": summary.marginals.squares.tolist(),
            },
            "tests": [
                {"name": test.name, "params": test.get_params(), "moments": moments.to_json(),
                 "learned": {name: value.tolist() for name, value in test.learned_.items()}}
                for test, moments in zip(tests, summary.moments, strict=True)
            ],
        }  # fmt: skip

    @classmethod
    def from_json(cls, kept: dict[str, Any], tests: Iterable[MultivariateTest] = ()) -> JointProfile:
        """Restore what `to_json` gave.

        Parameters
        ----------
        kept : dict
        tests : iterable of MultivariateTest
            One's own tests that the profile may have, known by their name.

        Raises
        ------
        ValidationError
            The profile has a test that is neither one of mlopskit's nor among `tests`.
        """
        known = {test.name: test for test in (CorrelationChange(), MMD(), ReconstructionError(), *tests)}
        unknown = [each["name"] for each in kept["tests"] if each["name"] not in known]
        if unknown:
            raise ValidationError(f"the profile has the test {unknown[0]!r}: pass an instance of it in tests=")
        encoder, marginals = Encoder.from_json(kept["columns"]), kept["marginals"]
        restored = []
        for each in kept["tests"]:
            test = copy.copy(known[each["name"]])
            for name, value in each["params"].items():
                setattr(test, name, value)
            test.restore(encoder.features, {name: np.array(value) for name, value in each["learned"].items()})
            restored.append(test)
        profile = cls(restored, list(encoder.columns), kept["alpha"], kept["min_effect"])
        profile.encoder_, profile.tests_ = encoder, tuple(restored)
        profile.reference_ = JointSummary(
            Marginals(marginals["rows"], np.array(marginals["sums"]), np.array(marginals["squares"])),
            tuple(Moments.from_json(each["moments"]) for each in kept["tests"]),
        )
        return profile

    def _fitted(self) -> tuple[MultivariateTest, ...]:
        if not hasattr(self, "tests_"):
            raise NotFittedError("this JointProfile has no reference yet: call fit(reference) first")
        return self.tests_


def _sum(encoder: Encoder, tests: tuple[MultivariateTest, ...], chunks: Iterable[Frame]) -> JointSummary:
    total = _sum_matrix(tests, np.zeros((0, len(encoder.features))))
    for chunk in chunks:
        for start in range(0, len(chunk), _BLOCK):
            total += _sum_matrix(tests, encoder.encode(_rows(chunk, slice(start, start + _BLOCK))))
    return total


def _sum_matrix(tests: tuple[MultivariateTest, ...], matrix: Floats) -> JointSummary:
    return JointSummary(Marginals.of(matrix), tuple(test.summarize(matrix) for test in tests))


def _chunks(rows: Frame | Iterable[Frame]) -> Iterator[Frame]:
    for chunk in [rows] if isinstance(rows, pd.DataFrame | np.ndarray) else rows:
        columns_of(chunk)  # raises for what is none
        yield chunk


def _first_rows(chunks: Iterator[Frame]) -> Frame | None:
    """Put together the chunks that it takes to have enough rows to learn from."""
    found: list[Frame] = []
    while sum(map(len, found)) < _ROWS_TO_LEARN_FROM and (chunk := next(chunks, None)) is not None:
        found += [chunk] if len(chunk) else []
    return joined(found) if found else None


def _rows(frame: Frame, which: Any) -> Frame:
    return frame[which] if isinstance(frame, np.ndarray) else frame.iloc[which]


def _blocks(frame: Frame, positions: npt.NDArray[np.intp]) -> Iterator[Frame]:
    for start in range(0, len(positions), _BLOCK):
        yield _rows(frame, positions[start : start + _BLOCK])
