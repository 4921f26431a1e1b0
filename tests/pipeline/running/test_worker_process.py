"""What worker processes know of code that was edited after they had imported it, and of inputs."""

import importlib
import multiprocessing
import os
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

from mlopskit.pipeline import Pipeline
from mlopskit.pipeline.caching.cache import Cache
from mlopskit.pipeline.running.worker_process import (
    REMEMBERED,
    InputLostError,
    Sent,
    _Loaded,
    _loaded,
    children_allowed,
)

MODULE = """
LIMIT = {limit}
_seen = []

class Model:
    def predict(self, x):
        return x * {factor}

def capped(n):
    return min(n, LIMIT) * {factor}

def model():
    return Model()

def predicted(model, n):
    return model.predict(n)

def counted(n):
    _seen.append(n)
    return n
"""


@pytest.fixture
def edited(tmp_path, monkeypatch):
    """Write a module that workers import, and load it here anew."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    name = f"edited_{os.urandom(4).hex()}"

    def write(limit, factor):
        (tmp_path / f"{name}.py").write_text(MODULE.format(limit=limit, factor=factor))
        importlib.invalidate_caches()
        return importlib.reload(sys.modules[name]) if name in sys.modules else importlib.import_module(name)

    yield write
    sys.modules.pop(name, None)


def outputs(module, store, executor):
    result = Pipeline([module.capped, module.model, module.predicted], store=store).run(n=100, executor=executor)
    return result["capped"], result["predicted"]


VERSIONS = {(10, 1): (10, 100), (20, 1): (20, 100), (20, 3): (60, 300), (10, 3): (30, 300)}


def test_own_workers_that_know_old_code_are_replaced(edited, local_store):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for (limit, factor), expected in VERSIONS.items():
            assert outputs(edited(limit, factor), local_store, 2) == expected


def test_for_workers_of_the_user_that_know_old_code_steps_run_here_with_a_warning(edited, local_store):
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        versions = iter(VERSIONS.items())
        (limit, factor), expected = next(versions)
        assert outputs(edited(limit, factor), local_store, pool) == expected
        for (limit, factor), expected in versions:
            with pytest.warns(RuntimeWarning, match="runs in this process: the .* is another one in the worker"):
                assert outputs(edited(limit, factor), local_store, pool) == expected


def test_what_a_step_changes_in_its_module_does_not_make_its_worker_strange(edited, local_store):
    module = edited(1, 1)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        for n in (1, 2, 3):
            assert Pipeline([module.counted], store=local_store).run(n=n, executor=pool)["counted"] == n


def test_of_big_inputs_the_last_ones_are_remembered_and_small_ones_push_none_out(local_store):
    cache, loaded = Cache(local_store), _Loaded()
    big = [cache.save(np.full(10_000, number)) for number in range(REMEMBERED + 1)]
    first = loaded.value(big[0], cache)
    assert loaded.value(big[0], cache) is first
    for kept in big[1:]:
        loaded.value(kept, cache)
    assert loaded.value(big[0], cache) is not first
    last = _loaded(Sent.of(big[-1]), cache)
    for number in range(100):
        assert _loaded(Sent.of(cache.save(f"item {number}")), cache) == f"item {number}"
    assert _loaded(Sent.of(big[-1]), cache) is last


def test_an_input_that_is_gone_is_told_from_a_failing_step(local_store):
    cache = Cache(local_store)
    sent = Sent.of(cache.save(np.arange(10_001)))
    local_store.delete(*local_store.list("blobs"))
    with pytest.raises(InputLostError, match="an input can not be loaded"):
        _loaded(sent, cache)


def test_a_step_whose_input_a_worker_can_not_read_runs_here(local_store):
    def long():
        return list(range(10_000))

    def total(long):
        return sum(long)

    pipeline = Pipeline([long, total], store=local_store)
    pipeline.run("long")
    local_store.delete(*local_store.list("blobs"))
    with pytest.warns(RuntimeWarning, match=r"'(total|long)' runs"):
        assert pipeline.run(executor=2)["total"] == sum(range(10_000))


def test_a_daemonic_process_may_start_processes_for_a_while():
    config = multiprocessing.current_process()._config
    config["daemon"] = True
    try:
        with children_allowed():
            assert not multiprocessing.current_process().daemon
        assert multiprocessing.current_process().daemon
    finally:
        config.pop("daemon")
