"""One measure of one tool: ``python benchmarks/pipeline_measures.py TOOL MEASURE OPTIONS``, OPTIONS being JSON.

Runs it in this process, in the working directory, and prints the result as JSON in the last line: ``values`` by name,
and for those that could not be had ``reasons``. `benchmarks/pipeline.py` starts a process for each of them.
"""

import importlib
import itertools
import json
import logging
import os
import resource
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from pipeline_peers import TOOLS, Tool, UnableError

FRAME = """
import numpy as np
import pandas as pd


def load(rows: int) -> pd.DataFrame:
    numbers = np.random.default_rng(0)
    frame = pd.DataFrame(numbers.standard_normal((rows, 10)), columns=[f"x{each}" for each in range(10)])
    towns = pd.Series([f"town {each:03}" for each in range(500)], dtype="str")
    for name in ("here", "there"):
        frame[name] = towns.take(numbers.integers(500, size=rows)).array
    return frame


def transform(load: pd.DataFrame) -> pd.DataFrame:
    return load[load["x0"] > -2].assign(x1=lambda frame: frame["x1"] - frame["x2"])


def summary(transform: pd.DataFrame) -> dict:
    return {"rows": len(transform), "mean": float(transform["x1"].mean())}
"""
TASKS = """
import time


def tiny(item: int) -> int:
    return item + 1


def burn(item: int) -> float:
    start, end = time.perf_counter(), time.thread_time() + (item >= 0)
    while time.thread_time() < end:
        pass
    return time.perf_counter() - start
"""


class Results:
    """What was measured, and why the rest was not."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}
        self.reasons: dict[str, str] = {}

    def take(self, name: str, measure: Callable[[], dict[str, float] | float]) -> None:
        """Measure; a failure costs these values only."""
        try:
            found = measure()
            self.values |= found if isinstance(found, dict) else {name: found}
        except Exception as error:
            said = str(error) if isinstance(error, UnableError) else f"{type(error).__name__}: {error}"
            self.reasons[name] = " ".join(said.split())[:160]


def chain(tool: type[Tool], options: dict) -> Results:
    """CPU time of a step in a chain: nothing kept, kept the first time, and all found in the process that kept it."""
    functions, count = chain_functions(options["count"]), options["count"]
    warm_up(tool)
    results, kept = Results(), []

    def first() -> dict[str, float]:
        own = tool(Path("kept"))
        start = clocks()
        run = own.build(functions, cache=True)
        check(run({"x": 0}), count)
        cpu, wall = since(start)
        kept.append(run)
        return {"first": cpu / count * 1e3, "first wall": wall / count * 1e3}

    def without() -> float:
        run = tool(Path("without")).build(functions, cache=False)
        check(run({"x": 0}), count)
        return repeated(lambda: run({"x": 0})) / count * 1e3

    results.take("first", first)
    if kept:
        results.take("hits", lambda: repeated(lambda: check(kept[0]({"x": 0}), count)) / count * 1e3)
    results.take("without", without)
    return results


def chain_again(tool: type[Tool], options: dict) -> Results:
    """The chain once more, in a process that finds all of it; what is imported lazily is imported before."""
    functions, count = chain_functions(options["count"]), options["count"]
    warm_up(tool)

    def again() -> float:
        own = tool(Path("kept"))
        start = clocks()
        check(own.build(functions, cache=True)({"x": 0}), count)
        return since(start)[0] / count * 1e3

    results = Results()
    results.take("fresh", again)
    return results


def frame(tool: type[Tool], options: dict) -> Results:
    """Seconds for a large frame: plain calls in this very process, kept the first time, found again."""
    module = written("frames", FRAME)
    functions, inputs = [module.load, module.transform, module.summary], {"rows": options["rows"]}
    plain = TOOLS["plain calls"](Path("plain")).build(functions, cache=False)
    plain({"rows": 1000})
    results, expected, kept = Results(), [], []
    results.values["MB"] = float(module.load(options["rows"]).memory_usage(deep=True).sum() / 1e6)
    results.values["plain"] = statistics.median(wall(lambda: expected.append(plain(inputs))) for _ in range(3))
    if tool.name == "plain calls":
        return results
    warm_up(tool)

    def first() -> float:
        own = tool(Path("kept"))

        def run() -> None:
            kept.append(own.build(functions, cache=True))
            check(kept[0](inputs), expected[0])

        return wall(run)

    results.take("first", first)
    if "first" in results.values:
        results.take("again", lambda: statistics.median(wall(lambda: kept[0](inputs)) for _ in range(3)))
    return results


def frame_again(tool: type[Tool], options: dict) -> Results:
    """The large frame's summary in a process that finds it."""
    module, results = written("frames", FRAME), Results()
    functions = [module.load, module.transform, module.summary]
    module.summary(module.transform(module.load(1000)))
    warm_up(tool)
    own = tool(Path("kept"))
    results.take("fresh", lambda: wall(lambda: own.build(functions, cache=True)({"rows": options["rows"]})))
    return results


