"""Booleans and categories as columns of ones and zeros."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
import numpy as np
import pandas as pd

from mlopskit.drift.columns import labels_of
from mlopskit.drift.multivariate.column_encoding import (
    FEWEST_ROWS,
    ColumnEncoding,
    FeatureKind,
    Floats,
    Mask,
    Values,
    read_numbers,
)

MOST_LEVELS = 12
_LEAST_SHARE = 0.01


@attrs.frozen
class Flags(ColumnEncoding):
    """Booleans: 1 for true, 0 for false."""

    family: ClassVar[str] = "flags"

    @property
    def features(self) -> tuple[tuple[FeatureKind, str], ...]:
        """One: the flag."""
        return (("flag", ""),)

    def encode(self, values: Values) -> tuple[Floats, Mask]:
        """Give ones and zeros; a number counts as true unless it is 0."""
        numbers = read_numbers(values)
        missing = np.isnan(numbers)
        return ((numbers != 0) & ~missing).astype(np.float64)[:, np.newaxis], missing

    def to_json(self) -> dict[str, Any]:
        """Give nothing: there is nothing to learn."""
        return {}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Flags:  # noqa: ARG003 - nothing is kept
        """Make another one."""
        return cls()


@attrs.frozen
class Levels(ColumnEncoding):
    """Categories: a column of ones and zeros for each frequent level, and one for all others, new ones included.

    A level of its own has at least ten rows and 1 % of the reference, and at most 12 have one. Rare levels and new ones
    share a column on purpose: which of many rare levels a batch has is chance, and the reference has no new one by
    definition, so that a column for new ones alone would raise false alarms.

    Examples
    --------
    >>> levels = Levels.of(pd.Series(["JFK", "EWR", "JFK"] * 100 + ["ISP"]))
    >>> levels.encode(pd.Series(["EWR", "SWF", None]))[0]
    array([[0., 1., 0.], [0., 0., 1.], [0., 0., 0.]])
    """

    family: ClassVar[str] = "levels"
    names: tuple[str, ...]

    @classmethod
    def of(cls, values: pd.Series) -> Levels:
        """Freeze the most frequent levels of the reference."""
        codes, labels = labels_of(values)
        counts = np.bincount(codes[codes >= 0], minlength=len(labels))
        least = max(FEWEST_ROWS, _LEAST_SHARE * counts.sum())
        by_count = sorted(zip(labels, counts.tolist(), strict=True), key=lambda item: (-item[1], item[0]))
        return cls(tuple(label for label, count in by_count[:MOST_LEVELS] if count >= least))

    @property
    def features(self) -> tuple[tuple[FeatureKind, str], ...]:
        """One for each frequent level, and one for the others."""
        return (*(("level", name) for name in self.names), ("other", ""))

    def encode(self, values: Values) -> tuple[Floats, Mask]:
        """Give a one in the column of the level; values that are no text are known by their text."""
        codes, labels = labels_of(pd.Series(values))
        positions = {name: position for position, name in enumerate(self.names)}
        position_of = np.array([*(positions.get(label, len(self.names)) for label in labels), -1], dtype=np.intp)
        position = position_of[codes]  # a missing value has the code -1, and so the last entry
        missing = position < 0
        ones = (position[:, np.newaxis] == np.arange(len(self.names) + 1)).astype(np.float64)
        return ones, missing

    def to_json(self) -> dict[str, Any]:
        """Give the names of frequent levels; of rare ones nothing is known."""
        return {"names": list(self.names)}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Levels:
        """Restore them."""
        return cls(tuple(kept["names"]))
