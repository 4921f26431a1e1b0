import gc
import weakref

import numpy as np

from mlopskit.pipeline import Pipeline, Step
from mlopskit.pipeline.caching.cache import Cache
from mlopskit.pipeline.caching.outputs import Outputs


class Table(np.ndarray):
    """An array that can be watched."""


def test_a_value_that_is_on_the_store_can_be_let_go_and_comes_back(store):
    cache = Cache(store)
    outputs, kept = Outputs(cache), cache.save([1, 2])
    outputs.add_kept({"rows": kept}, {"rows": [1, 2]})
    assert outputs.in_memory("rows")
    outputs.let_go("rows")
    assert not outputs.in_memory("rows")
    assert outputs.value("rows") == [1, 2]
    assert outputs.digest("rows") == kept.digest()


def test_a_value_that_is_nowhere_else_stays(store):
    outputs = Outputs(Cache(store))
    outputs.add_value("rows", [1, 2], "digest")
    outputs.let_go("rows")
    outputs.let_go("unknown")
    assert outputs.value("rows") == [1, 2]
    assert outputs.kept("rows") is None


def test_a_given_value_stays_whatever_its_step_gives(store):
    cache = Cache(store)
    outputs = Outputs(cache)
    outputs.give("rows", [7], "digest")
    outputs.add_value("rows", [1, 2], "another")
    outputs.add_kept({"rows": cache.save([1, 2])})
    assert outputs.value("rows") == [7]


def test_intermediate_outputs_do_not_stay_in_memory(local_store):
    alive = []

    def watched(size):
        array = np.arange(size, dtype=float)
        alive.append(weakref.ref(array))
        return array

    def beside(table):
        side = table + 1
        alive.append(weakref.ref(side))
        return side, float(table.sum())

    def scores(total):
        gc.collect()
        return {"alive": sum(each() is not None for each in alive), "total": total}

    steps = [
        Step(watched, name="table", ignore="alive"),
        Step(beside, outputs=("side", "total"), ignore="alive"),
        Step(scores, ignore=("alive", "gc")),
    ]
    result = Pipeline(steps, store=local_store).run("scores", size=10_000)
    assert result["scores"]["alive"] == 0
    assert len(result["side"]) == 10_000
