"""What each tracking library does when it logs: ``python benchmarks/tracking_peers.py LIBRARY MEASURE COUNT``.

Runs one measure of one library in this process, in the working directory, which should be empty, and prints the result
as JSON in the last line. `benchmarks/tracking.py` starts a process for each of them.
"""

import json
import logging
import os
import random
import resource
import sys
import time
from pathlib import Path

os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true", GIT_PYTHON_REFRESH="quiet", DVC_NO_ANALYTICS="true")
PARAMS = {f"param_{number}": number / 7 for number in range(20)}
METRICS = {f"metric_{number}": number / 3 for number in range(20)}


class Mlopskit:
    """Ours, as it comes."""

    name = "mlopskit"

    def __init__(self, folder: Path) -> None:
        from mlopskit import Tracker

        self.tracker = Tracker(folder / "store")

    def start(self, params: dict) -> None:
        self.run = self.tracker.start_run(params=params)
        self.log = self.run.log_metric

    def log_all(self, metrics: dict) -> None:
        self.run.log_metrics(metrics)

    def finish(self) -> None:
        self.run.finish()


class Mlflow:
    """A database of SQLite, which is what MLflow recommends for one machine."""

    name = "mlflow"

    def __init__(self, folder: Path) -> None:
        import mlflow

        mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
        mlflow.set_experiment("benchmark")
        self.mlflow, self.log, self.log_all, self.finish = mlflow, mlflow.log_metric, mlflow.log_metrics, mlflow.end_run

    def start(self, params: dict) -> None:
        self.mlflow.start_run()
        if params:
            self.mlflow.log_params(params)


class Trackio:
    """Its own SQLite database; points reach it from a thread."""

    name = "trackio"

    def __init__(self, folder: Path) -> None:
        os.environ["TRACKIO_DIR"] = str(folder)
        import trackio

        self.trackio, self.log_all, self.finish = trackio, trackio.log, trackio.finish

    def start(self, params: dict) -> None:
        self.trackio.init(project="benchmark", config=params, embed=False, auto_log_gpu=False)

    def log(self, name: str, value: float, step: int) -> None:
        self.trackio.log({name: value}, step=step)


class Dvclive:
    """Text files; experiments of DVC, which need a git repository, are off."""

    name = "dvclive"

    def __init__(self, folder: Path) -> None:
        import dvclive

        self.live, self.folder, self.runs = dvclive.Live, folder, 0

    def start(self, params: dict) -> None:
        self.runs += 1
        self.run = self.live(str(self.folder / str(self.runs)), save_dvc_exp=False, report=None, monitor_system=False)
        self.run.log_params(params)

    def log(self, name: str, value: float, _: int) -> None:
        self.run.log_metric(name, value)
        self.run.next_step()

    def log_all(self, metrics: dict) -> None:
        for name, value in metrics.items():
            self.run.log_metric(name, value)

    def finish(self) -> None:
        self.run.end()


class Wandb:
    """Offline: a process beside this one writes the files, its time counts when it has ended."""

    name = "wandb"

    def __init__(self, folder: Path) -> None:
        import wandb

        self.wandb, self.folder = wandb, folder

    def start(self, params: dict) -> None:
        settings = self.wandb.Settings(console="off", x_disable_stats=True)
        self.run = self.wandb.init(project="benchmark", dir=self.folder, config=params, settings=settings)

    def log(self, name: str, value: float, step: int) -> None:
        self.run.log({name: value}, step=step)

    def log_all(self, metrics: dict) -> None:
        self.run.log(metrics)

    def finish(self) -> None:
        self.run.finish()


class Aim:
    """Without its watching of the machine."""

    name = "aim"

    def __init__(self, folder: Path) -> None:
        import aim

        self.aim, self.folder = aim, folder

    def start(self, params: dict) -> None:
        self.run = self.aim.Run(repo=str(self.folder), system_tracking_interval=None, log_system_params=False)
        self.run["hparams"] = params

    def log(self, name: str, value: float, step: int) -> None:
        self.run.track(value, name=name, step=step)

    def log_all(self, metrics: dict) -> None:
        for name, value in metrics.items():
            self.run.track(value, name=name, step=0)

    def finish(self) -> None:
        self.run.close()


LIBRARIES = {library.name: library for library in (Mlopskit, Mlflow, Trackio, Dvclive, Wandb, Aim)}


def warm_up(library) -> None:
    """Make one run: what its first point loads, NumPy above all, is loaded by whoever trains."""
    library.start(PARAMS)
    library.log("loss", 0.5, 0)
    library.finish()


def log_points(library, count: int) -> dict:
    """Log `count` points of random values, one by one, and everything it takes until they are safe."""
    values = [random.random() for _ in range(count)]
    warm_up(library)
    before = size_of_files()
    library.start({})
    start = clocks()
    log = library.log
    for step, value in enumerate(values):
        log("loss", value, step)
    library.finish()
    cpu, wall = since(start)
    return {"cpu_us": cpu / count * 1e6, "wall_us": wall / count * 1e6, "bytes": (size_of_files() - before) / count}


def many_runs(library, count: int) -> dict:
    """Make `count` runs with 20 params and 20 metrics each."""
    warm_up(library)
    before, start = len(files()), clocks()
    for _ in range(count):
        library.start(PARAMS)
        library.log_all(METRICS)
        library.finish()
    cpu, wall = since(start)
    made = (len(files()) - before) / count
    return {"cpu_ms": cpu / count * 1e3, "wall_ms": wall / count * 1e3, "objects": made}


def empty_runs(library, count: int) -> dict:
    """Start and end `count` runs."""
    warm_up(library)
    start = clocks()
    for _ in range(count):
        library.start({})
        library.finish()
    cpu, wall = since(start)
    return {"cpu_ms": cpu / count * 1e3, "wall_ms": wall / count * 1e3}


def search(library, count: int) -> dict:
    """Search `count` runs of MLflow, in the process that made them."""
    for _ in range(count):
        library.start(PARAMS)
        library.log_all(METRICS)
        library.finish()
    times = []
    for _ in range(5):
        start = clocks()
        found = library.mlflow.search_runs(filter_string="metrics.metric_1 > 0", max_results=50_000)
        times.append(since(start)[1])
        assert len(found) == count
    return {"wall_ms": sorted(times)[2] * 1e3}


MEASURES = {"log": log_points, "runs": many_runs, "empty": empty_runs, "search": search}


def clocks() -> tuple[float, float]:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime, time.perf_counter()


def since(start: tuple[float, float]) -> tuple[float, float]:
    """Return seconds of this process and the children it has waited for, and seconds by the clock."""
    cpu, wall = clocks()
    return cpu - start[0], wall - start[1]


def files() -> list[Path]:
    return [path for path in Path.cwd().rglob("*") if path.is_file()]


def size_of_files() -> int:
    return sum(path.stat().st_size for path in files())


def main(name: str, measure: str, count: str) -> None:
    logging.disable(logging.INFO)
    print("\n" + json.dumps(MEASURES[measure](LIBRARIES[name](Path.cwd()), int(count))), flush=True)
    os._exit(0)  # all is finished; threads and processes that a library leaves behind are not waited for


if __name__ == "__main__":
    main(*sys.argv[1:])
