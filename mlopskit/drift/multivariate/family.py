"""What a multivariate test is: numbers of a row, whose moments in two samples are compared."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import attrs
import numpy as np
import numpy.typing as npt

from mlopskit.drift.multivariate.encoding import Feature
from mlopskit.drift.multivariate.moments import Floats, Moments
from mlopskit.records.multivariate import MultivariateResult

FEWEST_ROWS = 20
"""With fewer on a side there is no answer."""
_BLOCK = 1024


@attrs.frozen
class Found:
    """What a test found; see `mlopskit.records.multivariate.MultivariateResult` for the meaning of each."""

    statistic: float
    p_value: float
    effect: float
    contributions: Mapping[str, float] = attrs.field(factory=dict)
    details: tuple[str, ...] = ()


class MultivariateTest(ABC):
    """Compares two samples by all of their columns together, without their rows.

    Subclass it and define `name`, `numbers` and `difference`; and `learn`, if something has to be frozen first.

    Attributes
    ----------
    features_ : tuple of Feature
        The columns of the matrices that are compared.

    Examples
    --------
    >>> class Product(MultivariateTest):
    ...     name = "mean product"
    ...     def numbers(self, matrix):
    ...         return matrix.prod(axis=1, keepdims=True)
    ...     def difference(self, reference, current):
    ...         change = abs(float(current.mean[0] - reference.mean[0]))
    ...         return Found(change, p_value=1.0, effect=min(change, 1.0))
    >>> test = Product()
    >>> reference = test.fit_summarize(np.ones((50, 2)), ())
    >>> test.compare(reference, test.summarize(np.full((10, 2), 1.5)) + test.summarize(np.full((20, 2), 1.5))).statistic
    1.25
    """

    name: ClassVar[str]
    features_: tuple[Feature, ...]

    @abstractmethod
    def numbers(self, matrix: Floats) -> npt.NDArray[Any]:
        """Give the numbers of each row whose moments are kept, shape (rows, numbers)."""

    @abstractmethod
    def difference(self, reference: Moments, current: Moments) -> Found | None:
        """Compare two samples of enough rows; None if nothing varies in either."""

    def learn(self, matrix: Floats) -> Mapping[str, Floats]:  # noqa: ARG002 - for those that learn nothing
        """Learn from rows of the reference what stays frozen, by name; it is given to `restore` at once and later."""
        return {}

    def restore(self, features: tuple[Feature, ...], learned: Mapping[str, Floats]) -> None:
        """Take up what `learn` gave, and the columns of the matrices."""
        self.features_ = features
        self.learned_ = dict(learned)

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002 - scikit-learn calls it so
        """Give the parameters by name, to be set again on a copy."""
        return attrs.asdict(self) if attrs.has(type(self)) else {}  # type: ignore[arg-type]

    def fit_summarize(self, matrix: Floats, features: Iterable[Feature]) -> Moments:
        """Learn from the reference, and give the moments of those of its rows that can be compared fairly.

        Those are all of them, unless a test fits so closely to what it learns from that it needs others.
        """
        self.features_ = tuple(features)
        self.restore(self.features_, self.learn(matrix))
        return self.summarize(matrix)

    def summarize(self, matrix: Floats) -> Moments:
        """Give the moments of a sample, or of a chunk of one: those of chunks add up to those of the whole.

        Parameters
        ----------
        matrix : ndarray of float64, shape (rows, features)
            As the encoder of the reference gives it.
        """
        blocks = [matrix[start : start + _BLOCK] for start in range(0, len(matrix), _BLOCK)] or [matrix]
        total = Moments.of(self.numbers(blocks[0]))
        for block in blocks[1:]:
            total = total + Moments.of(self.numbers(block))
        return total

    def compare(self, reference: Moments, current: Moments) -> MultivariateResult:
        """Tell whether two samples differ.

        Parameters
        ----------
        reference, current : Moments
            As `summarize` gives them; of fewer than 20 rows on a side there is no answer.
        """
        if min(reference.rows, current.rows) < FEWEST_ROWS:
            return self._no_answer(reference, current, f"not enough data: {FEWEST_ROWS} rows are needed on both sides")
        found = self.difference(reference, current)
        if found is None:
            return self._no_answer(reference, current, "not enough data: nothing varies")
        return MultivariateResult(
            self.name, found.statistic, found.p_value, found.effect, reference.rows, current.rows,
            ranked_shares(found.contributions), found.details,
        )  # fmt: skip

    def _no_answer(self, reference: Moments, current: Moments, note: str) -> MultivariateResult:
        return MultivariateResult(self.name, 0.0, 1.0, 0.0, reference.rows, current.rows, note=note)

    def by_column(self, amounts: Floats) -> dict[str, float]:
        """Add up amounts, one for each feature, to one for each column."""
        totals = dict.fromkeys((feature.column for feature in self.features_), 0.0)
        for feature, amount in zip(self.features_, amounts.tolist(), strict=True):
            totals[feature.column] += amount
        return totals


def beyond_chance(z: Floats) -> Floats:
    """Tell by how much each squared z-score exceeds the largest that so many have by chance; or which is the largest.

    Examples
    --------
    >>> beyond_chance(np.array([0.5, -4.0, 1.0])).round(1)
    array([ 0. , 13.8,  0. ])
    """
    evidence = np.maximum(np.square(z) - 2.0 * np.log(max(len(z), 1)), 0.0)
    if len(z) and not evidence.any():
        evidence[np.abs(z).argmax()] = 1.0
    return np.asarray(evidence)


def ranked_shares(contributions: Mapping[str, float]) -> dict[str, float]:
    """Turn contributions into shares of their sum, the largest first; what is below 0 counts as nothing.

    Examples
    --------
    >>> ranked_shares({"a": 1.0, "b": 3.0, "c": -0.1})
    {'b': 0.75, 'a': 0.25, 'c': 0.0}
    """
    positive = {column: max(amount, 0.0) for column, amount in contributions.items()}
    total = sum(positive.values())
    ranked = sorted(positive.items(), key=lambda item: (-item[1], item[0]))
    return {column: amount / total if total > 0 else 0.0 for column, amount in ranked}
