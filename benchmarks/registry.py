"""How fast is the registry? ``python benchmarks/registry.py`` prints the table; ``--quick`` takes fewer samples.

A model of about 5 MB is registered, gets an alias, and is loaded by that alias: by ours, and by those of mlflow
(SQLite) and pins that are installed. Every sample is a process of its own, libraries in turn, so that ratios hold on a
noisy machine. Cells are medians; behind a peer's stands its ratio to ours.
"""

import argparse
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
PEERS = {"mlflow": "mlflow", "mlflow, told": "mlflow", "pins": "pins"}  # and what has to be installed for it
ROUNDS = 5  # versions registered in one process
VERSIONS = 1_000
PROCESSES, EACH = 8, 25
MEASURES = ["register_ms", "alias_ms", "load_ms", "all_ms"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one sample each")
    parser.add_argument("--own", nargs=1, metavar="MEASURE", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.own:
        print("\n" + json.dumps(OWN[options.own[0]]()), flush=True)
        return
    repeats = 1 if options.quick else 5
    libraries = ["floor", "mlopskit", *(name for name, library in PEERS.items() if importlib.util.find_spec(library))]
    samples = {name: [] for name in libraries}
    for _ in range(repeats):
        for name in libraries:
            samples[name].append(in_process(name))
    found = {name: medians(list(filter(None, some))) for name, some in samples.items()}
    rows = [[title, target, *cells(found, libraries, key)] for title, target, key in ROWS]
    table("A model of about 5 MB, warm process; CPU ms", ["", "target", *libraries], rows)
    print("floor: cloudpickle and sha256, write with fsync; read, sha256 and unpickle\n")
    own = {}
    for measure in (
        "many",
        "predict",
        "crowd",
        *(["s3"] if all(map(importlib.util.find_spec, ("moto", "s3fs"))) else []),
    ):
        own |= in_process(measure)
    table("Ours", ["", "target", "found"], [[title, target, number(own.get(key))] for title, target, key in OWN_ROWS])


ROWS = [
    ("register a version", "<= 1.3 x floor", "register_ms"),
    ("give it an alias", "<= 5", "alias_ms"),
    ("load it by the alias", "<= 1.3 x floor", "load_ms"),
    ("all three", "10 x less than mlflow", "all_ms"),
]
OWN_ROWS = [
    (f"list {VERSIONS:,} versions, first in a process, ms beyond imports", "<= 50", "list_ms"),
    ("look an alias up, warm, ms", "<= 1", "lookup_ms"),
    (f"{PROCESSES} processes register {EACH} versions each and promote at random, s", "", "crowd_s"),
    ("versions they made", f"{PROCESSES * EACH}", "versions"),
    ("numbers that are no gap and no twin", f"{PROCESSES * EACH}", "distinct"),
    ("errors other than a stated conflict", "0", "errors"),
    ("added to a prediction of one row, a frame, ms", "<= 0.15", "predict_frame"),
    ("the same, a dict, ms", "<= 0.15", "predict_dict"),
    ("requests of a register on S3, warm", "<= 12", "s3_register"),
    ("requests of a load by alias on S3, in a new process", "<= 10", "s3_load"),
]


def model():
    import numpy as np
    from sklearn.linear_model import Ridge

    draw = np.random.default_rng(os.getpid())
    fitted = Ridge().fit(draw.normal(size=(20, 4)), draw.normal(size=20))
    fitted.weights_ = draw.normal(size=650_000)  # 5.2 MB
    return fitted


# -- one library, in a process of its own ------------------------------------------------------


class Floor:
    """What nobody can do without."""

    def register(self, fitted) -> None:
        import hashlib

        import cloudpickle

        data = cloudpickle.dumps(fitted)
        hashlib.sha256(data).digest()
        with Path("model").open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def alias(self) -> None:
        pass

    def load(self) -> None:
        import hashlib
        import pickle

        data = Path("model").read_bytes()
        hashlib.sha256(data).digest()
        pickle.loads(data)


class Mlopskit:
    def __init__(self) -> None:
        from mlopskit import Registry

        self.registry = Registry("store")

    def register(self, fitted) -> None:
        self.version = self.registry.register("delays", fitted)

    def alias(self) -> None:
        self.registry.set_alias("delays", "champion", self.version)

    def load(self) -> None:
        self.registry.load("delays@champion")


class Mlflow:
    """With the requirements it finds by itself, or told that there are none; ours notes what is imported."""

    def __init__(self, **options) -> None:
        self.options = options
        import mlflow.sklearn

        mlflow.set_tracking_uri("sqlite:///mlflow.db")
        mlflow.set_experiment("benchmark")
        self.mlflow, self.client = mlflow, mlflow.MlflowClient()

    def register(self, fitted) -> None:
        with self.mlflow.start_run():
            info = self.mlflow.sklearn.log_model(
                fitted, name="model", registered_model_name="delays", serialization_format="cloudpickle", **self.options
            )
        self.version = info.registered_model_version

    def alias(self) -> None:
        self.client.set_registered_model_alias("delays", "champion", self.version)

    def load(self) -> None:
        self.mlflow.sklearn.load_model("models:/delays@champion")


class Pins:
    """A board on a folder; it has no aliases, and the newest version is loaded."""

    def __init__(self) -> None:
        import pins

        self.board = pins.board_folder("board", allow_pickle_read=True)

    def register(self, fitted) -> None:
        self.board.pin_write(fitted, "delays", type="joblib")

    def alias(self) -> None:
        pass

    def load(self) -> None:
        self.board.pin_read("delays")


def measured(library) -> dict[str, float]:
    """Register, name and load, several times after one that does not count."""
    times = {key: [] for key in MEASURES}
    for _ in range(ROUNDS + 1):
        fitted = model()
        fitted.weights_ += len(times["all_ms"])
        spent = []
        for act in (lambda: library.register(fitted), library.alias, library.load):  # noqa: B023 - used at once
            start = cpu_seconds()
            act()
            spent.append((cpu_seconds() - start) * 1e3)
        for key, value in zip(MEASURES, [*spent, sum(spent)], strict=True):
            times[key].append(value)
    return {key: statistics.median(values[1:]) for key, values in times.items()}


def cpu_seconds() -> float:
    """Return what this process and the children it has waited for have used: mlflow loads a model in one of its own."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def many() -> dict[str, float]:
    """List many versions in a process that has never seen them, and look an alias up."""
    from mlopskit import Registry

    registry = Registry("store")
    for number in range(VERSIONS):
        registry.register("delays", {"depth": number}, metrics={"auc": number / VERSIONS})
    registry.set_alias("delays", "champion", 7)
    start = time.perf_counter()
    for _ in range(100):
        registry.version("delays@champion")
    lookup = (time.perf_counter() - start) / 100 * 1e3
    timing = (
        "import time, numpy, pandas, cattrs\nfrom mlopskit import Registry\nfrom mlopskit.registry import history\n"
        "registry = Registry('store')\nstart = time.perf_counter()\nassert len(registry.versions('delays')) == 1000\n"
        "print((time.perf_counter() - start) * 1e3)"
    )
    listed = [float(subprocess.check_output([sys.executable, "-c", timing])) for _ in range(3)]
    return {"list_ms": statistics.median(listed), "lookup_ms": lookup}


def predict() -> dict[str, float]:
    """Time what a signature adds to the prediction of one row."""
    import pandas as pd
    from sklearn.dummy import DummyClassifier

    from mlopskit import Registry

    rows = pd.DataFrame({"hour": [6, 17], "distance": [200.0, 1400.0], "origin": ["JFK", "EWR"]})
    registry = Registry("store")
    registry.register("delays", DummyClassifier().fit(rows, [0, 1]), sample=rows)
    loaded, plain = registry.load("delays/1"), DummyClassifier().fit(rows, [0, 1])
    row, asked = rows.head(1), {"hour": 6, "distance": 200.0, "origin": "JFK"}
    times = {"frame": [], "dict": [], "plain": []}
    for _ in range(300):
        for name, act in (
            ("frame", lambda: loaded.predict(row)),
            ("dict", lambda: loaded.predict(asked)),
            ("plain", lambda: plain.predict(row)),
        ):
            start = time.perf_counter()
            act()
            times[name].append((time.perf_counter() - start) * 1e3)
    frame, asked, bare = (statistics.median(times[name]) for name in ("frame", "dict", "plain"))
    return {"predict_frame": frame - bare, "predict_dict": asked - bare}


CROWD = """
import random, sys
from mlopskit import Registry
from mlopskit.errors import ConflictError
registry = Registry("store")
for _ in range(int(sys.argv[1])):
    number = registry.register("delays", {"made": random.random()}).number
    try:
        registry.promote("delays", random.randint(1, number))
    except ConflictError:
        pass
"""


def crowd() -> dict[str, float]:
    """Register and promote from many processes at once."""
    from mlopskit import Registry

    start = time.perf_counter()
    processes = [subprocess.Popen([sys.executable, "-c", CROWD, str(EACH)]) for _ in range(PROCESSES)]
    errors = sum(process.wait() != 0 for process in processes)
    took = time.perf_counter() - start
    registry = Registry("store")
    numbers = registry.versions("delays").index.tolist()
    errors += not registry.verify("delays").ok
    return {"crowd_s": took, "versions": len(numbers), "distinct": len(set(numbers)), "errors": errors}


COUNTING = """
import json, sys
from aiobotocore.httpsession import AIOHTTPSession
from mlopskit import Registry, Store
import numpy as np

requests, send = [], AIOHTTPSession.send

async def counted(self, request):
    requests.append(f"{request.method} {request.url}")
    return await send(self, request)

AIOHTTPSession.send = counted
registry = Registry(Store("s3://team/benchmark", **json.loads(sys.argv[1])))
if sys.argv[2] == "register":
    registry.register("delays", {"depth": np.arange(3)})
    registry.set_alias("delays", "champion", 1)
    requests.clear()
    registry.register("delays", {"depth": np.arange(4)})
else:
    registry.load("delays@champion")
print(*requests, sep="\\n", file=sys.stderr)
print(len(requests))
"""


def s3() -> dict[str, float]:
    """Count the requests on S3."""
    specification = importlib.util.spec_from_file_location("s3_server", ROOT / "tests" / "s3_server.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    found = {}
    with module.running_s3() as options:
        for act in ("register", "load"):
            command = [sys.executable, "-c", COUNTING, json.dumps(options), act]
            found[f"s3_{act}"] = int(subprocess.check_output(command, stderr=subprocess.DEVNULL))
    return found


OWN = {
    "floor": lambda: measured(Floor()),
    "mlopskit": lambda: measured(Mlopskit()),
    "mlflow": lambda: measured(Mlflow()),
    "mlflow, told": lambda: measured(Mlflow(pip_requirements=[])),
    "pins": lambda: measured(Pins()),
    "many": many,
    "predict": predict,
    "crowd": crowd,
    "s3": s3,
}


# -- processes and tables ----------------------------------------------------------------------


def in_process(measure: str) -> dict:
    """Run one measure in a folder and a process of its own; empty if it fails."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "MLOPSKIT_CONFIG": f"{folder}/configuration"}
        process = subprocess.run(
            [sys.executable, __file__, "--own", measure],
            cwd=folder,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )
    if process.returncode:
        print(f"{measure} failed: {process.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return {}
    return json.loads(process.stdout.strip().splitlines()[-1])


def medians(samples: list[dict]) -> dict[str, float]:
    return {key: statistics.median(each[key] for each in samples) for key in samples[0]} if samples else {}


def cells(found: dict[str, dict[str, float]], libraries: list[str], key: str) -> list[str]:
    ours = found.get("mlopskit", {}).get(key)
    shown = []
    for name in libraries:
        value = found.get(name, {}).get(key)
        beside = f" ({value / ours:.3g} x)" if value and ours and name != "mlopskit" else ""
        shown.append(number(value) + beside)
    return shown


def number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def table(title: str, heads: list[str], rows: list[list[str]]) -> None:
    widths = [max(len(row[place]) for row in [heads, *rows]) for place in range(len(heads))]
    print(f"\n{title}")
    for row in [heads, ["-" * width for width in widths], *rows]:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


if __name__ == "__main__":
    main()
