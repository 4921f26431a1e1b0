"""What each pipeline library does when it runs functions, and when it keeps what they gave.

`TOOLS` has one class for each of them, which all do the same with plain functions: `build` wires them by the names of
their arguments, `fan` applies one to every item of a list, `pool` does so in two processes. What a library can not do
raises `UnableError` with the reason, which `benchmarks/pipeline.py` prints below its table. Caches lie in the folder
that the tool is given.
"""

import inspect
import logging
import os
from collections.abc import Callable
from pathlib import Path

Run = Callable[[dict], object]
Fan = Callable[[list], list]


class UnableError(Exception):
    """The library, or the state it is in, has no way to do this."""


class Tool:
    """What a library can not do unless its class says how."""

    name = package = distribution = ""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def build(self, functions: list[Callable], *, cache: bool) -> Run:  # noqa: ARG002
        raise UnableError("runs no chain of functions here")

    def ask(self, functions: list[Callable], inputs: dict) -> object:
        """Return the answer of the last function, by way of the cache."""
        return self.build(functions, cache=True)(inputs)

    def fan(self, function: Callable, *, cache: bool) -> Fan:  # noqa: ARG002
        raise UnableError("has no fan-out here")

    def pool(self, function: Callable) -> Fan:  # noqa: ARG002
        raise UnableError("has no worker processes here")


def one_by_one(functions: list[Callable], wrap: Callable[[Callable], Callable]) -> Run:
    """Call wrapped functions in order, each with what the arguments of the plain one name."""
    wrapped = [(each.__name__, list(inspect.signature(each).parameters), wrap(each)) for each in functions]

    def run(inputs: dict) -> object:
        values = dict(inputs)
        for name, arguments, call in wrapped:
            values[name] = call(**{argument: values[argument] for argument in arguments if argument in values})
        return values[wrapped[-1][0]]

    return run


class Plain(Tool):
    """Python alone."""

    name = "plain calls"

    def build(self, functions: list[Callable], *, cache: bool) -> Run:
        if cache:
            raise UnableError("keeps nothing")
        return one_by_one(functions, lambda function: function)

    def fan(self, function: Callable, *, cache: bool) -> Fan:
        if cache:
            raise UnableError("keeps nothing")
        return lambda items: [function(item) for item in items]

    def pool(self, function: Callable) -> Fan:
        from concurrent.futures import ProcessPoolExecutor

        executor = ProcessPoolExecutor(2)
        return lambda items: list(executor.map(function, items))


class Mlopskit(Tool):
    """Ours, as it comes."""

    name = package = distribution = "mlopskit"

    def build(self, functions: list[Callable], *, cache: bool) -> Run:
        from mlopskit import Step

        pipeline, last = self._pipeline([Step(each, name=each.__name__) for each in functions], cache)
        return lambda inputs: pipeline.run(last, **inputs)[last]

    def fan(self, function: Callable, *, cache: bool) -> Fan:
        pipeline, last = self._pipeline([self._over(function)], cache)
        return lambda items: pipeline.run(item=items)[last]

    def pool(self, function: Callable) -> Fan:
        pipeline, last = self._pipeline([self._over(function)], False)

        def run(items: list) -> list:
            try:
                return pipeline.run(executor=2, item=items)[last]
            except Exception as error:
                raise UnableError(f"Pipeline.run(executor=2): {error}") from error

        return run

    def _over(self, function: Callable):
        from mlopskit import Step

        try:
            return Step(function, name="tasks", over="item")
        except TypeError as error:
            raise UnableError(f"not there yet: {error}") from error

    def _pipeline(self, steps: list, cache: bool) -> tuple:
        from mlopskit import Pipeline

        options = {} if cache else {"cache": False}
        try:
            return Pipeline(steps, store=self.folder / "store", **options), steps[-1].name
        except TypeError as error:
            raise UnableError(f"not there yet: {error}") from error


class Joblib(Tool):
    """`joblib.Memory` around every function, `joblib.Parallel` for processes."""

    name = package = distribution = "joblib"

    def build(self, functions: list[Callable], *, cache: bool) -> Run:
        return one_by_one(functions, self._memory(cache).cache)

    def fan(self, function: Callable, *, cache: bool) -> Fan:
        kept = self._memory(cache).cache(function)
        return lambda items: [kept(item) for item in items]

    def pool(self, function: Callable) -> Fan:
        import joblib

        parallel, delayed = joblib.Parallel(n_jobs=2), joblib.delayed(function)
        return lambda items: parallel(delayed(item) for item in items)

    def _memory(self, cache: bool):
        import joblib

        return joblib.Memory(self.folder / "joblib" if cache else None, verbose=0)


