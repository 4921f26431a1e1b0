"""Steps run on a real Ray cluster of one machine."""

import os

import pytest

from mlopskit.pipeline import Pipeline, Step

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # Ray would tell its makers about this machine
ray = pytest.importorskip("ray")
from mlopskit.extras.ray import RayExecutor

pytestmark = pytest.mark.filterwarnings("ignore")  # what Ray itself warns of is its own affair


@pytest.fixture(scope="module")
def executor():
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, _node_ip_address="127.0.0.1")
    yield RayExecutor()
    ray.shutdown()


def numbers(n):
    return list(range(n))


def doubled(numbers):
    return [2 * number for number in numbers], os.getpid()


def test_steps_run_on_ray_and_come_from_the_cache_afterwards(executor, tmp_path):
    pipeline = Pipeline([numbers, Step(doubled, outputs=("values", "process"))], store=tmp_path)
    result = pipeline.run(n=5, executor=executor)
    assert result["values"] == [0, 2, 4, 6, 8]
    assert result["process"] != os.getpid()
    assert pipeline.run(n=5).cached


def test_an_error_on_ray_comes_back_with_its_cause(executor, tmp_path):
    def broken(n):
        raise ValueError("too few")

    with pytest.raises(Exception, match="Step 'broken' failed: ValueError: too few") as caught:
        Pipeline([broken], store=tmp_path).run(n=1, executor=executor)
    assert isinstance(caught.value.__cause__, ValueError)


def test_items_run_on_ray(executor, tmp_path):
    pipeline = Pipeline([Step(lambda item: item * item, name="squares", over="item")], store=tmp_path)
    assert pipeline.run(item=list(range(40)), executor=executor)["squares"] == [i * i for i in range(40)]
