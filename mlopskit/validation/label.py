"""What names a column, and what names a row: the labels of pandas.

A column's label is a parameter of a check: a text, an int, or a tuple of these where columns have several levels. A
row's label is a value of the index and can be anything.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from itertools import accumulate
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from mlopskit.markup.values import is_missing

Label: TypeAlias = str | int | tuple[str | int, ...]
LabelsAt: TypeAlias = Callable[[Iterable[int]], tuple[Any, ...]]
"""From the positions of some rows to their labels."""

_TAKEN = "a text, an int or a tuple of these"


def plain_label(label: Label) -> Label:
    """Turn NumPy's ints and texts into Python's, so that equal labels are equal values.

    Examples
    --------
    >>> plain_label(("delay", np.int64(0)))
    ('delay', 0)
    """
    return tuple(map(_plain, label)) if isinstance(label, tuple) else _plain(label)


def plain_labels(labels: Iterable[Label]) -> tuple[Label, ...]:
    """Do so with several."""
    return tuple(map(plain_label, labels))


def column_label(owner: Any, field: Any, label: Any) -> None:
    """Refuse what is no label of a column; True is not taken for 1."""
    if problem := _problem(label):
        raise TypeError(f"{type(owner).__name__}: {field.alias} is the label of a column, {_TAKEN}, not {problem}")


def column_labels(owner: Any, _field: Any, labels: tuple[Label, ...]) -> None:
    """Refuse no labels at all, what is none, and one that is given twice."""
    kind = type(owner).__name__
    if not labels:
        raise ValueError(f'{kind} needs at least one column: {kind}("origin", "dest")')
    for label in labels:
        if problem := _problem(label):
            raise TypeError(
                f'{kind} takes the labels of columns one by one, each {_TAKEN}, not {problem}: {kind}("origin", "dest")'
            )
    if len(set(labels)) != len(labels):
        raise ValueError(f"{kind}: a column is named twice")


def name_of(label: object) -> str:
    """Name a column in a sentence, 0 and "0" differently.

    Examples
    --------
    >>> name_of("distance"), name_of(0), name_of(("delay", "mean"))
    ('distance', 'column 0', "('delay', 'mean')")
    """
    if isinstance(label, str):
        return label
    return f"column {label}" if isinstance(label, int | np.integer) else str(label)


def row_labels(positions: Iterable[int], *indexes: pd.Index) -> tuple[Any, ...]:
    """Look up the labels of some rows, counted on from one index to the next.

    NumPy's numbers become Python's and missing labels None, so that equal labels are equal values.

    Examples
    --------
    >>> row_labels([1, 2], pd.Index([10, 10]), pd.Index(["N14228"]))
    (10, 'N14228')
    """
    # of the default index a range gives the same ints ten times as fast
    pieces = [range(each.start, each.stop, each.step) if isinstance(each, pd.RangeIndex) else each for each in indexes]
    starts = [0, *accumulate(map(len, pieces))]
    found = []
    for position in positions:
        place = bisect_right(starts, position) - 1
        found.append(_row_label(pieces[place][position - starts[place]]))
    return tuple(found)


def _row_label(label: Any) -> Any:
    if isinstance(label, tuple):
        return tuple(map(_row_label, label))
    return None if is_missing(label) else _plain(label)


def _plain(label: Any) -> Any:
    return label.item() if isinstance(label, np.generic) else label


def _problem(label: object) -> str:
    """Tell what something is that is no label; empty if it is one."""
    if isinstance(label, tuple):
        strange = [part for part in label if not _is_part(part)]
        return "an empty tuple" if not label else f"a tuple with a {type(strange[0]).__name__}" if strange else ""
    return "" if _is_part(label) else f"a {type(label).__name__}"


def _is_part(label: object) -> bool:
    return isinstance(label, str | int) and not isinstance(label, bool)
