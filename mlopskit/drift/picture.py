"""What a person looks at: the shape of a column before and after, in some bars and in words."""

from __future__ import annotations

from mlopskit.drift.cells import aligned
from mlopskit.drift.column_profile import ColumnProfile
from mlopskit.drift.columns import NUMBERS
from mlopskit.drift.shape import BARS
from mlopskit.records.drift import Histogram

OTHERS = "others"
LEAST_NAMED = 5
"""Labels of fewer rows are not named."""


def picture(reference: ColumnProfile, current: ColumnProfile) -> tuple[Histogram | None, str]:
    """Show how a column moved: its histograms, and its median and middle half or the label whose share changed most.

    Numbers are shown in 20 bars. Labels have a bar each, the 20 most frequent of them; texts too varied to be
    categories are not shown.
    """
    if not reference.values or not current.values:
        return None, ""
    if reference.kind in NUMBERS:
        words = f"median {reference.middle} → {current.middle}"
        if reference.shape is None:
            return None, words
        after = reference.shape.shares(current.numbers, current.cumulative)
        return Histogram(reference.shape.labels, reference.bars, after), words
    shares = _label_shares(reference, current)
    return (_of_labels(shares), _largest_change(shares)) if shares else (None, "")


def _largest_change(shares: dict[str, tuple[float, float]]) -> str:
    moved = {label: round(abs(after - before), 9) for label, (before, after) in shares.items()}
    label = min(moved, key=lambda each: (-moved[each], each))
    before, after = shares[label]
    return f"{label} {before:.1%} → {after:.1%}"


def _of_labels(shares: dict[str, tuple[float, float]]) -> Histogram:
    ranked = sorted(shares, key=lambda name: (-sum(shares[name]), name))[:BARS]
    before, after = zip(*(shares[name] for name in ranked), strict=True)
    return Histogram(tuple(ranked), before, after, ordered=False)


def _label_shares(reference: ColumnProfile, current: ColumnProfile) -> dict[str, tuple[float, float]]:
    """Give the share of each label on both sides; labels of few rows count as others, and none is told of text."""
    if reference.cells.dropped or current.cells.dropped:
        return {}
    cells, before, after = aligned(reference.cells, current.cells)
    names = {**current.names, **reference.names}
    columns = (cells.keys, cells.counts, before / before.sum(), after / after.sum())
    named: dict[str, tuple[float, float]] = {}
    for key, rows, first, second in zip(*(each.tolist() for each in columns), strict=True):
        name = names.get(key, OTHERS) if rows >= LEAST_NAMED else OTHERS
        known = named.get(name, (0.0, 0.0))
        named[name] = (known[0] + first, known[1] + second)
    return named
