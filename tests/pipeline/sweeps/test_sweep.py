import contextlib
import io
import json
import math
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from scipy.stats import uniform

from mlopskit.errors import PipelineError
from mlopskit.pipeline import Pipeline, Step
from mlopskit.pipeline.sweeps.searches import Grid, Halving, Random, Search
from mlopskit.records.event import PipelineFinished, PipelineStarted, StepFinished, SweepFinished, SweepStarted


def counted(folder):
    """How often each step ran, in whatever process: a step leaves a file each time."""
    return Counter(path.name.partition("-")[0] for path in folder.iterdir())


def made(store, folder, **options):
    """A pipeline of functions that travel by value, and leave a file in a folder each time they run."""
    folder.mkdir(exist_ok=True)

    def mark(name):
        (folder / f"{name}-{os.getpid()}-{time.time_ns()}").touch(exist_ok=False)

    def rows(n):
        mark("rows")
        return list(range(n))

    def features(rows):
        mark("features")
        return [2 * row for row in rows]

    def model(features, depth, rate=0.5):
        mark("model")
        if depth == 13:
            raise ValueError("unlucky")
        return {"depth": depth, "rate": rate, "size": len(features)}

    def scores(model):
        mark("scores")
        score = float("nan") if model["depth"] == 99 else 1 - (model["depth"] - 6) ** 2 / 100 - abs(model["rate"] - 0.3)
        return {"roc_auc": score, "loss": -score}

    steps = [Step(step, ignore={"mark", "folder"}) for step in (rows, features, model, scores)]
    return Pipeline(steps, store=store, name="flights", **options)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "marks"


@pytest.fixture
def pipeline(local_store, folder):
    return made(local_store, folder)


# -- what comes of it ----------------------------------------------------------------------------


def test_every_combination_is_a_trial_and_the_best_is_found(pipeline):
    result = pipeline.sweep({"depth": [4, 6, 8], "rate": [0.3, 0.5]}, metric="roc_auc", n=5)
    assert list(result.trials) == ["number", "depth", "rate", "score", "status", "seconds", "error", "run"]
    assert result.trials["number"].tolist() == list(range(6))
    assert result.trials["score"].max() == result.best_score == 1.0
    assert result.best_params == {"depth": 6, "rate": 0.3}
    assert result.best["model"] == {"depth": 6, "rate": 0.3, "size": 5}
    assert set(result.trials["status"]) == {"done"}


def test_less_can_be_better(pipeline):
    result = pipeline.sweep({"depth": [4, 6, 8]}, metric="loss", maximize=False, n=5)
    assert result.best_params == {"depth": 6}
    assert result.best_score == pytest.approx(-0.8)


def test_all_that_does_not_depend_on_the_space_runs_once(pipeline, folder):
    pipeline.sweep({"depth": [4, 6, 8]}, metric="roc_auc", n=5)
    assert counted(folder) == {"rows": 1, "features": 1, "model": 3, "scores": 3}


@pytest.mark.parametrize("workers", [None, 3])
def test_it_runs_once_without_a_cache_too(local_store, folder, workers):
    pipeline = made(local_store, folder, cache=False)
    with ThreadPoolExecutor(3) as threads:
        result = pipeline.sweep({"depth": [4, 6, 8]}, "roc_auc", executor=threads if workers else None, n=5)
    assert counted(folder) == {"rows": 1, "features": 1, "model": 3, "scores": 3}
    assert result.best["model"]["size"] == 5
    assert counted(folder)["model"] == 3


def test_a_step_that_is_never_cached_gives_all_trials_the_same(store):
    ran = []

    def now():
        ran.append(len(ran))
        return ran[-1]

    def scores(now, depth):
        return {"score": now + depth}

    result = Pipeline([Step(now, cache=False, ignore="ran"), scores], store=store).sweep({"depth": [1, 2, 3]}, "score")
    assert (ran, result.trials["score"].tolist()) == ([0], [1.0, 2.0, 3.0])


