"""Search for parts of the rows where a model errs more than elsewhere: values of a column, and pairs of them.

Each row has a loss. A slice's *gap* is its mean loss less that of all other rows, and its standard error is that of a
difference of two means, linearised, with the rows of a group moving together. So every slice of a pair of columns is
measured in one pass over the rows. It is never less than if the loss varied within the slice as it does on the whole:
of many slices, those on which it happens not to vary would look certain.

References
----------
Y. Chung, T. Kraska, N. Polyzotis, K. H. Tae and S. E. Whang, Slice Finder: automated data slicing for model validation,
ICDE 2019 (the search, Welch's test and the effect size); A. C. Cameron and D. L. Miller, A practitioner's guide to
cluster-robust inference, Journal of Human Resources 50, 2015 (the standard error); L. Kish, Survey sampling, 1965
(what likeness within groups makes of it).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import attrs
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from mlopskit.validation.bootstrap import Array
from mlopskit.validation.label import name_of

_BINS = 5
_MOST_VALUES = 20
_MOST_DISTINCT = 10  # of numbers; more are cut into bins
_FEWEST_GROUPS = 10
_NEITHER = -1


@attrs.frozen
class Cut:
    """How a column is cut into pieces.

    Attributes
    ----------
    column : str
    codes : array of int
        The piece of each row; -1 if it is in none.
    pieces : tuple of tuple of str
        The pieces in words: one condition each, or of two columns two.
    """

    column: str
    codes: NDArray[np.intp]
    pieces: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, column: pd.Series) -> Cut:
        """Cut numbers and moments of many values at their quintiles, others into their 20 most frequent values.

        Missing values are a piece of their own.

        Examples
        --------
        >>> Cut.of(pd.Series(["JFK", None, "JFK"], name="origin")).pieces
        (('origin is JFK',), ('origin is missing',))
        """
        name, values, verb = name_of(column.name), column, "is"
        if _is_ordered(column) and column.nunique() > _MOST_DISTINCT:
            wide = (
                column.astype(float) if column.dtype == np.float16 else column
            )  # pandas has no bins of the narrow ones
            values, verb = pd.qcut(wide, _BINS, duplicates="drop"), "in"
        codes, labels = pd.factorize(values, use_na_sentinel=True)
        frequent = np.argsort(-np.bincount(codes[codes >= 0], minlength=len(labels)), kind="stable")[:_MOST_VALUES]
        place = np.full(len(labels) + 1, _NEITHER)
        place[frequent] = np.arange(len(frequent))
        place[-1] = len(frequent)  # where the code is -1: missing
        words = [f"{name} {verb} {labels[each]}" for each in frequent]
        words += [f"{name} is missing"] * bool((codes < 0).any())
        return cls(name, place[codes], tuple((word,) for word in words))

    def and_also(self, other: Cut) -> Cut:
        """Cut by both columns."""
        inside = (self.codes >= 0) & (other.codes >= 0)
        codes = np.where(inside, self.codes * len(other.pieces) + other.codes, _NEITHER)
        pieces = tuple(first + second for first in self.pieces for second in other.pieces)
        return Cut(f"{self.column}, {other.column}", codes, pieces)


@attrs.frozen
class Slices:
    """Slices side by side, one entry each.

    Attributes
    ----------
    pieces : list of tuple of str
        Which rows they are: the conditions that hold for them.
    columns : list of str
        By which columns they were cut.
    rows, groups, gaps, errors : array
        How many rows and groups of rows they have, by how much they are worse, and the standard error of that.
    """

    pieces: list[tuple[str, ...]]
    columns: list[str]
    rows: Array
    groups: Array
    gaps: Array
    errors: Array

    def p_values(self, tolerance: float) -> Array:
        """Return one-sided p-values of gaps that are no larger than the tolerance."""
        with np.errstate(divide="ignore", invalid="ignore"):
            distance = (self.gaps - tolerance) / self.errors
        # Without any spread, what is seen is certain; no gap at all then is none.
        return np.asarray(student.sf(np.nan_to_num(distance, nan=0.0), self.groups - 1))

    def intervals(self, confidence: float) -> tuple[Array, Array]:
        """Return the two-sided interval of each gap by itself."""
        width = student.ppf((1 + confidence) / 2, self.groups - 1) * self.errors
        return self.gaps - width, self.gaps + width


def search(
    frame: pd.DataFrame, loss: Array, codes: NDArray[np.intp], *, versus_rest: bool, min_rows: int, depth: int
) -> Slices:
    """Measure every slice that is large enough.

    Parameters
    ----------
    frame : DataFrame
        The columns to cut; those of values without a hash, such as lists, are left out.
    loss : array
        How wrong each row is.
    codes : array of int
        The group of each row, numbered from 0.
    versus_rest : bool
        Whether the mean loss of the other rows is taken away.
    min_rows : int
        Fewer rows are no slice; nor are those of fewer than 10 groups.
    depth : {1, 2}
        How many columns cut together.

    Examples
    --------
    >>> frame = pd.DataFrame({"origin": ["EWR", "JFK"] * 100})
    >>> loss = np.tile([0.0, 1.0], 100)
    >>> found = search(frame, loss, np.arange(200), versus_rest=True, min_rows=50, depth=2)
    >>> found.pieces, found.gaps
    ([('origin is EWR',), ('origin is JFK',)], array([-1.,  1.]))
    """
    if versus_rest:
        loss = loss - loss.mean()  # changes no difference, and keeps squares of large numbers from cancelling
    cuts = [Cut.of(frame[column]) for column in frame.columns if _can_be_cut(frame[column])]
    cuts = [cut for cut in cuts if len(cut.pieces) > 1]
    groups = _Groups.of(loss, codes)
    parts = [_measure(cut, loss, groups, versus_rest=versus_rest, min_rows=min_rows) for cut in _combined(cuts, depth)]
    return Slices(
        [piece for part in parts for piece in part.pieces],
        [column for part in parts for column in part.columns],
        *(np.concatenate([getattr(part, field) for part in parts] or [np.empty(0)])
          for field in ("rows", "groups", "gaps", "errors")),
    )  # fmt: skip


@attrs.frozen
class _Groups:
    """The groups of rows.

    Attributes
    ----------
    codes : array of int
        Which row is in which.
    sizes, losses : array
        How many rows each has, and their summed loss.
    variance, likeness : float
        How much the loss varies over all rows, and how much of that rows of a group share (the intraclass correlation).
    """

    codes: NDArray[np.intp]
    sizes: Array
    losses: Array
    variance: float
    likeness: float

    @classmethod
    def of(cls, loss: Array, codes: NDArray[np.intp]) -> _Groups:
        sizes, losses = np.bincount(codes).astype(float), np.bincount(codes, weights=loss)
        squares = float(((loss - loss.mean()) ** 2).sum())
        typical = sizes @ sizes / len(loss)  # the size of the group of a row
        effect = float(((losses - loss.mean() * sizes) ** 2).sum()) / squares if squares else 1.0
        likeness = min(max((effect - 1) / (typical - 1), 0.0), 1.0) if typical > 1 else 0.0
        return cls(codes, sizes, losses, squares / len(loss), likeness)

    def expected(self, rows: Array, squared_sizes: Array) -> Array:
        """Return the variance of the mean loss of some rows if they vary as all do; of groups of which sizes."""
        return self.variance * (1 + (squared_sizes / rows - 1) * self.likeness) / rows


def _can_be_cut(column: pd.Series) -> bool:
    """Whether a column's values can be told apart by a hash; lists and the like can not."""
    try:
        pd.factorize(column)
    except TypeError:
        return False
    return True


