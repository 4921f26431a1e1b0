import functools

import pytest

from mlopskit.errors import PipelineError
from mlopskit.pipeline.step import REQUIRED, Step


def train(frame, max_depth=6, *, seed=0):
    return frame, max_depth, seed


class Scorer:
    def __call__(self, model):
        return model


def test_a_step_is_named_after_its_function_and_lists_its_arguments():
    step = Step(train)
    assert step.name == "train"
    assert step.arguments == {"frame": REQUIRED, "max_depth": 6, "seed": 0}


def test_a_step_is_a_frozen_value():
    assert Step(train, retries=2) == Step(train, retries=2)
    assert Step(train) != Step(train, cache=False)
    with pytest.raises(AttributeError):
        Step(train).name = "other"


@pytest.mark.parametrize("function", [Scorer(), lambda x: x])
def test_a_callable_without_a_usable_name_needs_one(function):
    with pytest.raises(PipelineError, match=r'Step\(\.\.\., name="model"\)'):
        Step(function)
    assert Step(function, name="model").name == "model"


def test_a_partial_is_named_after_its_function():
    assert Step(functools.partial(train, max_depth=3)).name == "train"


def test_a_name_that_no_argument_could_refer_to_is_refused():
    with pytest.raises(PipelineError, match="'train-model' can not name a step"):
        Step(train, name="train-model")


def test_inputs_must_name_arguments_of_the_function():
    with pytest.raises(PipelineError, match="the argument 'frames', and the function has frame, max_depth, seed"):
        Step(train, inputs={"frames": "features"})


def test_a_function_with_keyword_arguments_takes_whatever_inputs_names():
    def joined(**frames):
        return frames

    step = Step(joined, inputs={"left": "flights", "right": "weather"})
    assert step.arguments == {"left": REQUIRED, "right": REQUIRED}


def test_arguments_that_can_not_be_filled_by_name_are_refused():
    with pytest.raises(PipelineError, match="positional-only"):
        Step(len)
    with pytest.raises(PipelineError, match="Wrap it in a function"):
        Step(max)


def test_negative_retries_are_refused():
    with pytest.raises(PipelineError, match="0 or more, not -1"):
        Step(train, retries=-1)