@pytest.mark.parametrize("search", [Grid(), Random(5, seed=1), Halving("n", 2, 18, count=6, seed=2)])
def test_the_trials_are_the_same_whatever_runs_them(tmp_path, search):
    space = {"depth": [2, 4, 5, 6, 7, 9, 13], "rate": [0.1, 0.3]}
    shared = {} if isinstance(search, Halving) else {"n": 5}

    def trials(executor):
        pipeline = made(tmp_path / f"{type(executor)}-store", tmp_path / "marks")
        result = pipeline.sweep(space, "roc_auc", search=search, executor=executor, **shared)
        return result.trials.drop(columns=["seconds", "error"]), result.best_params

    here, best = trials(None)
    with ThreadPoolExecutor(3) as threads:
        for executor in (threads, 2):
            others, also = trials(executor)
            pd.testing.assert_frame_equal(here, others)
            assert also == best
    assert len(here) > 4


def test_a_pool_of_the_users_serves_all_trials(pipeline, folder):
    with ProcessPoolExecutor(2) as processes:
        result = pipeline.sweep({"depth": [4, 6, 13]}, "roc_auc", executor=processes, n=5)
        assert processes.submit(int).result() == 0
    assert result.trials["status"].tolist() == ["done", "done", "failed"]
    assert counted(folder)["features"] == 1


def test_trials_run_side_by_side(store):
    meeting = threading.Barrier(3, timeout=30)

    def scores(depth):
        meeting.wait()
        return {"score": depth}

    with ThreadPoolExecutor(3) as threads:
        pipeline = Pipeline([Step(scores, ignore="meeting")], store=store)
        assert pipeline.sweep({"depth": [1, 2, 3]}, "score", executor=threads).best_score == 3


def test_a_second_sweep_comes_from_the_cache(pipeline, folder):
    pipeline.sweep({"depth": [4, 6]}, "roc_auc", n=5)
    before = counted(folder)
    result = pipeline.sweep({"depth": [4, 6, 8]}, "roc_auc", n=5)
    assert result.trials["status"].tolist() == ["cached", "cached", "done"]
    assert counted(folder) == before | {"model": 3, "scores": 3}
    assert result.best["scores"]["roc_auc"] == result.best_score


def test_values_may_be_lists_dicts_and_arrays(store):
    def scores(layers):
        return {"size": len(layers)}

    result = Pipeline([scores], store=store).sweep({"layers": [[64], {"a": 1, "b": 2}, np.arange(3)]}, "size")
    assert result.trials["score"].tolist() == [1, 2, 3]
    assert result.best_params["layers"].tolist() == [0, 1, 2]


def test_one_value_is_one_trial(pipeline):
    assert len(pipeline.sweep({"depth": [4]}, "roc_auc", n=5).trials) == 1


def test_a_parameter_may_be_called_like_a_column(store):
    def scores(status, seconds):
        return {"score": status + seconds}

    trials = Pipeline([scores], store=store).sweep({"status": [1], "seconds": [2, 3]}, "score").trials
    assert trials["params.seconds"].tolist() == [2, 3]
    assert trials["status"].tolist() == ["done", "done"]


# -- the metric ----------------------------------------------------------------------------------


def evaluated(store, ran=None):
    ran = [] if ran is None else ran

    def data(n=3):
        return {"roc_auc": float(n)}

    def model(data, depth):
        return data["roc_auc"] * depth

    def train_scores(model):
        ran.append("train_scores")
        return {"roc_auc": model, "f1": 0.5}

    def test_scores(model):
        ran.append("test_scores")
        return {"roc_auc": -model, "recall": -model}

    def report(test_scores, title="Depths"):
        ran.append("report")
        return f"{title}: {test_scores}"

    steps = [data, model, *(Step(step, ignore="ran") for step in (train_scores, test_scores, report))]
    return Pipeline(steps, store=store)


def test_the_step_that_gives_the_metric_can_be_named_and_nothing_else_runs(store):
    ran = []
    result = evaluated(store, ran).sweep({"depth": [1, 2]}, "test_scores.roc_auc")
    assert result.trials["score"].tolist() == [-3, -6]
    assert ran == ["test_scores"] * 2


