"""What is kept of a frame: for each column how often its values occur, and never a row.

Profiles are merged exactly: of two halves, of any number of chunks, in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs
import numpy as np
import pandas as pd

from mlopskit.drift.column_profile import ColumnProfile, profile_columns, profile_groups
from mlopskit.drift.columns import labels_of
from mlopskit.drift.counting import Weights
from mlopskit.drift.keys import label_keys
from mlopskit.errors import ValidationError


@attrs.frozen(eq=False)
class Profile:
    """What is kept of a frame.

    Attributes
    ----------
    columns : dict of str to ColumnProfile
        By the text of their names.
    rows : int
    weight : float
        What all rows weigh; their number if they were not weighed.
    squares : float
        The sum of their squared weights.
    groups : mapping of int to Profile
        If asked for, the profile of each group of rows that are not independent, in at most 64 cells a column; by the
        key of the group's label, see `label_keys`.

    Examples
    --------
    >>> january, february = pd.DataFrame({"temp": [39.0, 40.1]}), pd.DataFrame({"temp": [28.9, 39.0]})
    >>> merged = Profile.of(january).merge(Profile.of(february))
    >>> merged.rows, merged.columns["temp"].cells.counts.tolist()
    (4, [1, 2, 1])
    """

    columns: dict[str, ColumnProfile]
    rows: int = 0
    weight: float = 0.0
    squares: float = 0.0
    groups: Mapping[int, Profile] = attrs.field(factory=dict)

    @classmethod
    def of(
        cls, frame: pd.DataFrame, columns: Iterable[Any] | None = None, groups: str | None = None,
        weights: str | None = None,
    ) -> Profile:  # fmt: skip
        """Profile a frame.

        Parameters
        ----------
        frame : DataFrame
        columns : iterable, optional
            The columns wanted; those that the frame lacks are known as absent. By default all.
        groups : str, optional
            The column that tells which rows are not independent; those without a group are in none.
        weights : str, optional
            The column that tells how much each row counts.

        Raises
        ------
        ValidationError
            Two columns share a name, there is no column `groups` or `weights`, or a weight is missing, negative or
            infinite.
        """
        by_name = columns_of(frame)
        wanted = list(by_name) if columns is None else [str(name) for name in columns]
        absent = ColumnProfile.empty(absent=len(frame))
        weighed = None if weights is None else weights_of(frame, weights)
        known = profile_columns({name: by_name[name] for name in wanted if name in by_name}, weighed)
        found = {name: known.get(name, absent) for name in wanted}
        parts = {} if groups is None else _by_group(by_name, wanted, groups, weighed)
        if weighed is None:
            return cls(found, len(frame), len(frame), len(frame), parts)
        return cls(found, len(frame), float(weighed.sum()), float(np.square(weighed).sum()), parts)

    @classmethod
    def none(cls, columns: Iterable[str] = ()) -> Profile:
        """Return the profile of no rows, with which merging starts."""
        return cls({name: ColumnProfile.empty() for name in columns})

    @property
    def is_weighed(self) -> bool:
        """Whether rows counted by their weight; so they may have where there are no values."""
        return all(each.cells.counts.dtype.kind == "f" for each in self.columns.values() if each.values)

    def merge(self, other: Profile) -> Profile:
        """Return the profile of the rows of both; a column that one of them lacks is known to be absent there."""
        names = {**self.columns, **other.columns}
        merged = {name: self._column(name).merge(other._column(name)) for name in names}
        groups = dict(self.groups)
        for key, group in other.groups.items():
            groups[key] = groups[key].merge(group) if key in groups else group
        weight, squares = self.weight + other.weight, self.squares + other.squares
        return Profile(merged, self.rows + other.rows, weight, squares, groups)

    def _column(self, name: str) -> ColumnProfile:
        return self.columns[name] if name in self.columns else ColumnProfile.empty(absent=self.rows)

    def without(self, *columns: str | None) -> Profile:
        """Return the profile of all other columns."""
        if self.columns.keys().isdisjoint(columns):
            return self
        kept = {name: each for name, each in self.columns.items() if name not in columns}
        groups = {key: each.without(*columns) for key, each in self.groups.items()}
        return attrs.evolve(self, columns=kept, groups=groups)

    def scaled(self, factor: float) -> Profile:
        """Return the profile of rows that weigh so many times as much."""
        if factor == 1:
            return self
        columns = {name: each.scaled(factor) for name, each in self.columns.items()}
        groups = {key: each.scaled(factor) for key, each in self.groups.items()}
        weight, squares = self.weight * factor, self.squares * factor**2
        return attrs.evolve(self, columns=columns, weight=weight, squares=squares, groups=groups)

    def effective(self) -> Profile:
        """Return the profile of as many equal rows as tell as much as these (L. Kish, Survey Sampling, 1965, 11.7).

        All counts are brought to ``(sum of weights)^2 / (sum of squared weights)`` rows in all.
        """
        if self.squares == self.rows == self.weight:
            return self
        share = self.weight / self.squares if self.squares else 0.0
        return attrs.evolve(self, columns={name: each.scaled(share) for name, each in self.columns.items()})


def columns_of(frame: pd.DataFrame) -> dict[str, pd.Series[Any]]:
    """Give the columns of a frame by the text of their names.

    Raises
    ------
    TypeError, ValidationError
        It is no frame, or two columns share a name.
    """
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"a DataFrame is needed here, not a {type(frame).__qualname__}")
    columns = {str(name): column for name, column in frame.items()}
    if len(columns) != frame.shape[1]:
        raise ValidationError("two columns of the frame have the same name: rename one, so that a report can name both")
    return columns


def rows_by_label(frame: pd.DataFrame, column: pd.Series[Any]) -> Iterator[tuple[str, pd.DataFrame]]:
    """Give the rows of each label of a column; those without one are left out."""
    codes, labels = labels_of(column)
    yield from ((labels[code], rows) for code, rows in frame.groupby(codes, sort=False) if code >= 0)


def _by_group(
    by_name: Mapping[str, pd.Series[Any]], columns: list[str], groups: str, weights: Weights | None
) -> dict[int, Profile]:
    if groups not in by_name:
        raise ValidationError(f"the frame has no column {groups!r} to tell which rows belong together")
    group, labels = labels_of(by_name[groups])
    found = {name: profile_groups(by_name[name], group, len(labels), weights) for name in columns if name in by_name}
    known = group >= 0
    one = np.ones(len(group))
    rows, weight, squares = (
        np.bincount(group[known], each[known], len(labels)).tolist()
        for each in ((one, one, one) if weights is None else (one, weights, weights**2))
    )
    profiles = {}
    for place, key in enumerate(label_keys(labels).tolist()):
        absent = ColumnProfile.empty(absent=int(rows[place]))
        in_group = {name: found[name][place] if name in found else absent for name in columns}
        profiles[key] = Profile(in_group, int(rows[place]), weight[place], squares[place])
    return profiles


def weights_of(frame: pd.DataFrame, weights: str) -> Weights:
    """Tell how much each row of a frame counts.

    Raises
    ------
    ValidationError
        There is no such column, or a weight is missing, negative or infinite.
    """
    by_name = columns_of(frame)
    if weights not in by_name:
        raise ValidationError(f"the frame has no column {weights!r} to tell how much each row counts")
    try:
        found: Weights = by_name[weights].to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):  # whose message shows a value
        raise ValidationError(f"column {weights!r} has to hold numbers to tell how much each row counts") from None
    if not (np.isfinite(found) & (found >= 0)).all():
        raise ValidationError(f"column {weights!r} has weights that are missing, negative or infinite: drop such rows")
    return found
