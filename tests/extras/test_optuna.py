from concurrent.futures import ThreadPoolExecutor

import pytest

optuna = pytest.importorskip("optuna")

from optuna.distributions import FloatDistribution, IntDistribution
from scipy.stats import uniform

from mlopskit.errors import PipelineError
from mlopskit.extras.optuna import OptunaSearch, RunCallback
from mlopskit.pipeline import Pipeline
from mlopskit.pipeline.sweeps.searches import Trial


@pytest.fixture(autouse=True)
def _quiet():
    optuna.logging.set_verbosity(optuna.logging.ERROR)


def objective(trial):
    x = trial.suggest_float("x", -1, 1)
    trial.set_user_attr("team", "ops")
    for step in range(3):
        trial.report(x + step, step)
    if trial.number == 1:
        raise optuna.TrialPruned
    if trial.number == 2:
        raise ValueError("unlucky")
    return x**2


def test_every_trial_is_a_child_with_its_params_values_and_state(tracker):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    with tracker.start_run("study") as run:
        study.optimize(objective, 5, callbacks=[RunCallback(run)], catch=ValueError)
    runs = tracker.runs(f"parent = '{run.id}'", order_by="name")
    assert runs["name"].tolist() == [f"trial-{number}" for number in range(5)]
    assert runs["status"].tolist() == ["finished", "finished", "failed", "finished", "finished"]
    assert runs["tags.optuna.state"].tolist() == ["complete", "pruned", "fail", "complete", "complete"]
    assert runs["params.x"].tolist() == [trial.params["x"] for trial in study.trials]
    assert runs["metrics.value"][0] == study.trials[0].value
    assert set(runs["tags.team"]) == {"ops"}
    x = study.trials[3].params["x"]
    assert tracker.get_run(runs["run_id"][3]).metric("intermediate")["value"].tolist() == [x, x + 1, x + 2]
    assert run.metrics["best_value"] == study.best_value


def test_several_objectives_are_several_metrics(tracker):
    study = optuna.create_study(directions=["minimize", "maximize"])
    with tracker.start_run() as run:
        study.optimize(lambda trial: (1.0, trial.suggest_int("n", 1, 3)), 2, callbacks=[RunCallback(run)])
    assert tracker.runs("parent is not null")["metrics.value_0"].tolist() == [1.0, 1.0]
    assert run.metrics == {}


def test_trials_in_threads_are_all_recorded(tracker):
    study = optuna.create_study()
    with tracker.start_run() as run:
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), 12, n_jobs=4, callbacks=[RunCallback(run)])
    assert len(tracker.runs("parent is not null")) == 12


# -- as the search of a sweep --------------------------------------------------------------------

SPACE = {"x": FloatDistribution(-1, 1), "depth": IntDistribution(2, 9), "kind": ["a", "b"]}


def loss(params):
    if params["depth"] == 2:
        return None
    return (params["x"] - 0.3) ** 2 + (params["depth"] - 6) ** 2 / 10 + (params["kind"] == "a")


def searched(search, score):
    """All trials of a search, whose proposals are scored one after another."""
    trials = []
    while batch := search.propose(SPACE, trials):
        trials += [Trial(params, score(params)) for params in batch]
    return trials


def negative_loss(params):
    return None if loss(params) is None else -loss(params)


def test_the_candidates_are_the_same_for_a_seed():
    first, again, other = (searched(OptunaSearch(20, seed=seed), negative_loss) for seed in (1, 1, 2))
    assert first == again != other
    assert len(first) == 20


def test_a_search_may_be_used_again_and_starts_afresh():
    search = OptunaSearch(10, optuna.samplers.TPESampler(seed=5))
    assert searched(search, negative_loss) == searched(search, negative_loss)


def test_what_another_object_has_searched_can_be_gone_on_with():
    trials = searched(OptunaSearch(12, batch=5), negative_loss)
    for seen in (5, 10):
        assert OptunaSearch(12, batch=5).propose(SPACE, trials[:seen]) == [
            trial.params for trial in trials[seen : seen + 5]
        ]
    assert OptunaSearch(12, batch=5).propose(SPACE, trials) == []


def test_it_learns_which_way_is_better():
    best = min(
        loss(trial.params) for trial in searched(OptunaSearch(60, seed=3), negative_loss) if trial.score is not None
    )
    assert best < 0.15


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_a_study_gets_the_trials_in_its_own_direction(direction):
    study = optuna.create_study(direction=direction, sampler=optuna.samplers.RandomSampler(seed=1))
    trials = searched(OptunaSearch(9, study), lambda params: None if params["depth"] > 8 else params["x"])
    sign = 1 if direction == "maximize" else -1
    assert [trial.value for trial in study.trials] == [
        None if trial.score is None else sign * trial.score for trial in trials
    ]
    assert (
        study.best_params == max((trial for trial in trials if trial.score is not None), key=lambda t: t.score).params
    )
    assert {trial.state.name for trial in study.trials} <= {"COMPLETE", "FAIL"}


def test_values_that_optuna_can_not_keep_are_searched_too():
    space = {"layers": [[64], [64, 32]], "depth": [4, 6]}
    candidates = OptunaSearch(12, batch=12).propose(space, [])
    assert all(each["layers"] in space["layers"] and each["depth"] in space["depth"] for each in candidates)
    assert {len(each["layers"]) for each in candidates} == {1, 2}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: OptunaSearch(0), "count must be a whole number, 1 or more, not 0"),
        (lambda: OptunaSearch(3, batch=0), "batch must be a whole number"),
        (lambda: OptunaSearch(3, optuna.create_study(directions=["minimize"] * 2)), "has 2 objectives"),
        (lambda: OptunaSearch(3).propose({"x": uniform(0, 1)}, []), r"for 'x', not uniform\(0, 1\)"),
        (lambda: OptunaSearch(3).propose({"x": 4}, []), "distribution of optuna.distributions for 'x', not 4"),
    ],
)
def test_what_makes_no_sense_is_refused(make, message):
    with pytest.raises(PipelineError, match=message):
        make()


def test_a_sweep_tries_the_same_whatever_runs_it(tracker, tmp_path):
    def scores(x, depth):
        if depth == 3:
            raise ValueError("unlucky")
        return {"loss": (x - 0.3) ** 2 + depth}

    space = {"x": FloatDistribution(-1, 1), "depth": [2, 3, 4]}

    def swept(name, executor):
        pipeline = Pipeline([scores], store=tmp_path / name, tracker=tracker)
        result = pipeline.sweep(space, "loss", search=OptunaSearch(12, seed=2), maximize=False, executor=executor)
        assert "OptunaSearch(12, TPESampler, batch=4)" in result.run.params["sweep.search"]
        return result.trials[["x", "depth", "score"]].to_dict("list")

    with ThreadPoolExecutor(3) as threads:
        assert repr(swept("here", None)) == repr(swept("threads", threads)) == repr(swept("processes", 2))
