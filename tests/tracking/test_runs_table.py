import math
import pickle

import numpy as np
import pandas as pd
import pytest

from mlopskit.errors import SearchError
from mlopskit.tracking.run_columns import RunColumns
from mlopskit.tracking.runs_table import RunsTable, runs_frame

FIXED = ["run_id", "name", "status", "started", "seconds", "ended", "user", "parent"]


def state(number=0, *, metrics=None, **changes):
    summaries = {
        name: {"last": value, "min": value, "max": value, "mean": value, "count": 1}
        for name, value in (metrics or {}).items()
    }
    started = f"2026-03-{number % 28 + 1:02d}T12:00:00.250000+00:00"
    names = {"id": f"run{number}", "name": f"name-{number}", "experiment": "flights", "user": "ana", "parent": ""}
    ended = {"status": "finished", "started": started, "ended": "2026-04-01T00:00:00+00:00", "seconds": 10.5}
    texts = {"note": "", "deleted": "", "error": "", "params": {}, "tags": {}}
    return {**names, **ended, **texts, "summaries": summaries, **changes}


RUNNING = {"status": "running", "ended": "", "seconds": 0.0}


def frame(states, expression="", *, experiment="flights", order_by=None, limit=None, **options):
    return runs_frame(RunColumns.of(states), experiment, expression, order_by, limit, **options)


def test_a_row_tells_what_is_known_of_a_run():
    table = frame([state(params={"b": 1, "a": 2}, metrics={"loss": 0.5}, tags={"team": "ops"})])
    assert list(table.columns) == [*FIXED, "params.a", "params.b", "metrics.loss", "tags.team"]
    assert table["run_id"].tolist() == ["run0"]
    assert table["started"][0] == pd.Timestamp("2026-03-01T12:00:00.25Z")
    assert table["ended"][0] == pd.Timestamp("2026-04-01T00:00Z")
    assert table["seconds"].tolist() == [10.5]
    assert table[["params.a", "params.b", "metrics.loss", "tags.team"]].to_numpy().tolist() == [[2, 1, 0.5, "ops"]]


def test_times_are_utc_and_a_running_run_has_no_end():
    table = frame([state(0), state(1, **RUNNING)])
    assert all(isinstance(table[name].dtype, pd.DatetimeTZDtype) for name in ("started", "ended"))
    assert str(table["started"].dt.tz) == "UTC"
    assert table["ended"].isna().tolist() == table["seconds"].isna().tolist() == [True, False]


@pytest.mark.parametrize(
    ("values", "dtype", "shown"),
    [
        ([1, 2], "int64", [1, 2]),
        ([1, 2.5], "float64", [1.0, 2.5]),
        ([1, None], "float64", [1.0, math.nan]),
        ([True, False], "bool", [True, False]),
        ([True, None], "object", [True, None]),
        ([True, 2], "object", [True, 2]),
        ([2**70, 1], "object", [2**70, 1]),
        (["a", "b"], "object", ["a", "b"]),
        (["a", 1], "object", ["a", 1]),
        ([[1, 2], {"x": None}], "object", [[1, 2], {"x": None}]),
    ],
)
def test_a_column_of_params_has_the_dtype_of_its_values(values, dtype, shown):
    column = frame([state(n, params={"a": value}) for n, value in enumerate(values)], order_by="started")["params.a"]
    assert column.dtype == dtype
    np.testing.assert_equal(column.tolist(), shown)


def test_what_a_run_lacks_is_missing():
    table = frame([state(0), state(1, params={"n": 1, "t": "x", "b": True}, metrics={"loss": 0.5})], order_by="started")
    assert math.isnan(table["params.n"][0])
    assert math.isnan(table["metrics.loss"][0])
    assert table["params.t"].tolist() == [None, "x"]
    assert table["params.b"].tolist() == [None, True]


def test_only_columns_that_a_shown_run_has_are_shown():
    table = frame([state(0, params={"a": 1}), state(1, tags={"x": 1})], "params.a = 1")
    assert list(table.columns) == [*FIXED, "params.a"]


def test_no_runs_are_an_empty_table_with_its_dtypes():
    table = frame([])
    assert list(table.columns) == FIXED
    assert len(table) == 0
    assert isinstance(table["started"].dtype, pd.DatetimeTZDtype)
    assert table["seconds"].dtype == "float64"


def test_experiments_and_deleted_runs_are_kept_apart():
    states = [state(0), state(1, experiment="other"), state(2, deleted="2026-04-01T00:00:00+00:00")]
    assert frame(states)["run_id"].tolist() == ["run0"]
    assert frame(states, experiment=None)["run_id"].tolist() == ["run1", "run0"]
    assert frame(states, deleted=True)["run_id"].tolist() == ["run2"]


def test_order_and_limit_apply_to_what_matches():
    states = [state(n, metrics={"auc": n / 10}) for n in range(6)]
    assert frame(states, "metrics.auc < 0.45", order_by="metrics.auc desc", limit=2)["run_id"].tolist() == [
        "run4",
        "run3",
    ]
    assert frame(states, limit=1)["run_id"].tolist() == ["run5"]
    assert len(frame(states, limit=np.int64(100))) == 6


@pytest.mark.parametrize("limit", [0, -1, True, 2.0, "5"])
def test_a_limit_that_is_no_count_is_refused(limit):
    with pytest.raises(SearchError, match="whole number from 1"):
        frame([state()], limit=limit)


def test_what_is_cut_out_of_the_table_is_a_plain_frame():
    table = frame([state(0), state(1)])
    assert type(table) is RunsTable
    assert type(table[["name"]]) is type(table.head(1)) is type(table.copy()) is pd.DataFrame
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(table)), table)


def test_changing_the_table_leaves_the_columns_as_they_were():
    columns = RunColumns.of([state(0, metrics={"loss": 0.5})])
    table = runs_frame(columns, None, "", None, None)
    table["metrics.loss"] = 7.0
    table.loc[0, "seconds"] = 1.0
    again = runs_frame(columns, None, "", None, None)
    assert again[["metrics.loss", "seconds"]].to_numpy().tolist() == [[0.5, 10.5]]


def test_a_notebook_shows_badges_and_escapes_everything():
    evil = "<script>alert(1)</script>"
    states = [
        state(0, name=evil, user=evil, params={evil: evil}, metrics={evil: 0.5}, tags={"x": {"y": evil}}),
        state(1, status="killed", ended=""),
        state(2, **RUNNING),
    ]
    html = frame(states)._repr_html_()
    assert evil not in html
    assert "alert(1)" in html
    assert "mk-ok" in html
    assert "mk-warn" in html
    assert "mk-neutral" in html
    assert "2026-03-01 12:00:00 UTC" in html


def test_a_notebook_shows_the_first_fifty_rows():
    html = frame([state(n) for n in range(1061)])._repr_html_()
    assert html.count("<tr>") == 51
    assert "1,011 more" in html
    assert "more" not in frame([state(n) for n in range(50)])._repr_html_().split("</table>")[1]


def test_a_notebook_shows_an_empty_table_and_one_without_a_status():
    assert "No run matches." in frame([])._repr_html_()
    table = frame([state()])
    del table["status"], table["started"]
    assert "name-0" in table._repr_html_()