def test_once_it_is_known_nothing_else_runs(store):
    ran = []
    evaluated(store, ran).sweep({"depth": [1, 2, 3]}, "recall")
    assert ran == ["train_scores", "test_scores", "report", "test_scores", "test_scores"]


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        ("roc_auc", "Steps 'train_scores' and 'test_scores' both give 'roc_auc'.*metric='train_scores.roc_auc'"),
        (
            "recal",
            "No step that is searched gives a metric 'recal'; there are train_scores.roc_auc, .*test_scores.recall",
        ),
        ("test_scores.recal", r"metric 'test_scores.recal' \(did you mean 'test_scores.recall'\?\).*a dict of numbers"),
        ("data.roc_auc", "'depth' is searched, and step 'data', which gives 'roc_auc', does not depend on it"),
    ],
)
def test_a_metric_that_can_not_be_told_is_refused(store, recorder, metric, message):
    ran = []
    with pytest.raises(PipelineError, match=message):
        evaluated(store, ran).sweep({"depth": [1, 2, 3]}, metric)
    assert len(ran) <= 3


def test_a_parameter_that_does_not_reach_the_metric_is_refused(store):
    with pytest.raises(PipelineError, match="'title' is searched, and step 'test_scores', which gives 'recall'"):
        evaluated(store).sweep({"depth": [1, 2], "title": ["a", "b"]}, "recall")


def test_a_trial_that_gives_no_metric_has_failed(store):
    def scores(depth):
        return {"score": 1.0} if depth == 1 else {"other": 2.0}

    result = Pipeline([scores], store=store).sweep({"depth": [1, 2]}, "score")
    assert result.trials["status"].tolist() == ["done", "failed"]
    assert result.trials["error"][1] == "No step gave the metric 'score'."


def test_a_trial_whose_metric_was_skipped_has_failed(store):
    def scores(depth):
        return {"score": depth}

    pipeline = Pipeline([Step(scores, when=lambda depth: depth > 1)], store=store)
    result = pipeline.sweep({"depth": [1, 2]}, "score")
    assert result.trials["error"].tolist() == [
        "No step gave the metric 'score': scores was skipped, as its condition does not hold.", "",
    ]  # fmt: skip


def test_nan_is_no_score(pipeline):
    result = pipeline.sweep({"depth": [99, 4]}, "roc_auc", n=5)
    assert result.trials["status"].tolist() == ["failed", "done"]
    assert result.trials["error"][0] == "The metric 'roc_auc' is NaN."
    assert math.isnan(result.trials["score"][0])
    assert result.best_params == {"depth": 4}


def test_what_fails_beside_the_metric_does_not_count(store):
    def scores(depth):
        return {"score": depth}

    def report(scores):
        raise ValueError("no printer")

    result = Pipeline([scores, report], store=store).sweep({"depth": [1, 2]}, "score", maximize=False)
    assert result.trials["status"].tolist() == ["done", "done"]
    assert result.best["scores"] == {"score": 1}


