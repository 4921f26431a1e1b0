"""Moments: all that is kept of a sample's rows, sums of products that merge by adding."""

from __future__ import annotations

import base64
from functools import cached_property
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@attrs.frozen(eq=False, slots=False)
class Moments:
    """Sums, over rows, of numbers a row has and of their products; two samples' are merged by ``+``.

    Attributes
    ----------
    products : ndarray of float64, shape (1 + numbers, 1 + numbers)
        The sum over rows of the outer product of ``(1, numbers)`` with itself: the count of rows at the corner, sums
        along the edge, and sums of products inside.

    Examples
    --------
    >>> first, second = Moments.of(np.array([[1.0], [2.0]])), Moments.of(np.array([[6.0]]))
    >>> merged = first + second
    >>> merged.rows, merged.mean, merged.covariance
    (3, array([3.]), array([[7.]]))
    """

    products: Floats

    @classmethod
    def of(cls, numbers: npt.NDArray[Any]) -> Moments:
        """Sum the rows of a matrix, shape (rows, numbers), in the precision that it has."""
        rows, width = numbers.shape
        used = np.flatnonzero(numbers.any(axis=0))
        block = np.ones((rows, 1 + len(used)), dtype=numbers.dtype)
        block[:, 1:] = numbers if len(used) == width else numbers[:, used]
        sums = block.T @ block
        if len(used) == width:
            return cls(sums.astype(np.float64))
        positions = np.r_[0, used + 1]
        products = np.zeros((1 + width, 1 + width))
        products[np.ix_(positions, positions)] = sums
        return cls(products)

    @classmethod
    def none(cls, width: int) -> Moments:
        """Give the moments of no rows, with which merging starts."""
        return cls(np.zeros((1 + width, 1 + width)))

    def __add__(self, other: Moments) -> Moments:
        """Merge the moments of two samples; exact, and so the same in any order, while sums fit into 53 bits."""
        return Moments(self.products + other.products)

    def of_numbers(self, chosen: slice) -> Moments:
        """Give the moments of some of the numbers."""
        positions = np.r_[0, np.arange(1, len(self.products))[chosen]]
        return Moments(self.products[np.ix_(positions, positions)])

    @property
    def rows(self) -> int:
        """How many rows were summed."""
        return int(self.products[0, 0])

    @property
    def mean(self) -> Floats:
        """The mean of each number, shape (numbers,); zeros of no rows."""
        return np.asarray(self.products[0, 1:] / max(self.rows, 1))

    @cached_property
    def covariance(self) -> Floats:
        """The unbiased covariance, shape (numbers, numbers); zeros of fewer than two rows."""
        mean = self.mean
        centred = self.products[1:, 1:] - self.rows * np.outer(mean, mean)
        return np.asarray(centred / max(self.rows - 1, 1))

    def to_json(self) -> dict[str, Any]:
        """Give the upper triangle as float64, little-endian, in base64."""
        triangle = self.products[np.triu_indices(len(self.products))]
        return {
            "numbers": len(self.products) - 1,
            "products": base64.b64encode(triangle.astype("<f8").tobytes()).decode(),
        }

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Moments:
        """Restore what `to_json` gave."""
        triangle = np.triu_indices(kept["numbers"] + 1)
        products = cls.none(kept["numbers"]).products
        products[triangle] = np.frombuffer(base64.b64decode(kept["products"]), dtype="<f8")
        products.T[triangle] = products[triangle]
        return cls(products)
