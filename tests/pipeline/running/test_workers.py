"""Runs on threads, on processes of several kinds, and on Dask: the same outputs, and the same errors, as here."""

import concurrent.futures
import multiprocessing
import os
import signal
import threading
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlopskit.errors import PipelineError
from mlopskit.pipeline import Pipeline, Step
from mlopskit.pipeline.caching.cache import Cache
from mlopskit.pipeline.running.workers import Here, OwnProcesses, Processes, Threads, width_of, workers_for

BIG = 50_000


@pytest.fixture(scope="module")
def dask_executor():
    distributed = pytest.importorskip("distributed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ports that are taken, and what it leaves to the garbage collector
        cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
        with cluster, distributed.Client(cluster) as client:
            yield client.get_executor()


@pytest.fixture(params=["here", "threads", "own processes", "forkserver", "spawn", "dask"])
def executor(request):
    match request.param:
        case "here":
            yield None
        case "own processes":
            yield 2
        case "threads":
            with ThreadPoolExecutor(2) as pool:
                yield pool
        case "dask":
            yield request.getfixturevalue("dask_executor")
        case method:
            with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(method)) as pool:
                yield pool


@pytest.fixture(params=["own processes", "forkserver", "dask"])
def processes(request):
    match request.param:
        case "own processes":
            yield 2
        case "dask":
            yield request.getfixturevalue("dask_executor")
        case method:
            with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(method)) as pool:
                yield pool


def frame(rows):
    return pd.DataFrame({"x": np.arange(rows, dtype=float)})


def total(frame):
    return float(frame["x"].sum())


def process(frame):
    return os.getpid()


def broken(frame):
    return frame["missing"]


def meet(folder, name, others):
    """Return once all have come: only possible for steps that run side by side."""
    (Path(folder) / name).touch()
    while not all((Path(folder) / other).exists() for other in others):
        threading.Event().wait(0.01)
    return name


# -- everywhere the same ---------------------------------------------------------------------


def test_outputs_are_the_same_everywhere(local_store, executor):
    pipeline = Pipeline([frame, total], store=local_store)
    result = pipeline.run(rows=BIG, executor=executor)
    assert result["total"] == BIG * (BIG - 1) / 2
    assert len(result["frame"]) == BIG
    assert pipeline.run(rows=BIG).cached


def test_independent_steps_run_side_by_side(local_store, executor, tmp_path):
    if executor is None:
        pytest.skip("here there is one after another")

    def meeting(name):
        return Step(lambda folder: meet(folder, name, "ab"), name=name)

    result = Pipeline([meeting("a"), meeting("b")], store=local_store).run(folder=str(tmp_path), executor=executor)
    assert (result["a"], result["b"]) == ("a", "b")


def test_a_failure_names_the_step_the_line_and_what_went_in(local_store, executor):
    pipeline = Pipeline([frame, broken, total], store=local_store)
    with pytest.raises(PipelineError) as caught:
        pipeline.run(rows=BIG, executor=executor)
    message = str(caught.value)
    assert message.startswith("Step 'broken' failed: KeyError: 'missing'")
    assert f"at {__file__}:{broken.__code__.co_firstlineno + 1} in broken" in message
    assert f"frame: DataFrame of shape ({BIG}, 1)" in message
    assert isinstance(caught.value.__cause__, KeyError)
    assert pipeline.run(["frame", "total"], rows=BIG).cached


def test_shared_inputs_can_not_be_disturbed(local_store, executor):
    def vandal(frame, n):
        frame["x"] = -1.0
        frame["more"] = n
        return n

    def vandal_of(n):
        return Step(lambda frame: vandal(frame, n), name=f"vandal{n}")

    steps = [frame, *(vandal_of(n) for n in range(4)), total]
    result = Pipeline(steps, store=local_store).run(rows=100, executor=executor)
    assert result["total"] == 4950.0
    assert list(result["frame"]) == ["x"]


