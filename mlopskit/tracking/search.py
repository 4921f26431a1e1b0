"""The language in which `Tracker.runs` is asked: which runs, and in which order.

An expression is made of conditions, ``and``, ``or``, ``not`` and parentheses, keywords in any case::

    metrics.roc_auc > 0.7 and (params.max_depth in (4, 6) or tags.team = 'ops') and not status = 'failed'

=====================================================  ===============================================
what is looked at                                      is
=====================================================  ===============================================
``params.x``, ``tags.x``                               any value
``metrics.x``, the same as ``last(metrics.x)``         a number
``min( )``, ``max( )``, ``mean( )``, ``count( )``      a number, over all points of a metric
``seconds``                                            a number, null while the run goes on
``started``, ``ended``                                 a time
``run_id name status user experiment parent            a text, null if empty
note error``
=====================================================  ===============================================

Names of letters, digits and ``_ - . / : @`` stand as they are, ``metrics.val/loss``; others in quotes or
backticks, ``params."learning rate"``. Values are numbers (``-2``, ``1e-3``, ``inf``, ``nan``), ``true``, ``false``
and texts in single or double quotes, where a doubled quote is one quote.

``=``, ``==``, ``!=``, ``<>``, ``<``, ``<=``, ``>``, ``>=``
    A number is compared with values that are numbers, or texts that read as one; true is 1 and false is 0. A text is
    compared with the value's text, so ``params.max_depth = '6'`` finds 6 too; lists and dicts are JSON as text. A time
    is compared with an ISO 8601 text, ``'2026-03-01'`` or ``'2026-03-01T12:00+01:00'``; without a zone it is UTC,
    without an hour midnight. ``= nan`` finds NaN. The value may stand first: ``0.7 < metrics.roc_auc``.
``in (a, b)``, ``not in (a, b)``
    Equal to one, or to none, of the values.
``like``, ``ilike``, ``not like``, ``not ilike``
    The whole text, where ``%`` stands for any characters and ``_`` for one; ``ilike`` ignores case.
``is null``, ``is not null``
    Whether a value is absent, or None.

What is absent matches no condition but ``is null``, not even ``!=``. ``not`` turns a condition around, so that
``not params.x = 6`` does find the runs without ``x``. A param, metric or tag that no run has is absent everywhere; an
unknown attribute, such as ``statsu``, is an error.

The order is one text or several, each what is looked at and perhaps ``asc`` or ``desc``. Numbers come before texts,
what is absent or NaN comes last either way, and among equals the newest run comes first.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlopskit.storage.canonical_json import encode
from mlopskit.tracking.search_parser import (
    Condition,
    Either,
    Every,
    Field,
    Known,
    Like,
    Not,
    is_number,
    parse,
    parse_order,
)

if TYPE_CHECKING:
    from mlopskit.tracking.run_columns import Column, RunColumns

Rows = NDArray[np.bool_]

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def matching(columns: RunColumns, expression: str) -> Rows:
    """Find the runs that an expression matches.

    Parameters
    ----------
    columns : RunColumns
        The runs.
    expression : str
        In the language of this module; an empty one matches all.

    Returns
    -------
    array of bool, shape (columns.count,)

    Raises
    ------
    SearchError
        If the expression can not be understood; the message points at the place.
    """
    condition = parse(expression)
    return np.ones(columns.count, dtype=bool) if condition is None else _evaluate(condition, columns)


def ordering(columns: RunColumns, order_by: str | Sequence[str] | None, rows: Rows | None = None) -> NDArray[np.intp]:
    """Put runs in order.

    Parameters
    ----------
    columns : RunColumns
        The runs.
    order_by : str or sequence of str, optional
        In the language of this module, such as ``"metrics.roc_auc desc"``; newest first without it.
    rows : array of bool, optional
        The runs that are shown; all by default.

    Returns
    -------
    array of int
        Their positions.

    Raises
    ------
    SearchError
        If `order_by` can not be understood.
    """
    entries = [order_by] if isinstance(order_by, str) else list(order_by or [])
    wanted = [key for entry in entries for key in parse_order(entry)]
    shown = np.arange(columns.count) if rows is None else np.flatnonzero(rows)
    keys: list[Any] = []
    for field, descending in [*wanted, (Field("run", "started", "time"), True)]:
        ranks = _ranks(columns, field, shown)
        keys += [np.isnan(ranks), -ranks if descending else ranks]
    return shown[np.lexsort(keys[::-1])]


def _evaluate(condition: Condition, columns: RunColumns) -> Rows:
    if isinstance(condition, Not):
        return ~_evaluate(condition.condition, columns)
    if isinstance(condition, Every | Either):
        combine = np.logical_and if isinstance(condition, Every) else np.logical_or
        return np.asarray(combine.reduce([_evaluate(part, columns) for part in condition.conditions]), dtype=bool)
    field = condition.field
    column = columns.column(field.kind, field.name, field.part)
    if column is None:
        return np.zeros(columns.count, dtype=bool)
    if isinstance(condition, Known):
        return _known(columns, field, column, empty_is_null=True)
    if isinstance(condition, Like):
        fits, wanted = condition.pattern.fullmatch, not condition.negated
        found = [(fits(text) is not None) is wanted for text in _texts(field, column)]
        return np.array(found, dtype=bool) & _known(columns, field, column)
    if isinstance(condition.value, str):
        found = _COMPARE[condition.operator](_texts(field, column), condition.value)
        return np.asarray(found, dtype=bool) & _known(columns, field, column)
    return _compare_numbers(columns, field, column, condition.operator, condition.value)


def _known(columns: RunColumns, field: Field, column: Column, *, empty_is_null: bool = False) -> Rows:
    """Where there is a value; a run's own texts can be compared while they are empty."""
    if field.kind == "metrics":
        return column.present
    if field.holds == "text":
        return np.asarray(column.values != "") if empty_is_null else np.ones(columns.count, dtype=bool)
    if field.kind == "run":
        return ~np.isnan(_numbers(columns, field, column)[0])
    return np.array([value is not None for value in column.values], dtype=bool) & column.present


