import pytest

from mlopskit.errors import PipelineError
from mlopskit.records.event import PipelineFinished, PipelineStarted, StepFinished, StepStarted

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