class Hamilton(Tool):
    """A driver over the functions, with its own cache; `Parallelizable` for a fan-out."""

    name, package, distribution = "hamilton", "hamilton", "sf-hamilton"
    fan_source = """
from hamilton.htypes import Collect, Parallelizable

from {module} import {name} as _function

def item(items: list) -> Parallelizable[int]:
    yield from items

def task(item: int) -> object:
    return _function(item)

def tasks(task: Collect[object]) -> list:
    return list(task)
"""

    def build(self, functions: list[Callable], *, cache: bool) -> Run:
        from hamilton import ad_hoc_utils, driver

        module, last = ad_hoc_utils.create_temporary_module(*functions), functions[-1].__name__
        executed = self._cached(driver.Builder().with_modules(module), cache).build().execute
        return lambda inputs: executed([last], inputs=inputs)[last]

    def fan(self, function: Callable, *, cache: bool) -> Fan:
        from hamilton.execution.executors import SynchronousLocalTaskExecutor

        return self._dynamic(function, SynchronousLocalTaskExecutor(), cache)

    def pool(self, function: Callable) -> Fan:
        from hamilton.execution.executors import MultiProcessingExecutor

        return self._dynamic(function, MultiProcessingExecutor(max_tasks=2), False)

    def _dynamic(self, function: Callable, executor, cache: bool) -> Fan:
        from hamilton import driver

        source = self.fan_source.format(module=function.__module__, name=function.__name__)
        Path("hamilton_fan.py").write_text(source)
        import hamilton_fan

        builder = driver.Builder().with_modules(hamilton_fan)
        builder = builder.enable_dynamic_execution(allow_experimental_mode=True).with_remote_executor(executor)
        executed = self._cached(builder, cache).build().execute
        return lambda items: executed(["tasks"], inputs={"items": items})["tasks"]

    def _cached(self, builder, cache: bool):
        return builder.with_cache(path=self.folder / "hamilton") if cache else builder


class Pipefunc(Tool):
    """Its pipeline with the cache on disk."""

    name = package = distribution = "pipefunc"

    def build(self, functions: list[Callable], *, cache: bool) -> Run:
        from pipefunc import PipeFunc

        last = functions[-1].__name__
        pipeline = self._pipeline([PipeFunc(each, output_name=each.__name__, cache=cache) for each in functions], cache)
        return lambda inputs: pipeline.run(last, kwargs=inputs)

    def fan(self, function: Callable, *, cache: bool) -> Fan:
        pipeline = self._mapped(function, cache)
        return lambda items: list(self._map(pipeline, items, parallel=False))

    def pool(self, function: Callable) -> Fan:
        from concurrent.futures import ProcessPoolExecutor

        pipeline, executor = self._mapped(function, False), ProcessPoolExecutor(2)
        return lambda items: list(self._map(pipeline, items, parallel=True, executor=executor, chunksizes=1))

    def _map(self, pipeline, items: list, **options):
        return pipeline.map({"item": items}, storage="dict", show_progress=False, **options)["tasks"].output

    def _mapped(self, function: Callable, cache: bool):
        from pipefunc import PipeFunc

        return self._pipeline([PipeFunc(function, "tasks", mapspec="item[i] -> tasks[i]", cache=cache)], cache)

    def _pipeline(self, functions: list, cache: bool):
        from pipefunc import Pipeline

        kept = {"cache_type": "disk", "cache_kwargs": {"cache_dir": str(self.folder / "pipefunc")}}
        return Pipeline(functions, **(kept if cache else {"cache_type": None}))


class Redun(Tool):
    """Its local scheduler on a database of SQLite, made before the clock starts."""

    name = package = distribution = "redun"
    pool_source = """
from redun import task

from {module} import {name} as _function

@task(executor="process", namespace="pool", cache=False)
def tasks(item: int) -> object:
    return _function(item)
"""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        from redun import Scheduler
        from redun.config import Config

        processes = {"type": "local", "mode": "process", "max_workers": "2"}
        database = {"db_uri": f"sqlite:///{folder.resolve()}/redun.db"}
        self.scheduler = Scheduler(config=Config({"backend": database, "executors.process": processes}))
        self.scheduler.load()

    def build(self, functions: list[Callable], *, cache: bool) -> Run:
        expression = one_by_one(functions, lambda function: self._task(function, cache=cache))
        return lambda inputs: self.scheduler.run(expression(inputs))

    def fan(self, function: Callable, *, cache: bool) -> Fan:
        task = self._task(function, cache=cache)
        return lambda items: self.scheduler.run([task(item) for item in items])

    def pool(self, function: Callable) -> Fan:
        Path("redun_fan.py").write_text(self.pool_source.format(module=function.__module__, name=function.__name__))
        import redun_fan

        return lambda items: self.scheduler.run([redun_fan.tasks(item) for item in items])

    def _task(self, function: Callable, **options):
        from redun import task

        return task(name=function.__name__, namespace=function.__module__.replace(".", "_"), **options)(function)


