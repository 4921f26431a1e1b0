import pytest

from mlopskit.errors import PipelineError
from mlopskit.records.event import (
    PipelineFinished,
    PipelineStarted,
    StepFinished,
    StepStarted,
    SweepFinished,
    SweepStarted,
)

STARTED = PipelineStarted("flights", {"month": 1, "path": "flights.csv"}, ("features", "scores"))


def observed(tracker, *events):
    observer = tracker.observe()
    for event in events:
        observer(event)
    return tracker.get_run(observer.run.id)


def test_a_pipeline_becomes_a_run_with_params_steps_and_metrics(tracker):
    steps = (
        StepFinished("features", "cached", 0.01, digest="ab12"),
        StepFinished("scores", "done", 0.5, metrics={"roc_auc": 0.71, "f1": 0.4}),
    )
    run = observed(
        tracker, STARTED, StepStarted("features"), steps[0], StepStarted("scores"), steps[1], PipelineFinished()
    )
    assert (run.name, run.status, run.experiment) == ("flights", "finished", "flight-delays")
    assert run.params == {"month": 1, "path": "flights.csv"}
    assert run.metrics == {"roc_auc": 0.71, "f1": 0.4}
    assert run.record.steps == steps


def test_a_failed_step_fails_the_run(tracker):
    step = StepFinished("features", "failed", 0.5, error="ValueError: no rows")
    run = observed(tracker, STARTED, step, PipelineFinished(error="step features failed"))
    assert (run.status, run.error) == ("failed", "step features failed")
    assert run.record.steps == (step,)


def test_each_run_of_a_pipeline_is_a_run_of_its_own(tracker):
    for _ in range(2):
        observed(tracker, STARTED, PipelineFinished())
    assert len(tracker.runs()) == 2


def test_a_pipeline_that_has_not_started_is_refused(tracker):
    observer = tracker.observe()
    assert observer.run is None
    with pytest.raises(PipelineError, match="PipelineStarted first"):
        observer(PipelineFinished())


def test_a_sweep_is_a_run_and_its_trials_are_children_of_it(tracker):
    sweep = tracker.observe()
    sweep(SweepStarted("flights", {"month": 1, "space.depth": [4, 6]}))
    shared = StepFinished("features", "done", 0.5)
    sweep(shared)
    for depth in (4, 6):
        trial = sweep.observe()
        trial(PipelineStarted(f"trial-{depth}", {"month": 1, "depth": depth}, ("scores",)))
        trial(StepFinished("scores", "done", 0.1, metrics={"roc_auc": depth / 10}))
        trial(PipelineFinished("no luck" if depth == 4 else ""))
    sweep(SweepFinished({"trials": 2, "failed": 1, "best_roc_auc": 0.6}))
    parent = tracker.get_run(sweep.run.id)
    assert (parent.name, parent.status, parent.params) == ("flights", "finished", {"month": 1, "space.depth": [4, 6]})
    assert parent.metrics == {"trials": 2, "failed": 1, "best_roc_auc": 0.6}
    assert parent.record.steps == (shared,)
    children = tracker.runs(f"parent = '{parent.id}'", order_by="name")
    assert children["status"].tolist() == ["failed", "finished"]
    assert children["params.depth"].tolist() == [4, 6]
    assert children["metrics.roc_auc"].tolist() == [0.4, 0.6]
    assert trial.run.id == children["run_id"][1]


def test_a_sweep_that_ends_early_is_a_failed_run(tracker):
    run = observed(tracker, SweepStarted("flights", {}), SweepFinished({"trials": 1, "failed": 0}, "KeyboardInterrupt"))
    assert (run.status, run.error, run.metrics["trials"]) == ("failed", "KeyboardInterrupt", 1)


def test_a_trial_of_a_sweep_that_has_not_started_is_refused(tracker):
    with pytest.raises(PipelineError, match="send it SweepStarted or PipelineStarted first"):
        tracker.observe().observe()
