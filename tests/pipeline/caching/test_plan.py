"""Unchanged runs: what they cost, and what they may be mistaken for."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mlopskit.pipeline import Pipeline, Step
from mlopskit.pipeline.caching.plan import can_be_planned, plan_key, without_memory
from mlopskit.pipeline.graph import Graph
from mlopskit.storage.store import Store


def rows(n):
    return np.arange(n, dtype=float)


def split(rows):
    return rows[::2].copy(), rows[1::2].copy()


def total(even):
    return float(even.sum())


def scores(total, odd):
    return {"ratio": total / float(odd.sum())}


STEPS = [rows, Step(split, outputs=("even", "odd")), total, scores]


@pytest.fixture
def requests(monkeypatch):
    """All that is asked of the backends, but for the heartbeats of runs that other tests have not ended."""
    asked = []
    attempt = Store._attempt

    def counted(store, name, operation):
        if not name.startswith("index/live/"):
            asked.append(name)
        return attempt(store, name, operation)

    monkeypatch.setattr(Store, "_attempt", counted)
    return asked


@pytest.mark.s3
def test_an_unchanged_run_on_s3_costs_one_request_besides_the_identity(s3_options, requests):
    url = "s3://team/pipeline-plan"
    Pipeline(STEPS, store=Store(url, **s3_options)).run(n=5000)
    requests.clear()
    result = Pipeline(STEPS, store=Store(url, **s3_options)).run(n=5000)
    assert result.cached
    assert requests[0] == "mlopskit.json"
    assert [name.split("/")[:2] for name in requests[1:]] == [["cache", "plans"]]
    requests.clear()
    assert result["scores"]["ratio"] == pytest.approx(0.9996)
    assert requests == []
    assert len(result["odd"]) == 2500
    assert len(requests) >= 1


def test_an_unchanged_run_looks_once(store, requests):
    pipeline = Pipeline(STEPS, store=store)
    pipeline.run(n=5000)
    requests.clear()
    assert pipeline.run(n=5000).cached
    assert len(requests) == 1


def test_a_given_output_of_a_step_that_runs_is_part_of_the_plan(store):
    pipeline = Pipeline(STEPS, store=store)
    assert pipeline.run(n=4)["total"] == 2.0
    assert pipeline.run(given={"even": np.array([5.0])}, n=4)["total"] == 5.0
    assert pipeline.run(given={"even": np.array([5.0])}, n=4)["total"] == 5.0
    assert pipeline.run(n=4)["total"] == 2.0


def test_other_wiring_is_another_plan():
    def same(a, b):
        return a, b

    steps = [Step(lambda: 1, name="x"), Step(lambda: 2, name="y")]
    keys = set()
    for inputs in ({"a": "x", "b": "y"}, {"a": "y", "b": "x"}):
        graph = Graph.of([*steps, Step(same, inputs=inputs)])
        keys.add(plan_key(graph, list(graph.steps.values()), {"x": "1", "y": "2", "same": "3"}, {}))
    assert len(keys) == 2


def test_steps_without_cache_come_first_and_the_rest_is_planned(store, status, requests):
    clock = Step(lambda: 4, name="n", cache=False)
    pipeline = Pipeline([clock, *STEPS], store=store)
    pipeline.run()
    requests.clear()
    assert status(pipeline.run()) == {
        "n": "done",
        "rows": "cached",
        "split": "cached",
        "total": "cached",
        "scores": "cached",
    }
    assert sum(name.startswith("cache/steps") for name in requests) == 0


def test_what_has_a_condition_is_not_planned():
    assert can_be_planned([Step(rows)])
    assert not can_be_planned([])
    assert not can_be_planned([Step(rows, when=lambda n: n)])
    graph = Graph.of(
        [Step(rows, cache=False), Step(total, inputs={"even": "rows"}, cache=False), Step(lambda n: n, name="m")]
    )
    assert [step.name for step in without_memory(graph, graph.steps.values())] == ["rows", "total"]


MACHINE = """
import sys
sys.path.insert(0, sys.argv[2])
import flow
result = flow.pipeline(sys.argv[1]).run(n=5000)
print(*result.steps["status"], result["total"])
"""
FLOW = """
import numpy as np
from mlopskit.pipeline import Pipeline, Step
def rows(n): return np.arange(n, dtype=float)
def total(rows): return float(rows.sum())
def pipeline(store): return Pipeline([rows, total], store=store)
"""


def test_another_machine_takes_all_from_a_shared_cache(tmp_path):
    answers = []
    for machine in ("one", "two"):
        (tmp_path / machine).mkdir()
        (tmp_path / machine / "flow.py").write_text(FLOW)
        command = [sys.executable, "-c", MACHINE, str(tmp_path / "store"), str(tmp_path / machine)]
        answers.append(
            subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3])
        )
    assert [answer.stdout.split() for answer in answers] == [
        ["done", "done", "12497500.0"],
        ["cached", "cached", "12497500.0"],
    ]
