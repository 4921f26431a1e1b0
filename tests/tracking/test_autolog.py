import contextlib
import threading

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

X = np.arange(30.0).reshape(15, 2)
y = np.arange(15.0)


def test_each_outermost_fit_is_a_run(tracker):
    with tracker.autolog() as runs:
        make_pipeline(StandardScaler(), Ridge()).fit(X, y)
        Ridge(alpha=2.0).fit(X, y)
    assert [run.name for run in runs] == ["Pipeline", "Ridge"]
    assert [run.status for run in runs] == ["finished", "finished"]
    assert runs[0].params["ridge__alpha"] == 1.0
    assert len(tracker.runs()) == 2


def test_classes_are_as_before_when_the_block_ends(tracker):
    before = Ridge.fit
    with contextlib.suppress(ZeroDivisionError), tracker.autolog():
        assert Ridge.fit is not before
        raise ZeroDivisionError
    assert Ridge.fit is before
    Ridge().fit(X, y)
    assert tracker.runs().empty


def test_a_fit_that_fails_is_a_failed_run_and_raises(tracker):
    with tracker.autolog() as runs, pytest.raises(ValueError, match="samples"):
        Ridge().fit(X, y[:3])
    assert runs[0].status == "failed"
    assert "samples" in runs[0].error


def test_other_threads_are_not_recorded(tracker):
    with tracker.autolog() as runs:
        thread = threading.Thread(target=lambda: Ridge().fit(X, y))
        thread.start()
        thread.join()
    assert runs == []


def test_all_fits_can_go_to_one_run(tracker):
    with tracker.start_run("all") as run, tracker.autolog(run=run, keep_model=False):
        LinearRegression().fit(X, y)
        GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, cv=2).fit(X, y)
    assert tracker.runs("parent is null")["name"].tolist() == ["all"]
    assert len(tracker.runs(f"parent = '{run.id}'")) == 2
    assert "model" not in run.artifacts


def test_blocks_may_be_open_in_one_another(tracker):
    with tracker.autolog() as outer, tracker.autolog() as inner:
        Ridge().fit(X, y)
    assert (len(outer), len(inner)) == (0, 1)