def fan(tool: type[Tool], options: dict) -> Results:
    """CPU time of a tiny task among many: nothing kept, kept the first time, all found, and all but one found."""
    tiny, results, kept = written("tasks", TASKS).tiny, Results(), []
    items = list(range(options["count"]))
    expected = [item + 1 for item in items]

    def measured(run, repeat: bool) -> float:
        def call() -> None:
            check(list(run(items)), expected)

        return (repeated(call) if repeat else cpu_of(call)) / len(items) * 1e3

    def without() -> float:
        run = tool(Path("without")).fan(tiny, cache=False)
        run([-1, -2])
        return measured(run, True)

    def first() -> float:
        kept.append(tool(Path("kept")).fan(tiny, cache=True))
        kept[0]([-1, -2])
        return measured(kept[0], False)

    results.take("without", without)
    results.take("first", first)
    if "first" in results.values:
        results.take("hits", lambda: measured(kept[0], True))
        items, expected = [*items, len(items)], [*expected, len(items) + 1]
        results.take("grown", lambda: measured(kept[0], False))
    return results


def pool(tool: type[Tool], options: dict) -> Results:
    """Seconds for eight tasks that take a second of CPU each, in two processes that are up already."""
    burn, results = written("tasks", TASKS).burn, Results()
    items = list(range(options["count"]))

    def measure() -> dict[str, float]:
        run = tool(Path("pool")).pool(burn)
        run([-1, -2, -3, -4])
        seconds = []
        taken = wall(lambda: seconds.extend(run(items)))
        check(len(seconds), len(items))
        return {"wall": taken, "busy": 100 * sum(seconds) / (2 * taken)}

    results.take("wall", measure)
    return results


MEASURES = {each.__name__: each for each in (chain, chain_again, frame, frame_again, fan, pool)}


# -- programs ----------------------------------------------------------------------------------


def chain_functions(count: int) -> list[Callable]:
    """Return functions of a module, each of which adds one to what the one before gave."""
    names = ["x", *(f"s{each}" for each in range(count))]
    source = "\n\n".join(
        f"def {name}({before}: int) -> int:\n    return {before} + 1\n" for before, name in itertools.pairwise(names)
    )
    module = written("chain", source)
    return [getattr(module, name) for name in names[1:]]


def written(name: str, source: str):
    """Write a module to the working directory, unless a process before this one has, and import it."""
    path = Path(f"{name}.py")
    if not path.exists():
        path.write_text(source)
    return importlib.import_module(name)


def warm_up(tool: type[Tool]) -> None:
    """Run two steps in both ways, and again from a cache, so that whatever is imported lazily has been."""
    module = written("warm", "def w0(x: int) -> int:\n    return x + 1\n\ndef w1(w0: int) -> int:\n    return w0 + 1\n")
    for cache in (False, True, True):
        Results().take("", lambda cache=cache: tool(Path("warm")).build([module.w0, module.w1], cache=cache)({"x": 0}))


def check(found: object, expected: object) -> None:
    if found != expected:
        raise ValueError(f"wrong answer {str(found)[:60]}, not {str(expected)[:60]}")


# -- clocks ------------------------------------------------------------------------------------


def repeated(function: Callable[[], object]) -> float:
    """Return the median CPU seconds of a call, over half a second of them."""
    samples: list[float] = []
    while not samples or (sum(samples) < 0.5 and len(samples) < 30):
        samples.append(cpu_of(function))
    return statistics.median(samples)


def cpu_of(function: Callable[[], object]) -> float:
    start = clocks()
    function()
    return since(start)[0]


def wall(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def clocks() -> tuple[float, float]:
    used = children_cpu()
    return time.process_time() + used, time.perf_counter()


def since(start: tuple[float, float]) -> tuple[float, float]:
    """Return CPU seconds of this process and all below it, and seconds by the clock."""
    own, now = time.process_time(), time.perf_counter()
    return own + children_cpu() - start[0], now - start[1]


def children_cpu() -> float:
    """Return CPU seconds of the processes below this one: those that ended, and those that live."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    parents, used = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # ended since
            continue
        parents[int(path.parent.name)] = int(fields[1])
        used[int(path.parent.name)] = sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime
    below, found = {os.getpid()}, 1
    while found:
        more = {child for child, parent in parents.items() if parent in below} - below
        below, found = below | more, len(more)
    ticks = sum(used.get(process, 0) for process in below - {os.getpid()})
    return ended.ru_utime + ended.ru_stime + ticks / os.sysconf("SC_CLK_TCK")


def main(name: str, measure: str, options: str) -> None:
    logging.disable(logging.INFO)
    warnings.simplefilter("ignore")
    results = MEASURES[measure](TOOLS[name], json.loads(options))
    print("\n" + json.dumps({"values": results.values, "reasons": results.reasons}), flush=True)
    os._exit(0)  # all is measured; threads and processes that a library leaves behind are not waited for


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    main(*sys.argv[1:])
