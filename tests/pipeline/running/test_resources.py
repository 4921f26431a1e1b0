import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from mlopskit.errors import PipelineError
from mlopskit.pipeline import Pipeline, Step
from mlopskit.pipeline.running.resources import Resources


def step(name, **resources):
    return Step(lambda: None, name=name, resources=resources)


def test_what_is_taken_is_missing_until_it_is_given_back():
    one, two = step("one", gpu=1, memory=3), step("two", gpu=1)
    resources = Resources({"gpu": 1}, [one, two])
    assert resources.take(one)
    assert not resources.take(two)
    resources.give_back(one)
    assert resources.take(two)


def test_a_step_that_takes_more_than_there_is_is_refused():
    with pytest.raises(PipelineError, match=r"Step 'train' takes 2 of 'gpu', and run\(resources=...\) has 1\."):
        Resources({"gpu": 1}, [step("train", gpu=2)])


def test_fractions_add_up_as_they_are_written():
    tenths = [step(f"s{i}", gpu=np.float64(0.1)) for i in range(10)]
    resources = Resources({"gpu": 1}, tenths)
    assert all(map(resources.take, tenths))
    for each in tenths:
        resources.give_back(each)
    assert resources.take(step("whole", gpu=1))


def test_steps_that_share_a_budget_do_not_run_at_once(store):
    lock, most, running = threading.Lock(), [], []

    def uses(number):
        with lock:
            running.append(number)
            most.append(len(running))
        threading.Event().wait(0.01)
        with lock:
            running.remove(number)
        return number

    steps = [Step(lambda n=n: uses(n), name=f"s{n}", resources={"gpu": 0.5}, cache=False) for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        Pipeline(steps, store=store, cache=False).run(executor=pool, resources={"gpu": 1})
    assert max(most) <= 2
