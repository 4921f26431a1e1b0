"""Steps run on a real Ray cluster of one machine, which a process of its own starts and stops."""

import importlib.util
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed")

PROGRAM = """
import os, sys

import ray

from mlopskit.extras.ray import RayExecutor
from mlopskit.pipeline import Pipeline, Step

def numbers(n):
    return list(range(n))

def doubled(numbers):
    return [2 * number for number in numbers], os.getpid()

def broken(numbers):
    raise ValueError("too few")

store = sys.argv[1]
ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, _node_ip_address="127.0.0.1")
executor = RayExecutor()
pipeline = Pipeline([numbers, Step(doubled, outputs=("values", "process"))], store=store)
result = pipeline.run(n=5, executor=executor)
print(result["values"], result["process"] != os.getpid(), pipeline.run(n=5).cached)
squares = Step(lambda item: item * item, name="squares", over="item")
print(Pipeline([squares], store=store).run(item=list(range(40)), executor=executor)["squares"][-1])
try:
    Pipeline([numbers, broken], store=store).run(n=1, executor=executor)
except Exception as error:
    print(str(error).splitlines()[0], repr(error.__cause__))
ray.shutdown()
"""


def test_steps_items_and_errors_on_ray(tmp_path):
    # Ray would tell its makers about this machine.
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0"}
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, str(tmp_path / "store")]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert ran.stdout.splitlines() == [
        "[0, 2, 4, 6, 8] True True",
        "1521",
        "Step 'broken' failed: ValueError: too few ValueError('too few')",
    ], ran.stderr
