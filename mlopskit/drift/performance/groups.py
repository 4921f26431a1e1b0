"""Rows that are not independent: those of one group, such as a day or a customer, turn out well or badly together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
import pandas as pd
from scipy.sparse import coo_array

from mlopskit.drift.performance.inputs import check_length
from mlopskit.drift.performance.outcomes import Array, Places
from mlopskit.errors import ValidationError

LEAST_GROUPS = 10


@attrs.frozen(eq=False)
class Groups:
    """Which rows belong together.

    Attributes
    ----------
    codes : ndarray of int, shape (rows,)
        The number of each row's group.
    count : int
        How many groups there are.
    """

    codes: Places
    count: int

    @classmethod
    def of(cls, labels: Any, rows: int) -> Groups:
        """Number the groups that rows are labelled with.

        Raises
        ------
        ValidationError
            There is not one label per row.

        Examples
        --------
        >>> Groups.of(["mon", "tue", "mon"], 3)
        Groups(codes=array([0, 1, 0]), count=2)
        """
        check_length(labels, rows, "groups")
        codes, known = pd.factorize(pd.Series(labels).reset_index(drop=True))
        missing = int((codes < 0).sum())
        if missing:
            raise ValidationError(f"groups is missing in {missing} of {rows} rows: leave those rows out")
        return cls(codes, len(known))

    @property
    def pairs(self) -> int:
        """How many ordered pairs of different rows there are within groups."""
        sizes = np.bincount(self.codes, minlength=self.count)
        return int((sizes * (sizes - 1)).sum())

    def take(self, rows: Places) -> Groups:
        """Return the groups of some of the rows."""
        codes, known = pd.factorize(self.codes[rows])
        return Groups(codes, len(known))

    def sums(self, values: Array) -> Array:
        """Sum up values, shape (rows,) or (rows, columns), within each group."""
        if values.ndim == 1:
            return np.bincount(self.codes, values, self.count).astype(float)
        return np.stack([np.bincount(self.codes, column, self.count) for column in values.T], axis=1)

    def folds(self, number: int, random: np.random.Generator) -> Places:
        """Deal whole groups to folds; give the fold of each row."""
        return np.asarray((random.permutation(self.count) % number)[self.codes])

    def factor(self, cells: Places, number: int) -> Array:
        """Tell how much cells of rows have their groups in common.

        Returns
        -------
        ndarray, shape (number, number)
            Times independent standard normal numbers, it gives for each cell the mean of one such number per group,
            over the cell's rows.
        """
        sizes = np.bincount(cells, minlength=number)
        shares = coo_array((1 / sizes[cells], (cells, self.codes)), shape=(number, self.count)).tocsr()
        variances, directions = np.linalg.eigh((shares @ shares.T).toarray())
        return np.asarray(directions * np.sqrt(np.maximum(variances, 0)))


def reference_groups(labels: Any, rows: int) -> Groups | None:
    """Take the groups of a reference, if there are some.

    Raises
    ------
    ValidationError
        There are too few groups to learn how far they differ.
    """
    if labels is None:
        return None
    found = Groups.of(labels, rows)
    if found.count < LEAST_GROUPS:
        raise ValidationError(
            f"groups names {found.count} groups in the reference: at least {LEAST_GROUPS} are needed to learn how far "
            "they differ"
        )
    return found


def current_groups(labels: Any, rows: int, grouped: bool) -> Groups | None:
    """Take the groups of rows to estimate on, which there are if the reference had some.

    Raises
    ------
    ValidationError
        There are some and the reference had none, or the other way round.
    """
    if (labels is not None) != grouped:
        found = "with groups: pass those of these rows too" if grouped else "without groups: fit with them to use them"
        raise ValidationError(f"this estimator was fitted {found}")
    return None if labels is None else Groups.of(labels, rows)


def dealt(rows: int, groups: Groups | None, number: int, random: np.random.Generator) -> Places:
    """Deal rows, or whole groups of them, to folds of about equal size."""
    return np.asarray(random.permutation(rows) % number) if groups is None else groups.folds(number, random)


def group_variance(residuals: Array, variances: Array, slopes: Array, groups: Groups) -> float:
    """Estimate the variance of what rows of a group have in common, by moments.

    Parameters
    ----------
    residuals, variances : ndarray, shape (rows,)
        Of each row, and what chance alone makes of it.
    slopes : ndarray, shape (rows,)
        By how much each residual moves with what the group has in common.
    groups : Groups
    """
    excess = groups.sums(residuals) ** 2 - groups.sums(variances)
    return max(0.0, float(excess.sum() / (groups.sums(slopes) ** 2).sum()))


def stacked(several: Sequence[Groups]) -> Groups:
    """Put the groups of several sets of rows one after the other, all of them different."""
    starts = np.cumsum([0, *(each.count for each in several)])
    codes = np.concatenate([each.codes + start for each, start in zip(several, starts, strict=False)])
    return Groups(codes, int(starts[-1]))
