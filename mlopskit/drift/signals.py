"""Signals: in how many ways one column can have moved, each of them a test of its own."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property

import attrs
import numpy as np
from scipy.special import betaln, gammaln

from mlopskit.drift.cells import Cells, aligned
from mlopskit.drift.column_profile import ColumnProfile
from mlopskit.drift.columns import NUMBERS
from mlopskit.drift.keys import key_numbers
from mlopskit.drift.statistics.anderson_darling import AndersonDarling
from mlopskit.drift.statistics.chi_square import homogeneity
from mlopskit.drift.statistics.statistic import Comparison, Counts, Floats, Sample, Statistic

LEAST_VALUES = 5

_UNNAMED_BITS = 6
"""Labels too many to be told apart share 64 cells."""

MISSING_SHARE = "missing share"
NEW_CATEGORIES = "new categories"
VANISHED_CATEGORIES = "vanished categories"
TEXT_LENGTH = "text length"


@attrs.frozen
class Signal:
    """One way in which a column may have moved.

    Attributes
    ----------
    method : str
        The statistic's name, or what else was looked at.
    found : Comparison
    about_values : bool
        Whether the values were compared as they are.
    """

    method: str
    found: Comparison
    about_values: bool = False


def signals(reference: ColumnProfile, current: ColumnProfile, statistic: Statistic) -> Iterator[Signal]:
    """Test the values, then what else may have changed; each only where there is something to test.

    Parameters
    ----------
    reference, current : ColumnProfile
        Of the same kind, or one of them empty.
    statistic : Statistic
        What the values are compared by.
    """
    if min(reference.values, current.values) >= LEAST_VALUES:
        ordered = reference.kind in NUMBERS
        before, after = samples(*_comparable(reference, current), ordered=ordered)
        yield Signal(statistic.name, statistic.compare(before, after), about_values=True)
        if not ordered:
            yield from _of_labels(reference, current, before.counts, after.counts)
    if min(reference.rows, current.rows) >= LEAST_VALUES and reference.missing + current.missing:
        yield Signal(MISSING_SHARE, _missing_share(reference, current))


def _comparable(reference: ColumnProfile, current: ColumnProfile) -> tuple[Cells, Cells]:
    """Throw labels that are too many to be told apart together until chance leaves each cell about alike."""
    cells = reference.cells, current.cells
    if reference.kind in NUMBERS or not max(each.dropped for each in cells):
        return cells
    return cells[0].coarsened(64 - _UNNAMED_BITS), cells[1].coarsened(64 - _UNNAMED_BITS)


def samples(reference: Cells, current: Cells, *, ordered: bool) -> tuple[Sample, Sample]:
    """Put two samples into the same cells."""
    cells, before, after = aligned(reference, current)
    return _InCells(cells, before, ordered), _InCells(cells, after, ordered)


class _InCells(Sample):
    """A sample that works out what lies in its cells only for the statistics that ask."""

    def __init__(self, cells: Cells, counts: Counts, ordered: bool):
        self._cells = cells
        self.counts = counts
        self.ordered = ordered

    @cached_property
    def values(self) -> Floats:  # type: ignore[override]
        return key_numbers(self._cells) if self.ordered else np.arange(len(self.counts), dtype=float)


def cohens_h(first: float, second: float) -> float:
    """Tell how far apart two shares are: ``|2 asin(sqrt(p)) - 2 asin(sqrt(q))|``.

    After J. Cohen, Statistical Power Analysis for the Behavioral Sciences, 1988, chapter 6. 0.2 is small and 0.5
    medium, wherever the shares lie: from 0 to 1 % is 0.2, and so is from 40 to 50 %.

    Examples
    --------
    >>> round(cohens_h(0.0, 0.01), 3), round(cohens_h(0.4, 0.5), 3)
    (0.2, 0.201)
    """
    return abs(2 * math.asin(math.sqrt(first)) - 2 * math.asin(math.sqrt(second)))


def _missing_share(reference: ColumnProfile, current: ColumnProfile) -> Comparison:
    present_or_not = [np.array([profile.values, profile.missing]) for profile in (reference, current)]
    effect = cohens_h(reference.missing_share, current.missing_share)
    return attrs.evolve(homogeneity(*present_or_not), effect=effect)


def _of_labels(reference: ColumnProfile, current: ColumnProfile, before: Counts, after: Counts) -> Iterator[Signal]:
    if reference.cells.dropped or current.cells.dropped:  # too many labels to tell them apart: it is text, or names
        lengths = samples(reference.label_lengths, current.label_lengths, ordered=True)
        yield Signal(TEXT_LENGTH, AndersonDarling().compare(*lengths))
        return
    if after[before == 0].any():
        yield Signal(NEW_CATEGORIES, new_categories(before, after))
    if before[after == 0].any():
        yield Signal(VANISHED_CATEGORIES, vanished_categories(before, after))


def new_categories(reference: Counts, current: Counts) -> Comparison:
    """Test whether more rows have a label that the reference has not than it lets expect.

    The chance that the next row's label is new is about the share of labels seen once (I. J. Good, The population
    frequencies of species and the estimation of population parameters, Biometrika 40, 1953). With f labels seen once
    and g seen twice in n rows that estimate has the variance ``(f + 2 g) / n^2`` (W. W. Esty, A normal limit law for a
    nonparametric estimator of the coverage of a random sample, Annals of Statistics 11, 1983, up to its last term), so
    that the chance is taken for Beta((f + 1) / d, (n - f) / d) with ``d = 1 + 2 g / (f + 1)``, and the number of rows
    with new labels is beta-binomial. The statistic is that number, and the effect `cohens_h` of its share and none.

    Examples
    --------
    >>> found = new_categories(np.array([500, 500, 0]), np.array([48, 47, 5]))
    >>> found.statistic, found.p_value < 0.001, round(found.effect, 2)
    (5.0, True, 0.45)
    """
    n, m = round(reference.sum()), round(current.sum())
    new = round(current[reference == 0].sum())
    once = int(np.count_nonzero((reference > 0) & (reference <= 1)))
    if once >= n:
        return Comparison(float(new), 1.0, 0.0)
    spread = 1 + 2 * int(np.count_nonzero((reference > 1) & (reference <= 2))) / (once + 1)
    a, b = (once + 1) / spread, (n - once) / spread
    at_least = np.arange(new, m + 1)
    ways = gammaln(m + 1) - gammaln(at_least + 1) - gammaln(m - at_least + 1)
    log_p = ways + betaln(at_least + a, m - at_least + b) - betaln(a, b)
    return Comparison(float(new), min(float(np.exp(log_p).sum()), 1.0), cohens_h(new / m, 0.0))


def vanished_categories(reference: Counts, current: Counts) -> Comparison:
    """Test whether a label is gone that the reference has too often for chance.

    A label of c rows in the reference is dealt to none of the m current rows in ``C(N - c, m) / C(N, m)`` of all ways
    to deal the N rows out; the least such chance is multiplied by the number of labels (Bonferroni). The statistic is
    the share of the reference that vanished labels have, and the effect `cohens_h` of it and none.

    Examples
    --------
    >>> found = vanished_categories(np.array([800, 100, 100]), np.array([85, 15, 0]))
    >>> found.statistic, found.p_value < 0.001, round(found.effect, 2)
    (0.1, True, 0.64)
    """
    n, m = float(reference.sum()), float(current.sum())
    most = float(reference[current == 0].max())
    log_p = gammaln(n + m - most + 1) - gammaln(n - most + 1) - gammaln(n + m + 1) + gammaln(n + 1)
    share = float(reference[current == 0].sum() / n)
    labels = int(np.count_nonzero(reference))
    return Comparison(share, min(labels * math.exp(log_p), 1.0), cohens_h(share, 0.0))