class Prefect(Tool):
    """A flow on the server that Prefect starts for itself; keys of inputs and source, results kept."""

    name = package = distribution = "prefect"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        home = Path.cwd() / "prefect"
        settings = {"PREFECT_HOME": home, "PREFECT_LOCAL_STORAGE_PATH": home / "storage", "DO_NOT_TRACK": 1}
        os.environ.update({key: str(value) for key, value in settings.items()})
        os.environ.update(PREFECT_LOGGING_LEVEL="CRITICAL", PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS="60")

    def build(self, functions: list[Callable], *, cache: bool) -> Run:
        from prefect import flow

        body = one_by_one(functions, lambda function: self._task(function, cache))

        @flow(persist_result=False, validate_parameters=False)
        def chain(inputs):
            return body(inputs)

        return chain

    def ask(self, functions: list[Callable], inputs: dict) -> object:
        """Call the tasks by themselves, as a flow waits for a second before it ends."""
        return one_by_one(functions, lambda function: self._task(function, True))(inputs)

    def fan(self, function: Callable, *, cache: bool) -> Fan:
        from prefect import flow

        kept = self._task(function, cache)

        @flow(persist_result=False, validate_parameters=False)
        def fan_out(items):
            return [kept(item) for item in items]

        return fan_out

    def pool(self, function: Callable) -> Fan:
        from prefect import flow
        from prefect.task_runners import ProcessPoolTaskRunner

        task = self._task(function, False)

        @flow(persist_result=False, validate_parameters=False, task_runner=ProcessPoolTaskRunner(max_workers=2))
        def fan_out(items):
            return task.map(items).result()

        return fan_out

    def _task(self, function: Callable, cache: bool):
        from prefect import task
        from prefect.cache_policies import INPUTS, NO_CACHE, TASK_SOURCE, CachePolicy

        case = CachePolicy.from_cache_key_fn(lambda *_: str(self.folder))
        policy = INPUTS + TASK_SOURCE + case if cache else NO_CACHE
        return task(function, cache_policy=policy, persist_result=cache)


class Exca(Tool):
    """An infra on disk around each function; code is not looked at."""

    name = package = distribution = "exca"

    def build(self, functions: list[Callable], *, cache: bool) -> Run:
        return one_by_one(functions, lambda function: self._kept(function, cache))

    def _kept(self, function: Callable, cache: bool) -> Callable:
        import exca
        import pydantic

        arguments = list(inspect.signature(function).parameters)
        place = {"folder": str(self.folder)} if cache else {}

        class Base(pydantic.BaseModel):
            infra: exca.TaskInfra = exca.TaskInfra()

            @infra.apply
            def call(self):
                return function(**{argument: getattr(self, argument) for argument in arguments})

        model = pydantic.create_model(
            function.__name__, __base__=Base, __module__=function.__module__, **dict.fromkeys(arguments, (int, ...))
        )
        return lambda **values: model(**values, infra=place).call()


class Kedro(Tool):
    """The sequential runner, on data sets in memory; it keeps nothing unless a catalog says so."""

    name = package = distribution = "kedro"

    def build(self, functions: list[Callable], *, cache: bool) -> Run:
        if cache:
            raise UnableError("keeps nothing by itself")
        from kedro.io import DataCatalog, MemoryDataset
        from kedro.pipeline import node, pipeline
        from kedro.runner import SequentialRunner

        logging.disable(logging.WARNING)
        nodes = [
            node(each, list(inspect.signature(each).parameters), each.__name__, name=each.__name__)
            for each in functions
        ]
        made, last = pipeline(nodes), functions[-1].__name__

        def run(inputs: dict) -> object:
            catalog = DataCatalog({name: MemoryDataset(value) for name, value in inputs.items()})
            output = SequentialRunner().run(made, catalog)[last]
            return output.load() if hasattr(output, "load") else output

        return run


ALL = [Mlopskit, Joblib, Hamilton, Pipefunc, Redun, Prefect, Exca, Kedro]
TOOLS = {tool.name: tool for tool in [Plain, *ALL]}
