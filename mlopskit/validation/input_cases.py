"""Input as it may come one day: of other lengths, and with columns that are not as the model knows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

import attrs
import numpy as np
import pandas as pd

from mlopskit.records.agreement import disagreeing
from mlopskit.validation.bootstrap import Array
from mlopskit.validation.label import name_of
from mlopskit.validation.trial_rows import count_rows, taken

Rule: TypeAlias = Literal["same", "same or refused", "not silent", "valid or refused", "none or refused"]
"""What a model may do: answer as for the plain rows; refuse instead; refuse, unless the column is not used; answer
anything whole; or answer nothing to nothing."""

_FEW = 20
_MANY = 10_000
_MOST_COLUMNS = 30
_UNSEEN = "mlopskit: never seen"
_EXTRA = "mlopskit: an extra column"


@attrs.frozen
class Case:
    """One kind of input.

    Attributes
    ----------
    name : str
        What is special about it.
    rows : DataFrame or array
        The input.
    places : array of int
        Which plain row each row of it was.
    rule : str
        What the model may do.
    column : str
        The column that is changed, if it has a text for a name; else empty.
    """

    name: str
    rows: Any
    places: Array
    rule: Rule
    column: str = ""

    def judge(self, said: dict[str, Any], plain: Array) -> tuple[bool, str]:
        """Return whether an answer is allowed, and what it is in words.

        Parameters
        ----------
        said : dict
            With ``answer``, or with ``raised`` (the exception's class) and ``words``; of a process that died, empty.
        plain : array
            What the model answers for the plain rows.
        """
        if not said:
            return False, "ended the process"
        if "raised" in said:
            named = ", naming the column" if self.column and self.column in said["words"] else ""
            return self.rule != "same", f"refused with {said['raised']}{named}"
        answer, expected = said["answer"], plain[self.places]
        if answer.shape[:1] != expected.shape[:1]:
            return False, f"answered {answer.shape[0] if answer.ndim else 'one value'} for {len(expected)} rows"
        if self.rule == "none or refused":
            return True, "answered none"
        if not disagreeing(answer, expected).any():
            return True, "not used" if self.rule == "not silent" else "the same"
        if self.rule == "valid or refused":
            missing = int(pd.isna(pd.DataFrame(answer)).any(axis=1).sum())
            return not missing, f"answered {missing} missing values" if missing else "answered"
        return False, "answered something else, in silence"


def input_cases(rows: Any) -> Iterator[Case]:
    """Make every case of some plain rows; those about columns only of a DataFrame, and of its first 30 columns."""
    count = count_rows(rows)
    yield Case("one row", taken(rows, np.arange(1)), np.arange(1), "same")
    yield Case("no rows", taken(rows, np.arange(0)), np.arange(0), "none or refused")
    many = np.tile(np.arange(count), -(-_MANY // count))
    yield Case("many rows", taken(rows, many), many, "same")
    if isinstance(rows, pd.DataFrame):
        yield from _column_cases(rows.iloc[:_FEW])


def _column_cases(frame: pd.DataFrame) -> Iterator[Case]:
    places, labels = np.arange(len(frame)), frame.columns.tolist()
    extra = (_EXTRA, *[""] * (frame.columns.nlevels - 1)) if frame.columns.nlevels > 1 else _EXTRA
    yield Case("extra column", _with(frame, extra, 1.0), places, "same or refused")
    if frame.shape[1] > 1:
        yield Case("reordered columns", frame.iloc[:, ::-1], places, "same or refused")
    for label in labels[:_MOST_COLUMNS]:
        if labels.count(label) == 1:
            yield from _cases_of(frame, label, places)


def _cases_of(frame: pd.DataFrame, label: Any, places: Array) -> Iterator[Case]:
    name, column = name_of(label), label if isinstance(label, str) else ""
    yield Case(f"missing column {label}", frame.drop(columns=[label]), places, "not silent", column)
    values = frame[label]
    unseen = pd.Series([_UNSEEN] * len(frame), index=frame.index, dtype=object)
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        yield Case(f"texts in {name}", _with(frame, label, unseen), places, "not silent", column)
    elif isinstance(values.dtype, pd.CategoricalDtype):
        other = unseen.astype("category")
        yield Case(f"unseen value in {name}", _with(frame, label, other), places, "valid or refused", column)
    elif values.dtype == object or pd.api.types.is_string_dtype(values):
        other = unseen.astype(values.dtype)
        yield Case(f"unseen value in {name}", _with(frame, label, other), places, "valid or refused", column)
    gap = values.astype(object) if pd.api.types.is_bool_dtype(values) else values
    gap = gap.mask(np.arange(len(frame)) == 0)
    yield Case(f"missing value in {name}", _with(frame, label, gap), places, "valid or refused", column)


def _with(frame: pd.DataFrame, label: Any, values: Any) -> pd.DataFrame:
    """Set a column of a copy, in its place or as the last."""
    changed = frame.copy()
    if label in frame.columns:
        changed.isetitem(frame.columns.tolist().index(label), values)
    else:
        changed[label] = values
    return changed