def test_items_are_shared_out(local_store, executor):
    def root(number, frame):
        return len(frame) + number

    pipeline = Pipeline([frame, Step(root, name="roots", over="number")], store=local_store)
    assert pipeline.run(rows=10, number=list(range(20)), executor=executor)["roots"] == list(range(10, 30))
    assert pipeline.run(rows=10, number=list(range(20))).cached


# -- other processes -------------------------------------------------------------------------


def test_steps_run_in_other_processes(local_store, processes):
    assert Pipeline([frame, process], store=local_store).run(rows=3, executor=processes)["process"] != os.getpid()


def test_closures_and_lambdas_go_along(local_store, processes):
    factor = 3
    steps = [Step(lambda rows: rows * factor, name="scaled"), Step(lambda scaled: scaled + 1, name="more")]
    assert Pipeline(steps, store=local_store).run(rows=5, executor=processes)["more"] == 16


def test_big_values_go_by_where_they_lie(local_store):
    sizes = []

    class Scale(concurrent.futures.Executor):
        def submit(self, function, /, *arguments):
            sizes.append(len(arguments[0]))
            future = concurrent.futures.Future()
            future.set_result(function(*arguments))
            sizes.append(len(future.result()))
            return future

    def joined(frame, parameter):
        return frame.join(parameter)

    parameter = pd.DataFrame({"y": np.random.default_rng(0).random(BIG)})
    result = Pipeline([frame, joined], store=local_store).run(rows=BIG, parameter=parameter, executor=Scale())
    assert result["joined"].shape == (BIG, 2)
    assert max(sizes) < 20_000 < 8 * BIG


def test_an_error_that_can_not_be_pickled_comes_back_in_words(local_store, processes):
    class Odd(Exception):
        def __init__(self, one, two):
            super().__init__(one)
            self.lock = threading.Lock()

    def odd(rows):
        raise Odd("strange", 2)

    with pytest.raises(PipelineError, match=r"Step 'odd' failed: .*Odd: strange\n  at .*test_workers.py:\d+ in odd"):
        Pipeline([odd], store=local_store).run(rows=3, executor=processes)


def test_an_output_that_can_not_be_sent_is_made_here_with_a_warning(local_store, processes):
    def connection(rows):
        return threading.Lock()

    with pytest.warns(RuntimeWarning, match="'connection' runs in this process.*can not be sent back"):
        result = Pipeline([connection], store=local_store).run(rows=3, executor=processes)
    assert not result["connection"].locked()


def test_an_input_that_can_not_be_sent_keeps_the_step_here_with_a_warning(local_store, processes):
    def connection():
        return threading.Lock()

    def used(connection):
        return os.getpid()

    with pytest.warns(RuntimeWarning) as warned:
        result = Pipeline([connection, used], store=local_store).run(executor=processes)
    assert result["used"] == os.getpid()
    assert any("'used' runs in this process: a lock can not be sent" in str(each.message) for each in warned)


def test_the_condition_sees_values_and_runs_here(local_store, processes):
    seen = []

    def is_long(frame):
        seen.append(len(frame))
        return len(frame) > 5

    pipeline = Pipeline([frame, Step(total, when=is_long)], store=local_store)
    assert pipeline.run(rows=10, executor=processes)["total"] == 45.0
    assert "total" in pipeline.run(rows=4, executor=processes)
    assert seen == [10, 4]


def test_what_is_called_here_need_not_be_sendable(local_store, processes):
    lock = threading.Lock()
    step = Step(process, when=lambda frame: not lock.locked(), on_success=lambda process: lock.acquire())
    result = Pipeline([frame, step], store=local_store).run(rows=3, executor=processes)
    assert result["process"] != os.getpid()
    assert lock.locked()


def test_a_timeout_ends_a_step_in_a_worker(local_store, processes):
    def endless(rows):
        return sum(range(10**12))

    with pytest.raises(PipelineError, match=r"Step 'endless' failed: it took longer than 0\.2 s and was ended"):
        Pipeline([Step(endless, timeout=0.2)], store=local_store).run(rows=1, executor=processes)