# -- what goes wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("space", "params", "message"),
    [
        ({}, {"n": 3}, "nothing to search; give a space"),
        ({"dept": [1]}, {"n": 3}, r"No step takes a parameter 'dept' \(did you mean 'depth'\?\)"),
        ({"depth": []}, {"n": 3}, "no value for 'depth'"),
        ({"depth": [1], "n": [2]}, {"n": 3}, "'n' is searched, and given as n=... too"),
        ({"depth": [1]}, {}, "Step 'rows' needs 'n'"),
        ({"depth": [1]}, {"n": 3, "m": 4}, "No step takes a parameter 'm'"),
        ({"depth": uniform(0, 1)}, {"n": 3}, r"not uniform\(0, 1\)"),
        ({"model": [1]}, {"n": 3}, "'model' is a step, no parameter"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_runs(pipeline, folder, space, params, message):
    with pytest.raises(PipelineError, match=message):
        pipeline.sweep(space, "roc_auc", **params)
    assert counted(folder) == {}


def test_an_executor_that_is_none_is_refused_before_anything_runs(pipeline, folder):
    with pytest.raises(PipelineError, match="executor='four'"):
        pipeline.sweep({"depth": [1]}, "roc_auc", executor="four", n=3)
    assert counted(folder) == {}


@pytest.mark.parametrize("executor", [None, 2])
def test_a_failing_trial_does_not_stop_the_rest(pipeline, executor):
    result = pipeline.sweep({"depth": [13, 4, 6]}, "roc_auc", executor=executor, n=5)
    assert result.trials["status"].tolist() == ["failed", "done", "done"]
    assert "Step 'model' failed: ValueError: unlucky" in result.trials["error"][0]
    assert result.trials["score"].isna().tolist() == [True, False, False]
    assert result.best_params == {"depth": 6}


def test_if_all_fail_the_first_is_named(local_store, folder, recorder):
    pipeline = made(local_store, folder, tracker=recorder)
    with pytest.raises(
        PipelineError, match=r"All 2 trials failed; the first one, with depth=13, rate=0.1: Step 'model'"
    ):
        pipeline.sweep({"depth": [13], "rate": [0.1, 0.2]}, "roc_auc", n=5)
    assert recorder.events[-1].metrics == {"trials": 2, "failed": 2}
    assert "All 2 trials failed" in recorder.events[-1].error


def test_a_shared_step_that_fails_ends_the_sweep(store, recorder):
    def rows():
        raise ValueError("no file")

    def scores(rows, depth):
        return {"score": depth}

    with pytest.raises(PipelineError, match="Step 'rows' failed: ValueError: no file"):
        Pipeline([rows, scores], store=store, tracker=recorder).sweep({"depth": [1, 2]}, "score")
    assert not any(isinstance(event, PipelineStarted) for event in recorder.events)
    assert "no file" in recorder.events[-1].error


def test_a_worker_that_dies_fails_its_trial_alone(local_store):
    def scores(depth):
        import os
        import signal
        import time

        if depth == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.2)
        return {"score": depth}

    result = Pipeline([scores], store=local_store).sweep({"depth": [0, 1, 2, 3, 4, 5]}, "score", executor=2)
    statuses = result.trials["status"].tolist()
    assert statuses[1] == "failed"
    # A trial that had ended as its neighbour died, and was asked for again, is found in the cache.
    assert {*statuses[:1], *statuses[2:]} <= {"done", "cached"}


def test_a_store_that_fails_ends_the_sweep(local_store, folder):
    class Broken:
        def observe(self):
            return self

        def __call__(self, event):
            if isinstance(event, PipelineFinished):
                raise OSError("disk full")

    with ThreadPoolExecutor(2) as threads, pytest.raises(OSError, match="disk full"):
        made(local_store, folder, tracker=Broken()).sweep({"depth": [1, 2, 3, 4]}, "roc_auc", executor=threads, n=3)


@pytest.mark.parametrize("workers", [None, "threads", 2])
def test_ctrl_c_ends_the_sweep_and_keeps_what_is_done(local_store, folder, recorder, tmp_path, workers):
    slow, begun = tmp_path / "slow", tmp_path / "begun"
    slow.touch()

    def scores(depth):
        import time

        if depth == 2 and slow.exists():
            begun.touch()
            while slow.exists():
                time.sleep(0.05)
        return {"score": depth}

    pipeline = Pipeline([Step(scores, ignore={"slow", "begun"})], store=local_store, tracker=recorder)

    def interrupt():
        while not begun.exists():
            time.sleep(0.01)
        time.sleep(0.3)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        time.sleep(1.0)
        slow.unlink()

    with ThreadPoolExecutor(2) as threads:
        interrupter = threading.Thread(target=interrupt)
        interrupter.start()
        executor = threads if workers == "threads" else workers
        with pytest.raises(KeyboardInterrupt):
            pipeline.sweep({"depth": [1, 2, 3, 4, 5]}, "score", executor=executor, progress=False)
    interrupter.join()
    assert recorder.events[-1] == SweepFinished(recorder.events[-1].metrics, "KeyboardInterrupt")
    assert recorder.events[-1].metrics["trials"] >= 1
    interrupted = [event.error for event in recorder.events if isinstance(event, PipelineFinished) and event.error]
    assert interrupted or workers is not None  # elsewhere a trial may end on a busy machine before it hears of it
    assert all("KeyboardInterrupt" in error or "sweep ended" in error or "failed" in error for error in interrupted)
    kinds = Counter(type(event) for event in recorder.events)
    assert kinds[PipelineStarted] == kinds[PipelineFinished]
    statuses = pipeline.sweep({"depth": [1, 2, 3, 4, 5]}, "score").trials["status"].tolist()
    assert statuses[0] == "cached"


KILLED = """
import json, os, sys, time
from mlopskit import Pipeline, Step, Tracker

store, folder, executor = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])

def rows():
    open(f"{folder}/rows-{time.time_ns()}", "w").close()
    return [1, 2, 3]

def scores(rows, depth):
    open(f"{folder}/begun{depth}-{time.time_ns()}", "w").close()
    if depth == 3 and os.path.exists(f"{folder}/slow"):
        time.sleep(600)
    time.sleep(0.1)
    open(f"{folder}/ended{depth}-{time.time_ns()}", "w").close()
    return {"score": depth}

tracker = Tracker(store, environment=False)
pipeline = Pipeline([Step(rows, ignore="folder"), Step(scores, ignore="folder")], store=store, tracker=tracker)
if __name__ == "__main__":
    result = pipeline.sweep({"depth": [0, 1, 2, 3, 4, 5]}, "score", executor=executor)
    print(json.dumps(result.trials["status"].tolist()))
"""


@pytest.mark.faults
@pytest.mark.parametrize("executor", [None, 2])
def test_a_killed_sweep_resumes_without_repeating(tmp_path, executor):
    from mlopskit import Tracker

    script, folder = tmp_path / "script.py", tmp_path / "marks"
    script.write_text(KILLED)
    folder.mkdir()
    (folder / "slow").touch()
    command = [sys.executable, "-W", "ignore", script, tmp_path / "store", folder, json.dumps(executor)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    while not counted(folder).get("begun3") or not counted(folder).get("ended2"):
        assert process.poll() is None
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (folder / "slow").unlink()
    ended = [name for name in counted(folder) if name.startswith("ended")]
    assert "ended3" not in ended
    again = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
    statuses = json.loads(again)
    assert [statuses[int(name[-1])] for name in ended] == ["cached"] * len(ended)
    after = counted(folder)
    assert after["rows"] == 1
    assert {after[f"ended{depth}"] for depth in range(6)} == {1}
    runs = Tracker(tmp_path / "store").runs(order_by="started")
    parents = runs[runs["parent"] == ""]
    assert parents["status"].tolist() == ["killed", "finished"]
    assert (runs["parent"] == parents["run_id"].iloc[1]).sum() == 6


# -- who watches ---------------------------------------------------------------------------------


def test_a_sweep_tells_of_itself_and_of_each_trial(local_store, folder, recorder):
    made(local_store, folder, tracker=recorder).sweep({"depth": [4, 13]}, "roc_auc", n=5)
    space = {
        "n": 5,
        "space.depth": [4, 13],
        "sweep.metric": "roc_auc",
        "sweep.maximize": True,
        "sweep.search": "Grid()",
    }
    assert recorder.events[0] == SweepStarted("flights", space)
    assert [event.step for event in recorder.events if isinstance(event, StepFinished)][:2] == ["rows", "features"]
    trials = [event for event in recorder.events if isinstance(event, PipelineStarted | PipelineFinished)]
    assert [(event.name, event.params) for event in trials[::2]] == [
        ("trial-0", {"n": 5, "depth": 4}),
        ("trial-1", {"n": 5, "depth": 13}),
    ]
    assert trials[1].error == ""
    assert "unlucky" in trials[3].error
    best = {"best_roc_auc": pytest.approx(0.76), "best_trial": 0.0}
    assert recorder.events[-1] == SweepFinished({"trials": 2.0, "failed": 1.0, **best}, "")


@pytest.mark.parametrize("executor", [None, 2])
def test_trials_are_children_of_the_sweeps_run(local_store, folder, executor):
    from mlopskit.tracking.tracker import Tracker

    tracker = Tracker(local_store, environment=False)
    pipeline = made(local_store, folder, tracker=tracker)
    result = pipeline.sweep({"depth": [4, 6, 13, 99]}, "roc_auc", executor=executor, n=5)
    parent = tracker.get_run(result.run.id)
    assert (parent.status, parent.name) == ("finished", "flights")
    assert parent.params["space.depth"] == [4, 6, 13, 99]
    assert parent.metrics == {"trials": 4, "failed": 2, "best_roc_auc": result.best_score, "best_trial": 1}
    assert [step.step for step in parent.record.steps] == ["rows", "features"]
    children = tracker.runs(f"parent = '{parent.id}'", order_by="name")
    assert children["name"].tolist() == [f"trial-{number}" for number in range(4)]
    assert children["run_id"].tolist() == result.trials["run"].tolist()
    assert children["status"].tolist() == ["finished", "finished", "failed", "failed"]
    assert children["params.depth"].tolist() == [4, 6, 13, 99]
    assert children["params.n"].tolist() == [5] * 4
    assert children["metrics.roc_auc"][:2].tolist() == result.trials["score"][:2].tolist()
    assert tracker.get_run(children["run_id"][3]).error == "The metric 'roc_auc' is NaN."
    assert result.best.run.id == children["run_id"][1]


def test_there_is_one_bar_with_the_best_score(pipeline):
    err = io.StringIO()
    with contextlib.redirect_stderr(err):
        pipeline.sweep({"depth": [4, 6, 13]}, "roc_auc", progress=True, n=5)
    last = err.getvalue().rstrip().splitlines()[-1].rpartition("\r")[2]
    assert re.fullmatch(r"flights: 100%\|.*\| 3/3 \[\d\d:\d\d, best 0.8 of trial 1, 1 failed\]\s*", last)
    assert "rows" not in err.getvalue()


def test_nothing_is_shown_where_nobody_watches(pipeline, capsys):
    pipeline.sweep({"depth": [4]}, "roc_auc", n=5)
    assert capsys.readouterr() == ("", "")


def test_a_search_of_ones_own(pipeline):
    class Climb(Search):
        def propose(self, space, trials):
            better = len(trials) < 2 or trials[-1].score > trials[-2].score
            return [{"depth": space["depth"][len(trials)]}] if better else []

    result = pipeline.sweep({"depth": [5, 6, 7, 8, 9]}, "loss", search=Climb(), maximize=False, n=5)
    assert result.trials["depth"].tolist() == [5, 6, 7]


# -- how it looks --------------------------------------------------------------------------------


def test_a_result_says_what_was_best(pipeline):
    shown = repr(pipeline.sweep({"depth": [4, 6, 13]}, "roc_auc", n=5)).splitlines()
    assert shown[0] == "flights: 3 trials, 1 failed; the best, number 1, has roc_auc = 0.8 with depth=6"
    assert shown[1].split() == ["number", "depth", "score", "status"]
    assert len(shown) == 5


def test_a_notebook_shows_a_table_and_a_chart_and_escapes_all(store):
    def scores(title):
        if "fail" in title:
            raise ValueError("<script>alert(1)</script>")
        return {"<b>": len(title)}

    result = Pipeline([scores], store=store).sweep({"title": ["<img src=x>", "b", "fail"]}, "<b>")
    html = result._repr_html_()
    tags = set()
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: tags.add(tag)
    parser.feed(html)
    assert {"table", "svg"} <= tags
    assert not tags & {"script", "img", "b"}
    assert "http" not in html.replace("http://www.w3.org", "")


def test_long_tables_are_cut(store):
    def scores(depth):
        return {"score": depth}

    result = Pipeline([scores], store=store, cache=False).sweep({"depth": range(150)}, "score")
    assert "50 more" in result._repr_html_()
    assert len(result.trials) == 150