def _numbers(columns: RunColumns, field: Field, column: Column) -> tuple[NDArray[np.float64], Rows]:
    """Each run's number, and where there is one, for it may be NaN."""
    if field.name == "seconds" and field.kind == "run":
        ended = columns.column("run", "ended")
        numbers = column.numbers if ended is None else np.where(np.isnan(ended.numbers), np.nan, column.numbers)
        return numbers, ~np.isnan(numbers)
    if field.holds in ("number", "time"):
        return column.numbers, column.present
    if field.holds == "text":
        return column.numbers, np.zeros(columns.count, dtype=bool)
    numbers, found = column.numbers.copy(), column.present & ~np.isnan(column.numbers)
    unsure = np.flatnonzero(column.present & ~found)
    for row, value in zip(unsure, column.values[unsure] if len(unsure) else (), strict=True):
        if isinstance(value, float) or (isinstance(value, str) and is_number(value)):
            numbers[row], found[row] = float(value), True
    return numbers, found


def _compare_numbers(columns: RunColumns, field: Field, column: Column, sign: str, number: float) -> Rows:
    numbers, found = _numbers(columns, field, column)
    if sign not in ("=", "!="):
        return np.asarray(found & _COMPARE[sign](numbers, number))
    same: Rows = found & (np.isnan(numbers) if math.isnan(number) else numbers == number)
    return same if sign == "=" else _known(columns, field, column) & ~same


def _texts(field: Field, column: Column) -> NDArray[np.object_]:
    if field.holds == "text":
        return column.values
    texts = np.empty(len(column.present), dtype=object)
    texts[:] = [value if type(value) is str else _as_text(value) for value in column.values.tolist()]
    return texts


def _as_text(value: object) -> str:
    return encode(value, sort_keys=False).decode() if isinstance(value, list | dict) else str(value)


def _ranks(columns: RunColumns, field: Field, shown: NDArray[np.intp]) -> NDArray[np.float64]:
    """Numbers that are ordered as a field's values are; NaN where there is none."""
    column = columns.column(field.kind, field.name, field.part)
    if column is None:
        return np.full(len(shown), np.nan)
    every, found = _numbers(columns, field, column)
    numbers = every[shown]
    others = np.flatnonzero((_known(columns, field, column, empty_is_null=True) & ~found)[shown])
    if not len(others):
        return numbers
    ranks = np.where(np.isnan(numbers), np.nan, np.unique(numbers, return_inverse=True)[1])
    texts = _texts(field, column)[shown[others]].tolist()
    place = {text: len(shown) + rank for rank, text in enumerate(sorted(set(texts)))}
    ranks[others] = [place[text] for text in texts]
    return ranks