def test_a_step_may_use_processes_itself(local_store, processes):
    def forks(rows):
        child = os.fork()
        if not child:
            os._exit(0)
        return os.waitpid(child, 0)[1]

    def nested(rows):
        return Pipeline([frame, total], store=local_store).run(rows=rows, executor=2, progress=False)["total"]

    assert Pipeline([forks], store=local_store).run(rows=3, executor=processes)["forks"] == 0
    assert (
        Pipeline([Step(nested, ignore="local_store")], store=local_store).run(rows=3, executor=processes)["nested"] == 3
    )


def test_without_cache_nothing_is_written(tmp_path, processes):
    def many(frame, number):
        return frame["x"] * number

    pipeline = Pipeline([frame, total, Step(many, over="number")], store=tmp_path / "store", cache=False)
    result = pipeline.run(rows=BIG, number=[1, 2, 3], executor=processes)
    assert result["total"] == BIG * (BIG - 1) / 2
    assert result["many"][2].sum() == 3 * result["total"]
    assert not (tmp_path / "store").exists()


# -- workers that die ------------------------------------------------------------------------


def killed(rows):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.faults
def test_a_step_that_kills_its_process_fails_alone(local_store, processes, status):
    steps = [killed, Step(lambda rows: rows, name="before"), Step(lambda before: before + 1, name="after")]
    pipeline = Pipeline([*steps, Step(lambda killed: 1, name="needs_it")], store=local_store)
    with pytest.raises(PipelineError, match="Step 'killed' failed: ") as caught:
        pipeline.run(rows=3, executor=processes)
    assert "died" in str(caught.value)
    assert "Not run, as they need what failed: needs_it." in caught.value.__notes__
    repaired = pipeline.replace(killed=lambda rows: 7)
    if isinstance(processes, ProcessPoolExecutor):
        processes = 2
    result = repaired.run(rows=3, executor=processes)
    assert status(result) == {"killed": "done", "before": "cached", "after": "cached", "needs_it": "done"}


@pytest.mark.faults
def test_steps_beside_one_that_kills_its_process_are_made_once_more(local_store, tmp_path):
    def killer(folder):
        meet(folder, "killer", ["victim"])
        os.kill(os.getpid(), signal.SIGKILL)

    def victim(folder):
        if (Path(folder) / "victim").exists():
            return "again"
        (Path(folder) / "victim").touch()
        return threading.Event().wait()

    with pytest.raises(PipelineError, match=r"Step 'killer' failed: the process it ran in died.*SIGKILL") as caught:
        Pipeline([killer, victim], store=local_store).run(folder=str(tmp_path), executor=2)
    assert len(caught.value.__notes__) == 1
    assert Pipeline([victim], store=local_store).run(folder=str(tmp_path))["victim"] == "again"


# -- which workers there are -----------------------------------------------------------------


def test_what_makes_calls_follows_from_the_executor(local_store):
    cache = Cache(local_store)
    assert isinstance(workers_for(None, cache), Here)
    assert isinstance(workers_for(1, cache), Here)
    assert isinstance(workers_for(2, cache), OwnProcesses)
    assert isinstance(workers_for(ThreadPoolExecutor(1), cache), Threads)
    assert type(workers_for(ProcessPoolExecutor(1), cache)) is Processes


@pytest.mark.parametrize("wrong", [0, -1, True, 1.5, "processes"])
def test_anything_else_is_refused(local_store, wrong):
    with pytest.raises(PipelineError, match="neither a number of processes, 1 or more, nor"):
        workers_for(wrong, Cache(local_store))


def test_processes_can_not_reach_a_store_in_memory():
    with pytest.raises(PipelineError, match="Other processes can not reach memory://here"):
        Pipeline([frame], store="memory://here").run(rows=1, executor=2)
    assert len(Pipeline([frame], store="memory://here", cache=False).run(rows=1, executor=2)["frame"]) == 1


def test_the_width_is_asked_of_the_executor(dask_executor):
    assert width_of(ThreadPoolExecutor(3)) == 3
    assert width_of(dask_executor) == 2
    assert width_of(object()) == os.cpu_count()
