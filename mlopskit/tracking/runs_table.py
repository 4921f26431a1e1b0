"""The runs that a search has found, as a DataFrame."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlopskit.errors import SearchError
from mlopskit.tracking.search import matching, ordering

if TYPE_CHECKING:
    from mlopskit.markup import Markup
    from mlopskit.markup.components import Status
    from mlopskit.tracking.run_columns import Column, RunColumns

_SHOWN = 50
_BADGES: dict[str, Status] = {"running": "neutral", "finished": "ok", "failed": "fail"}
_LEFT_OUT = {"ended", "parent"}


class RunsTable(pd.DataFrame):  # type: ignore[misc]
    """A DataFrame with one row a run, which a notebook shows with badges; what is cut out of it is a plain one."""

    @property
    def _constructor(self) -> Any:
        return pd.DataFrame

    def _repr_html_(self) -> str:
        from mlopskit.markup import fragment

        return fragment(runs_markup(self))


def runs_markup(runs: pd.DataFrame) -> Markup:
    """Show the first runs of a table, with a badge for how each ended."""
    from mlopskit.markup import paragraph, table
    from mlopskit.markup.html import join

    columns = [name for name in runs.columns if name not in _LEFT_OUT]
    rows = [_cells(row) for row in runs[columns].head(_SHOWN).to_dict("records")]
    more = len(runs) - len(rows)
    return join([table(rows, columns, empty="No run matches."), paragraph(f"{more:,} more") if more else None])


def runs_frame(
    columns: RunColumns,
    experiment: str | None,
    expression: str,
    order_by: str | Sequence[str] | None,
    limit: int | None,
    *,
    deleted: bool = False,
) -> RunsTable:
    """Put what is known of the matching runs into a table.

    Parameters
    ----------
    columns : RunColumns
        All runs of a store.
    experiment : str or None
        Whose runs to show; None shows those of all experiments.
    expression : str
        Which of them, in the language of `mlopskit.tracking.search`.
    order_by : str or sequence of str or None
        Newest first if None.
    limit : int or None
        How many to show at most.
    deleted : bool, default False
        True shows the deleted runs instead of the others.

    Returns
    -------
    RunsTable
        Columns run_id, name, status, started (UTC), seconds (NaN while it runs), ended (NaT while it runs), user,
        parent, and ``params.``, ``metrics.`` and ``tags.`` with the name of each that a shown run has. Metrics are
        float64; params and tags that no run lacks are int64 or bool if all are, those that are numbers otherwise
        float64, all others object with None.

    Raises
    ------
    SearchError
        If the expression, the order or the limit can not be understood.
    """
    most = _checked(limit)
    rows = matching(columns, expression) & ((_texts(columns, "deleted") != "") == deleted)
    if experiment is not None:
        rows &= _texts(columns, "experiment") == experiment
    shown = ordering(columns, order_by, rows)[:most]
    data = _of_the_runs(columns, shown)
    for kind in ("params", "metrics", "tags"):
        for name in sorted(columns.names(kind)):
            column = columns.column(kind, name)
            if column is not None and column.present[shown].any():
                data[f"{kind}.{name}"] = column.numbers[shown] if kind == "metrics" else _series(column, shown)
    return RunsTable(data, copy=False)


def _checked(limit: int | None) -> int | None:
    if limit is None:
        return None
    try:
        most = 0 if isinstance(limit, bool) else operator.index(limit)
    except TypeError:
        most = 0
    if most < 1:
        raise SearchError("limit is how many runs to show: a whole number from 1, or None for all.")
    return most


def _of_the_runs(columns: RunColumns, shown: NDArray[np.intp]) -> dict[str, Any]:
    started, ended, seconds = (_numbers(columns, name)[shown] for name in ("started", "ended", "seconds"))
    return {
        **{name: _object(_texts(columns, name)[shown]) for name in ("run_id", "name", "status")},
        "started": _times(started),
        "seconds": np.where(np.isnan(ended), np.nan, seconds),
        "ended": _times(ended),
        **{name: _object(_texts(columns, name)[shown]) for name in ("user", "parent")},
    }


def _texts(columns: RunColumns, name: str) -> NDArray[np.object_]:
    column = columns.column("run", name)
    return np.full(columns.count, "", dtype=object) if column is None else column.values


def _numbers(columns: RunColumns, name: str) -> NDArray[np.float64]:
    column = columns.column("run", name)
    return np.full(columns.count, np.nan) if column is None else column.numbers


def _times(seconds: NDArray[np.float64]) -> pd.DatetimeIndex:
    micros = np.full(len(seconds), np.datetime64("NaT"), dtype="datetime64[us]")
    known = ~np.isnan(seconds)
    micros[known] = np.round(seconds[known] * 1e6).astype("int64").astype("datetime64[us]")
    return pd.DatetimeIndex(micros).tz_localize("UTC")


def _object(values: NDArray[np.object_]) -> pd.Series:
    return pd.Series(values, dtype=object)  # pandas would look at each text to find a dtype, another by version


def _series(column: Column, shown: NDArray[np.intp]) -> Any:
    values = column.values[shown]
    types = set(map(type, values.tolist()))
    if types == {int}:
        return _integers(values)
    if types == {bool}:
        return values.astype(bool)
    return column.numbers[shown] if types <= {int, float, type(None)} else _object(values)


def _integers(values: NDArray[np.object_]) -> Any:
    try:
        return values.astype(np.int64)
    except OverflowError:
        return _object(values)


def _cells(row: dict[str, Any]) -> dict[str, Any]:
    from mlopskit.markup import badge

    status = row.get("status")
    if isinstance(status, str):
        mark: Markup = badge(_BADGES.get(status, "warn"), status)
        row = {**row, "status": mark}
    if isinstance(row.get("started"), pd.Timestamp):
        row = {**row, "started": f"{row['started']:%Y-%m-%d %H:%M:%S} UTC"}
    return row