def _is_ordered(column: pd.Series) -> bool:
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_complex_dtype(column)
    is_time = pd.api.types.is_datetime64_any_dtype(column) or pd.api.types.is_timedelta64_dtype(column)
    return (numeric and not pd.api.types.is_bool_dtype(column)) or is_time


def _combined(cuts: Sequence[Cut], depth: int) -> Iterator[Cut]:
    yield from cuts
    if depth > 1:
        yield from (first.and_also(second) for first, second in combinations(cuts, 2))


def _measure(cut: Cut, loss: Array, groups: _Groups, *, versus_rest: bool, min_rows: int) -> Slices:
    """Measure the pieces of one cut, from the sums of each piece within each group."""
    inside, count = cut.codes >= 0, len(groups.sizes)
    key, entry = np.unique(cut.codes[inside] * count + groups.codes[inside], return_inverse=True)
    piece, group = key // count, key % count
    sums, sizes = np.bincount(entry, weights=loss[inside]), np.bincount(entry).astype(float)
    pieces = len(cut.pieces)
    rows, touched = np.bincount(piece, weights=sizes, minlength=pieces), np.bincount(piece, minlength=pieces)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(piece, weights=sums, minlength=pieces) / rows
        influence = (sums - mean[piece] * sizes) / rows[piece]
        variance = np.zeros(pieces)
        least = groups.expected(rows, np.bincount(piece, weights=sizes**2, minlength=pieces))
        if versus_rest:
            rest = len(loss) - rows
            other = (loss.sum() - mean * rows) / rest
            outside = groups.losses[group] - sums - other[piece] * (groups.sizes[group] - sizes)
            influence -= outside / rest[piece]
            variance = _of_untouched(groups, piece, group, other) / rest**2
            least *= len(loss) / rest  # 1 / rows + 1 / rest
            mean = mean - other
        variance += np.bincount(piece, weights=influence**2, minlength=pieces)
        errors = np.sqrt(np.maximum(variance * touched / (touched - 1), least))
    enough = (rows >= min_rows) & (touched >= _FEWEST_GROUPS)
    if versus_rest:
        enough &= rest >= min_rows
    kept = [piece for piece, large in zip(cut.pieces, enough, strict=True) if large]
    return Slices(kept, [cut.column] * len(kept), rows[enough], touched[enough], mean[enough], errors[enough])


def _of_untouched(groups: _Groups, piece: Array, group: Array, other: Array) -> Array:
    """Sum the squared deviations of the groups that have no row in a piece: those of all groups, less of the others."""
    losses, sizes = groups.losses, groups.sizes
    everywhere = losses @ losses - 2 * other * (losses @ sizes) + other**2 * (sizes @ sizes)
    here = np.bincount(piece, weights=(losses[group] - other[piece] * sizes[group]) ** 2, minlength=len(other))
    return np.asarray(np.maximum(everywhere - here, 0.0))
