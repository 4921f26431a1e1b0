"""How fast is the tracking room? ``python benchmarks/tracking.py`` prints the tables; ``--quick`` takes fewer samples.

Every measure runs in a process of its own, peers (those of mlflow, trackio, dvclive, wandb and aim that are installed)
in turn with ours, so that ratios hold on a noisy machine. Cells are medians; behind a peer's stands its ratio to ours.
"""

import argparse
import importlib
import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
PEERS = ["mlflow", "trackio", "dvclive", "wandb", "aim"]
POINTS = {"mlopskit": 100_000, "dvclive": 300, "wandb": 5_000, "aim": 5_000}  # 1,000 for the others
RUNS = {"mlopskit": 200, "dvclive": 100}  # 20 for the others
SEARCHED, PEERS_SEARCHED = 10_000, 500
SERIES = 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one sample each, a tenth of the runs to search")
    parser.add_argument("--own", nargs=2, metavar=("MEASURE", "COUNT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.own:
        print("\n" + json.dumps(OWN[options.own[0]](int(options.own[1]))), flush=True)
        return
    scale, repeats = (0.1, 1) if options.quick else (1, 5)
    libraries = ["mlopskit", *filter(importlib.util.find_spec, PEERS)]
    logging_table(libraries, repeats)
    reading_table(libraries, repeats, scale)


def logging_table(libraries: list[str], repeats: int) -> None:
    points = sampled(libraries, repeats, "log", lambda name: POINTS.get(name, 1_000))
    runs = sampled(libraries, min(repeats, 3), "runs", lambda name: RUNS.get(name, 20))
    empty = sampled(libraries, min(repeats, 3), "empty", lambda name: RUNS.get(name, 20))
    imports = {name: import_time(name, repeats) for name in libraries}
    rows = [
        row("log_metric, CPU us a call", "<= 1", points, "cpu_us"),
        row("log_metric, wall us a call", "", points, "wall_us"),
        row("bytes a point", "<= 12", points, "bytes"),
        row("run of 20 params + 20 metrics, CPU ms", "<= 2", runs, "cpu_ms"),
        row("the same, wall ms", "", runs, "wall_ms"),
        row("the same, files it leaves", "", runs, "objects"),
        row("start and end of an empty run, CPU ms", "", empty, "cpu_ms"),
        row("the same, wall ms", "", empty, "wall_ms"),
        row("import, CPU ms beyond the interpreter", "<= 150", imports, "cpu_ms"),
    ]
    table(
        f"Logging, to a local disk, until everything is safe; median of {repeats} processes. Points logged: "
        f"{POINTS['mlopskit']:,} by ours, {POINTS['dvclive']} by dvclive, 5,000 by wandb and aim, 1,000 by others",
        ["", "target", *libraries],
        rows,
    )


def reading_table(libraries: list[str], repeats: int, scale: float) -> None:
    count = int(SEARCHED * scale)
    rows = [["one metric of 1,000,000 points, ms", "", number(median_of("series", SERIES, repeats)), ""]]
    with tempfile.TemporaryDirectory() as folder:
        written = own("write", count, folder)["seconds"]
        warm = [own("search", count, folder) for _ in range(repeats)]
        fresh = [own("fresh", count, folder) for _ in range(repeats)]
        ours = statistics.median(each["wall_ms"] for each in warm)
        peer = ""
        if "mlflow" in libraries:
            theirs = measured("mlflow", "search", PEERS_SEARCHED)["wall_ms"]
            peer = f"{number(theirs)} for {PEERS_SEARCHED} runs"
        first = statistics.median(each["first_ms"] for each in fresh)
        rows += [
            [f"search {count:,} runs, warm, ms", "<= 5", number(ours), peer],
            ["the same, first in a process, ms", "<= 50", number(first), ""],
            ["the same, imports included, ms", "", number(statistics.median(e["whole_ms"] for e in fresh)), ""],
            [f"write {count:,} imported runs, ms a run", "", number(written / count * 1e3), ""],
        ]
    if all(importlib.util.find_spec(name) for name in ("moto", "s3fs")):
        cold = own("s3", int(200 * scale))
        rows += [["first search on S3 after compaction, requests", "", number(cold["requests"]), ""]]
    table("Reading", ["", "target", "mlopskit", "mlflow"], rows)


# -- measures of ours alone, each in a process of its own --------------------------------------


def write(count: int) -> dict:
    """Write `count` runs with 20 params and 20 metrics, as an import does, and search once."""
    import numpy as np

    from mlopskit import Store, Tracker
    from mlopskit.tracking.importing import import_run, run_id_for

    store, start = Store("store"), time.perf_counter()
    one = np.zeros(1, np.int64)
    for run in range(count):
        started = 1_700_000_000_000 + run * 60_000
        moment = f"2026-01-01T{run // 3600 % 24:02d}:{run // 60 % 60:02d}:{run % 60:02d}+00:00"
        state = {
            "experiment": "default", "name": f"run-{run}", "status": "finished", "started": moment, "ended": moment,
            "params": {f"param_{each}": run % (each + 2) for each in range(20)}, "tags": {"team": "ops"},
        }  # fmt: skip
        points = {f"metric_{each}": (one, one, np.array([run / (each + 1)])) for each in range(20)}
        import_run(store, run_id=run_id_for(f"{run}", started), state=state, points=points, files={})
    seconds = time.perf_counter() - start
    assert len(search_ours(Tracker(store))) == count // 2
    return {"seconds": seconds}


def search_ours(tracker):
    return tracker.runs("params.param_0 == 1 and metrics.metric_1 >= 0", order_by="metrics.metric_1 desc")


def search(count: int) -> dict:
    """Search in a process that has searched before."""
    from mlopskit import Tracker

    tracker = Tracker("store")
    assert len(search_ours(tracker)) == count // 2
    times = [timed(search_ours, tracker) for _ in range(9)]
    return {"wall_ms": statistics.median(times) * 1e3}


def fresh(_: int) -> dict:
    """Search in a process that has done nothing but the imports."""
    start = time.perf_counter()
    from mlopskit import Tracker

    for module in ("index", "runs_table", "search"):
        importlib.import_module(f"mlopskit.tracking.{module}")
    first = timed(lambda: search_ours(Tracker("store")))
    return {"first_ms": first * 1e3, "whole_ms": (time.perf_counter() - start) * 1e3}


def series(count: int) -> dict:
    """Read one metric of `count` points."""
    import math

    from mlopskit import Tracker

    tracker = Tracker("store")
    with tracker.start_run() as run:
        for step in range(count):
            run.log_metric("loss", math.sin(step), step)
    times = []
    for _ in range(3):
        recorded = tracker.get_run(run.id)
        times.append(timed(recorded.metric, "loss"))
        assert len(recorded.metric("loss")) == count
    return {"wall_ms": statistics.median(times) * 1e3}


def s3(count: int) -> dict:
    """Count the requests of a search on S3 by a process that has never seen the store."""
    specification = importlib.util.spec_from_file_location("s3_server", ROOT / "tests" / "s3_server.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    with module.running_s3() as options:
        from mlopskit import Store, Tracker

        tracker = Tracker(Store("s3://team/benchmark", **options), environment=False)
        for _ in range(count):
            tracker.start_run(params={"depth": 6}).finish()
        tracker.runs()
        requests = subprocess.run(
            [sys.executable, "-c", COUNTING, json.dumps(options)], check=True, capture_output=True, text=True
        )
    return json.loads(requests.stdout.splitlines()[-1])


COUNTING = """
import json, sys
from aiobotocore.httpsession import AIOHTTPSession
from mlopskit import Store, Tracker

requests, send = [], AIOHTTPSession.send

async def counted(self, request):
    requests.append(f"{request.method} {request.url}")
    return await send(self, request)

AIOHTTPSession.send = counted
assert len(Tracker(Store("s3://team/benchmark", **json.loads(sys.argv[1]))).runs())
print(*requests, sep="\\n", file=sys.stderr)
print(json.dumps({"requests": len(requests)}))
"""
OWN = {"write": write, "search": search, "fresh": fresh, "series": series, "s3": s3}


# -- processes and tables ----------------------------------------------------------------------


def sampled(libraries: list[str], repeats: int, measure: str, count) -> dict[str, dict[str, float]]:
    """Return the median of each number that `measure` gives, by library."""
    samples = {name: [] for name in libraries}
    for _ in range(repeats):
        for name in libraries:
            samples[name].append(measured(name, measure, count(name)))
    return {name: medians(list(filter(None, found))) for name, found in samples.items()}


def medians(samples: list[dict]) -> dict[str, float]:
    return {key: statistics.median(each[key] for each in samples) for key in samples[0]} if samples else {}


def measured(name: str, measure: str, count: int) -> dict:
    """Run one measure of one library in a folder and a process of its own; empty if it fails."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        return in_process([ROOT / "benchmarks" / "tracking_peers.py", name, measure, str(count)], folder)


def own(measure: str, count: int, folder: str | None = None) -> dict:
    if folder:
        return in_process([__file__, "--own", measure, str(count)], folder)
    with tempfile.TemporaryDirectory() as place:
        return own(measure, count, place)


def in_process(command: list, folder: str) -> dict:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MLOPSKIT_CONFIG": f"{folder}/configuration"}
    process = subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, check=False, capture_output=True, text=True
    )
    if process.returncode:
        print(f"{command[1:]} failed: {process.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return {}
    return json.loads(process.stdout.strip().splitlines()[-1])


def median_of(measure: str, count: int, repeats: int) -> float | None:
    return medians([found for _ in range(min(repeats, 3)) if (found := own(measure, count))]).get("wall_ms")


def import_time(library: str, repeats: int) -> dict[str, float]:
    """Return the CPU time that the import takes beyond what the interpreter does."""

    def seconds(statement: str) -> float:
        def cpu() -> float:
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            return used.ru_utime + used.ru_stime

        before = cpu()
        subprocess.run([sys.executable, "-c", statement], check=True, cwd=ROOT, capture_output=True)
        return cpu() - before

    samples = [seconds(f"import {library}") - seconds("pass") for _ in range(repeats)]
    return {"cpu_ms": statistics.median(samples) * 1e3}


def timed(function, *arguments) -> float:
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def row(title: str, target: str, results: dict[str, dict[str, float]], key: str) -> list[str]:
    ours, *peers = [result.get(key) for result in results.values()]
    return [title, target, number(ours), *(f"{number(peer)} {ratio(peer, ours)}" for peer in peers)]


def number(value: float | None) -> str:
    if value is None:
        return "failed"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def ratio(peer: float | None, ours: float | None) -> str:
    return f"({number(peer / ours)} x)" if peer and ours else ""


def table(title: str, heads: list[str], rows: list[list[str]]) -> None:
    widths = [max(len(line[column]) for line in [heads, *rows]) for column in range(len(heads))]
    print(f"\n{title}")
    for line in [heads, ["-" * width for width in widths], *rows]:
        cells = [
            line[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)),
        ]
        print("  " + "  ".join(cells), flush=True)


if __name__ == "__main__":
    main()
