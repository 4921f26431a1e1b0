"""Classes as counts: of rows or of groups of rows, known, expected or drawn; what every metric is computed from."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Places = NDArray[np.intp]


class Predicted:
    """What a classifier said about rows.

    Parameters
    ----------
    probability : ndarray, shape (rows, classes)
        Of each class, as the model gave it.
    label : ndarray of int, shape (rows,)
        The place of the predicted class.
    """

    def __init__(self, probability: Array, label: Places):
        self.probability, self.label = probability, label
        self._rankings: dict[int, tuple[Places, Places]] = {}

    def __len__(self) -> int:
        return len(self.label)

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return int(self.probability.shape[1])

    def take(self, rows: Places) -> Predicted:
        """Return some of the rows."""
        return Predicted(self.probability[rows], self.label[rows])

    def ranking(self, one: int) -> tuple[Places, Places]:
        """Give the rows from the most to the least probable of a class, and the last place of each run of ties."""
        if one not in self._rankings:
            column = self.probability[:, one]
            order = np.argsort(column)[::-1]
            ranked = column[order]
            ends = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)
            self._rankings[one] = order, ends
        return self._rankings[one]


class Outcomes:
    """What came true of what was predicted.

    Parameters
    ----------
    predicted : Predicted
        One row each, or one that stands for several alike.
    counts : ndarray, shape (..., rows, classes)
        How many of each class, of a row or of those it stands for: 0 and 1 where labels are known, probabilities
        where they are expected. Leading axes are separate draws.
    sizes : ndarray, shape (rows,), optional
        For how many each row stands; by default for itself.
    expected : bool, default False
        Whether counts are probabilities: then a row is not compared with itself, which it can not differ from.
    """

    def __init__(self, predicted: Predicted, counts: Array, sizes: Array | None = None, *, expected: bool = False):
        self.predicted, self.counts, self.expected = predicted, counts, expected
        self.sizes = np.ones(len(predicted)) if sizes is None else sizes
        self.rows = float(self.sizes.sum())

    @classmethod
    def known(cls, predicted: Predicted, codes: Places) -> Outcomes:
        """Take labels that are known, by the places of their classes."""
        return cls(predicted, (codes[:, np.newaxis] == np.arange(predicted.classes)).astype(float))

    def of(self, one: int) -> OneClass:
        """Look at one class against all others."""
        return OneClass(self, one)


class OneClass:
    """One class against all others; the class is called positive here."""

    def __init__(self, outcomes: Outcomes, one: int):
        self._outcomes, self._one = outcomes, one
        self._positives = outcomes.counts[..., one]

    @cached_property
    def true_positives(self) -> Array:
        """Rows of the class that are predicted to be of it."""
        return np.asarray(self._positives @ self._predicted)

    @cached_property
    def false_positives(self) -> Array:
        """Rows of other classes that are predicted to be of this one."""
        return self._outcomes.sizes @ self._predicted - self.true_positives

    @cached_property
    def false_negatives(self) -> Array:
        """Rows of the class that are predicted to be of another one."""
        return self.positives - self.true_positives

    @cached_property
    def true_negatives(self) -> Array:
        """Rows of other classes that are predicted to be of another one."""
        return self._outcomes.rows - self.positives - self.false_positives

    @cached_property
    def positives(self) -> Array:
        """Rows of the class."""
        return np.asarray(self._positives.sum(axis=-1))

    @property
    def rows(self) -> float:
        """All rows."""
        return self._outcomes.rows

    @cached_property
    def ranked_positives(self) -> Array:
        """Rows of the class down to each distinct probability, the highest first."""
        order, ends = self._outcomes.predicted.ranking(self._one)
        return np.asarray(np.cumsum(self._positives[..., order], axis=-1)[..., ends])

    @cached_property
    def ranked_rows(self) -> Array:
        """All rows down to each distinct probability, the highest first."""
        order, ends = self._outcomes.predicted.ranking(self._one)
        return np.asarray(np.cumsum(self._outcomes.sizes[order])[ends])

    @cached_property
    def ranked_variance(self) -> Array:
        """The sum of q (1 - q) down to each distinct probability if labels are expected ones, else zeros."""
        order, ends = self._outcomes.predicted.ranking(self._one)
        if not self._outcomes.expected:
            return np.zeros(len(ends))
        return np.asarray(np.cumsum((self._positives * (1 - self._positives))[order])[ends])

    @cached_property
    def _predicted(self) -> Array:
        return np.asarray(self._outcomes.predicted.label == self._one, dtype=float)
