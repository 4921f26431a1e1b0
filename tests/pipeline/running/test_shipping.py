import threading
import traceback

import pytest

from mlopskit.errors import PipelineError, SerializationError
from mlopskit.pipeline.running.shipping import frames_of, received, run_shipped, shipped


class Odd(Exception):
    """Can be pickled, and then not be unpickled."""

    def __reduce__(self):
        return raising, (ValueError("never"),)


def raising(error, cause=None):
    raise error from cause


def test_results_come_back():
    assert received(run_shipped(shipped(lambda n: n + 1, 2))) == 3


def test_an_error_comes_back_as_itself_with_the_way_to_it():
    with pytest.raises(KeyError, match="month") as caught:
        received(run_shipped(shipped(raising, KeyError("month"))))
    assert (__file__, raising.__code__.co_firstlineno + 1, "raising") in frames_of(caught.value)


def test_code_that_is_sent_by_value_keeps_its_file():
    with pytest.raises(ZeroDivisionError) as caught:
        received(run_shipped(shipped(lambda: 1 // 0)))
    assert __file__ in [file for file, *_ in frames_of(caught.value)]


def test_the_cause_of_a_step_error_comes_along_with_its_traceback():
    def failing():
        try:
            return {}["month"]
        except KeyError as error:
            raise PipelineError("the step failed") from error

    with pytest.raises(PipelineError, match="the step failed") as caught:
        received(run_shipped(shipped(failing)))
    assert isinstance(caught.value.__cause__, KeyError)
    # As a note; or as it is, once some library has taught pickle to keep it.
    told = "".join(traceback.format_exception(caught.value.__cause__))
    assert "in failing" in told
    assert 'return {}["month"]' in told


def odd():
    return Odd("strange")


def with_lock():
    error = RuntimeError("strange")
    error.lock = threading.Lock()
    return error


@pytest.mark.parametrize(("make", "words"), [(odd, "Odd: strange"), (with_lock, "RuntimeError: strange")])
def test_an_error_that_can_not_be_pickled_comes_back_in_words(make, words):
    with pytest.raises(PipelineError, match=words):
        received(run_shipped(shipped(lambda: raising(make()))))
    with pytest.raises(PipelineError, match="the step failed") as caught:
        received(run_shipped(shipped(lambda: raising(PipelineError("the step failed"), make()))))
    assert caught.value.__cause__ is None


def test_what_can_not_be_sent_or_sent_back_is_told():
    with pytest.raises(SerializationError, match=r"can not be sent to another process \(TypeError: cannot pickle"):
        shipped(len, threading.Lock())
    with pytest.raises(SerializationError, match=r"what it gave can not be sent back .*TypeError: cannot pickle"):
        received(run_shipped(shipped(threading.Lock)))
    with pytest.raises(SerializationError, match="can not be unpacked in another process"):
        received(run_shipped(b"no pickle"))
