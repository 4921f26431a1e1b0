import pathlib

import pytest

from mlopskit.errors import PipelineError
from mlopskit.pipeline import Pipeline, Step
from mlopskit.records.event import PipelineFinished, PipelineStarted, StepFinished, StepStarted


def first():
    return [1, 2]


def flaky(first, marker):
    if not marker.exists():
        raise RuntimeError("the network is down")
    return first * 2


def dependent(flaky):
    return len(flaky)


def independent(first):
    return {"count": len(first), "mean": 1.5}


def test_events_come_in_order(store, recorder):
    result = Pipeline([first, independent], store=store, tracker=recorder, name="sums").run("independent")
    started, *steps, finished = recorder.events
    assert started == PipelineStarted("sums", {}, ("first", "independent"))
    assert finished == PipelineFinished("")
    assert [type(event) for event in steps] == [StepStarted, StepFinished] * 2
    assert [event.step for event in steps] == ["first", "first", "independent", "independent"]
    assert steps[3].status == "done"
    assert steps[3].metrics == {"count": 2.0, "mean": 1.5}
    assert steps[3].digest == result.steps["digest"][1]
    assert result.run == "the tracked run"


def test_a_cached_step_tells_its_metrics_too(store, recorder):
    pipeline = Pipeline([first, independent], store=store, tracker=recorder)
    pipeline.run()
    recorder.events.clear()
    pipeline.run()
    finished = recorder.events[-2]
    assert (finished.status, finished.metrics) == ("cached", {"count": 2.0, "mean": 1.5})


@pytest.mark.parametrize("output", [{}, {"ok": True}, {"name": "x"}, {1: 2.0}, {"count": 10**400}, [1.0]])
def test_only_dicts_of_numbers_are_metrics(store, recorder, output):
    Pipeline([Step(lambda output: output, name="scores")], store=store, tracker=recorder).run(output=output)
    assert recorder.events[-2].metrics == {}


def test_the_parameters_are_told_as_the_user_gave_them(store, recorder):
    def scaled(scale, offset=2):
        return scale + offset

    Pipeline([scaled], store=store, tracker=recorder).run(scale=3)
    assert recorder.events[0].params == {"scale": 3}


def test_a_failure_leaves_the_independent_steps_running_and_skips_the_others(store, recorder, tmp_path):
    pipeline = Pipeline([first, flaky, dependent, independent], store=store, tracker=recorder)
    with pytest.raises(PipelineError, match="'flaky' failed: RuntimeError: the network is down") as caught:
        pipeline.run(marker=tmp_path / "up")
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert "Not run, as they need what failed: dependent." in caught.value.__notes__
    finished = {event.step: event for event in recorder.events if isinstance(event, StepFinished)}
    assert {name: event.status for name, event in finished.items()} == {
        "first": "done", "flaky": "failed", "dependent": "skipped", "independent": "done",
    }  # fmt: skip
    assert "the network is down" in finished["flaky"].error
    assert "the network is down" in recorder.events[-1].error


def test_after_a_failure_the_next_run_resumes(store, status, tmp_path):
    pipeline = Pipeline([first, flaky, dependent, independent], store=store)
    with pytest.raises(PipelineError):
        pipeline.run(marker=tmp_path / "up")
    (tmp_path / "up").touch()
    assert status(pipeline.run(marker=tmp_path / "up")) == {
        "first": "cached", "flaky": "done", "dependent": "done", "independent": "cached",
    }  # fmt: skip


def test_of_several_failures_the_first_is_raised_and_notes_the_others(store):
    def one():
        raise ValueError("first problem")

    def two():
        raise ValueError("second problem")

    with pytest.raises(PipelineError, match="first problem") as caught:
        Pipeline([one, two], store=store).run()
    assert any("second problem" in note for note in caught.value.__notes__)


def test_retries_call_again_with_fresh_inputs(store):
    attempts = []

    def picky(first):
        first.append(3)
        attempts.append(first)
        if len(attempts) < 3:
            raise RuntimeError("again")
        return first

    assert Pipeline([first, Step(picky, retries=2, cache=False)], store=store).run()["picky"] == [1, 2, 3]
    attempts.clear()
    with pytest.raises(PipelineError):
        Pipeline([first, Step(picky, retries=1, cache=False)], store=store).run()


def test_an_interrupt_passes_through_after_the_observers_were_told(store, recorder, status):
    def interrupted(first):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Pipeline([first, interrupted, independent], store=store, tracker=recorder).run()
    assert recorder.events[-1] == PipelineFinished("KeyboardInterrupt")
    assert status(Pipeline([first], store=store).run()) == {"first": "cached"}


def test_of_a_lost_output_that_can_not_be_made_again_its_own_step_is_named(store, tmp_path):
    def before(path):
        with pathlib.Path(path).open() as file:
            return file.read()

    def after(before):
        return before.upper()

    (tmp_path / "source").write_text("text" * 1000)  # too much to lie in the entry
    source = str(tmp_path / "source")
    Pipeline([before], store=store).run(path=source)
    store.delete(*store.list("blobs"))
    (tmp_path / "source").unlink()
    pipeline = Pipeline([before, after], store=store)
    with pytest.warns(RuntimeWarning, match="'before' runs again"), pytest.raises(PipelineError, match="Step 'before'"):
        pipeline.run(path=source)
