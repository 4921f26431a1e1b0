import pytest

optuna = pytest.importorskip("optuna")

from mlopskit.extras.optuna import RunCallback


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
