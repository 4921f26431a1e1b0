import pytest

from mlopskit.errors import PipelineError
from mlopskit.pipeline import Pipeline, Step
from mlopskit.pipeline.running import task as task_module


def split(n):
    return list(range(n)), -n


def total(low):
    return sum(low)


def sign(high):
    return high < 0


# -- several outputs -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "function",
    [lambda n: ([n], -n), lambda n: [[n], -n], lambda n: {"high": -n, "low": [n]}],
    ids=["tuple", "list", "dict"],
)
def test_several_outputs_each_by_its_name(store, function):
    pipeline = Pipeline([Step(function, name="split", outputs=("low", "high")), total, sign], store=store)
    for result in (pipeline.run(n=3), pipeline.run(n=3)):
        assert (result["low"], result["high"], result["total"], result["sign"]) == ([3], -3, 3, True)
        assert result["split"] == {"low": [3], "high": -3}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((1, 2, 3), "it gave a tuple of 3, and its outputs are low, high"),
        ([1], "it gave a list of 1, and its outputs are low, high"),
        ({"low": 1}, "it gave the keys low, and its outputs are low, high"),
        (7, "it gave a int, and its outputs are low, high"),
    ],
)
def test_other_outputs_than_declared_fail_the_step(store, given, message):
    with pytest.raises(PipelineError, match=f"Step 'split' failed: {message}"):
        Pipeline([Step(lambda: given, name="split", outputs=("low", "high"))], store=store).run()


def test_of_several_outputs_only_a_changed_one_runs_its_dependants(store, status):
    pipeline = Pipeline([Step(split, outputs=("low", "high")), total, sign], store=store)
    pipeline.run(n=3)
    assert status(pipeline.run(n=4)) == {"split": "done", "total": "done", "sign": "done"}
    changed = pipeline.replace(split=lambda n: (list(range(n)), -1))
    assert status(changed.run(n=4)) == {"split": "done", "total": "cached", "sign": "done"}


def test_an_output_can_be_a_target_and_be_given(store, status):
    pipeline = Pipeline([Step(split, outputs=("low", "high")), total, sign], store=store)
    assert status(pipeline.run("low", n=3)) == {"split": "done"}
    assert pipeline.run("total", given={"low": [5]})["total"] == 5
    result = pipeline.run(given={"low": [5]}, n=3)
    assert (result["total"], result["sign"]) == (5, True)


# -- one function, several steps -------------------------------------------------------------


def test_steps_of_one_function_are_computed_once(store):
    calls = []

    def counted(n):
        calls.append(n)
        return n

    steps = [Step(counted, name=name, ignore="calls") for name in ("one", "two")]
    result = Pipeline(steps, store=store).run(n=3)
    assert (result["one"], result["two"]) == (3, 3)
    assert Pipeline([Step(counted, name="three", ignore="calls")], store=store).run(n=3)["three"] == 3
    assert calls == [3]


# -- conditions ------------------------------------------------------------------------------


def alarm(total, limit=10):
    return f"{total} of {limit}"


def page(alarm):
    return alarm.upper()


def report(total, alarm="all is well"):
    return alarm


@pytest.fixture
def watching(store):
    return Pipeline(
        [Step(lambda n: n, name="total"), Step(alarm, when=lambda total, limit=10: total > limit), page, report],
        store=store,
    )


def test_a_condition_that_does_not_hold_skips_the_step_and_those_that_need_it(watching, status):
    result = watching.run(n=3)
    assert status(result) == {"total": "done", "alarm": "skipped", "page": "skipped", "report": "done"}
    assert result["report"] == "all is well"
    with pytest.raises(KeyError, match="'page' was skipped in this run: alarm was skipped"):
        result["page"]
    assert watching.run(n=30)["page"] == "30 OF 10"
    assert watching.run(n=30, limit=50)["report"] == "all is well"


def test_a_condition_that_raises_fails_the_step(store):
    def condition(total):
        raise ValueError("unclear")

    steps = [Step(lambda n: n, name="total"), Step(alarm, when=condition)]
    with pytest.raises(PipelineError, match="Step 'alarm' failed in its condition: ValueError: unclear"):
        Pipeline(steps, store=store).run(n=3)


def test_a_failure_far_above_is_no_reason_to_take_a_default(store):
    def broken():
        raise ValueError("no")

    steps = [broken, Step(lambda broken: 1, name="middle"), Step(lambda middle: 1, name="low")]
    with pytest.raises(PipelineError) as caught:
        Pipeline([*steps, Step(lambda low=5: low, name="last")], store=store).run()
    assert caught.value.__notes__[0] == "Not run, as they need what failed: middle, low, last."


def test_a_skipped_step_is_not_among_those_that_need_what_failed(store):
    def broken():
        raise ValueError("no")

    with pytest.raises(PipelineError) as caught:
        Pipeline([broken, Step(lambda: 1, name="skipped", when=lambda: False)], store=store).run()
    assert not any("Not run" in note for note in caught.value.__notes__)


# -- retries ---------------------------------------------------------------------------------


def test_each_wait_before_a_retry_is_twice_as_long(store, monkeypatch):
    waits = []
    monkeypatch.setattr(task_module.time, "sleep", waits.append)

    def failing():
        raise OSError("not yet")

    with pytest.raises(PipelineError, match="not yet"):
        Pipeline([Step(failing, retries=3, backoff=0.5)], store=store).run()
    assert waits == [0.5, 1.0, 2.0]


# -- what is refused -------------------------------------------------------------------------


def test_what_can_be_read_only_once_is_refused(store):
    with pytest.raises(PipelineError, match=r"it gave a generator, which can be read only once.*return a list"):
        Pipeline([Step(lambda: (i for i in range(3)), name="lazy")], store=store).run()
