import os
import re
import signal
from concurrent.futures import BrokenExecutor

import pytest

from mlopskit.errors import PipelineError, SerializationError
from mlopskit.pipeline import Pipeline, Step
from mlopskit.pipeline.running.killable import KillableProcess, StepTimeoutError


def endless_python():
    while True:
        pass


def endless_c():
    return sum(range(10**12))


def endless_regex():
    return re.match(r"(a+)+$", "a" * 60 + "b")


@pytest.mark.parametrize("function", [endless_python, endless_c, endless_regex])
def test_a_timeout_ends_whatever_is_being_done(local_store, function):
    with pytest.raises(PipelineError, match=r"it took longer than 0\.2 s and was ended") as caught:
        Pipeline([Step(function, timeout=0.2)], store=local_store).run()
    assert isinstance(caught.value.__cause__, StepTimeoutError)
    assert isinstance(caught.value.__cause__, TimeoutError)


def test_in_time_all_is_as_without_a_timeout(local_store):
    def total(numbers):
        return sum(numbers)

    def failing(numbers):
        raise TimeoutError("of the user's own")

    pipeline = Pipeline([Step(total, timeout=60)], store=local_store)
    assert pipeline.run(numbers=[1, 2])["total"] == 3
    with pytest.raises(PipelineError, match=r"TimeoutError: of the user's own\n  at .*test_killable.py"):
        Pipeline([Step(failing, timeout=60)], store=local_store).run(numbers=[1, 2])


def test_a_process_makes_one_call_after_another_and_ends():
    with KillableProcess() as process:
        first = process.call(os.getpid, {})
        assert process.call(os.getpid, {}) == first != os.getpid()
        with pytest.raises(StepTimeoutError):
            process.call(endless_c, {}, seconds=0.1)
        second = process.call(os.getpid, {})
        assert second != first
    with pytest.raises(ProcessLookupError):
        os.kill(second, 0)


def test_a_process_that_dies_of_a_call_is_told_from_one_that_is_late():
    with KillableProcess() as process, pytest.raises(BrokenExecutor):
        process.call(lambda: os.kill(os.getpid(), signal.SIGKILL), {}, seconds=60)


def test_what_can_not_be_sent_is_refused():
    import threading

    with KillableProcess() as process, pytest.raises(SerializationError, match="can not be sent to another process"):
        process.call(lambda lock: lock, {"lock": threading.Lock()})
