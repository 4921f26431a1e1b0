import numpy as np

from mlopskit.tracking import candidates as candidates_module
from mlopskit.tracking.candidates import log_candidates


def results(count):
    return {
        "params": [{"depth": depth} for depth in range(count)],
        "param_depth": np.arange(count),
        "mean_test_score": np.arange(count) / 100,
        "split0_test_score": np.arange(count) / 200,
        "split1_test_score": np.arange(count) / 50,
        "rank_test_score": np.arange(count)[::-1] + 1,
    }


def test_each_candidate_is_a_child_with_its_params_scores_and_folds(tracker):
    with tracker.start_run() as run:
        found = log_candidates(run, results(3), prefix="search-")
    children = run.children()
    assert children["name"].tolist() == ["search-candidate-0", "search-candidate-1", "search-candidate-2"]
    assert children["params.depth"].tolist() == [0, 1, 2]
    assert children["metrics.mean_test_score"].tolist() == [0.0, 0.01, 0.02]
    folds = tracker.get_run(children["run_id"][2]).metric("test_score")
    assert folds[["step", "value"]].values.tolist() == [[0, 0.01], [1, 0.04]]
    assert found["params"] == [{"depth": 0}, {"depth": 1}, {"depth": 2}]
    assert found["rank_test_score"] == [3.0, 2.0, 1.0]
    assert "param_depth" not in found


def test_of_many_the_best_are_children(tracker, monkeypatch):
    monkeypatch.setattr(candidates_module, "MOST_CHILDREN", 4)
    with tracker.start_run() as run:
        found = log_candidates(run, results(10))
    assert run.children()["params.depth"].tolist() == [6, 7, 8, 9]
    assert len(found["params"]) == 10


def test_without_ranks_the_first_are_children(tracker, monkeypatch):
    monkeypatch.setattr(candidates_module, "MOST_CHILDREN", 2)
    unranked = {name: values for name, values in results(5).items() if "rank" not in name}
    with tracker.start_run() as run:
        log_candidates(run, unranked)
    assert run.children()["params.depth"].tolist() == [0, 1]
