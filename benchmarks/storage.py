"""How fast is the ground floor? ``python benchmarks/storage.py`` prints the tables; ``--quick`` takes fewer samples.

Peers run in the same process, one after the other, so that ratios hold on a noisy machine.
"""

import argparse
import contextlib
import gc
import hashlib
import importlib.util
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from mlopskit.storage.blobs import Blobs
from mlopskit.storage.commit import Change
from mlopskit.storage.fingerprint import fingerprint
from mlopskit.storage.log import CommitLog
from mlopskit.storage.store import Store

KILOBYTE = os.urandom(1024)
ROOT = Path(__file__).parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer samples")
    scale = 0.2 if parser.parse_args().quick else 1.0
    with tempfile.TemporaryDirectory() as folder, s3() as options:
        places = {"local": (f"{folder}/store", {}), "memory": ("memory://benchmark", {})}
        if options:
            places["moto S3"] = ("s3://team/benchmark", options)
        operations(places, scale)
        commits(places, scale)
        blobs(places, scale)
    digests()
    import_time()


def operations(places: dict, scale: float) -> None:
    rows = []
    for name, (url, options) in places.items():
        store, count = Store(url, **options), int((200 if options else 1000) * scale)
        store.create("first", b"x")
        names = [f"kilobytes/{number}" for number in range(count)]
        created = [timed(store.create, each, KILOBYTE) for each in names]
        read = [timed(store.read, each) for each in names]
        together = timed(store.read_many, names)
        listed = timed(store.list, "kilobytes")
        rows.append(
            [name, *(milliseconds(statistics.median(times)) for times in (created, read)), milliseconds(listed),
             f"{count / sum(created):,.0f}", f"{count / sum(read):,.0f}", f"{count / together:,.0f}"]
        )  # fmt: skip
        if name == "local":
            rows.append(["local, plain open()", *plain_files(Path(url).parent / "plain", names)])
    heads = ["1 KB", "create, ms", "read, ms", "list all, ms", "creates/s", "reads/s", "read_many/s"]
    table("Latency (median) and throughput", heads, rows)


def plain_files(folder: Path, names: list[str]) -> list[str]:
    """The floor: what the same costs without exclusive names, without syncing, without checks."""
    (folder / "kilobytes").mkdir(parents=True)
    created = [timed((folder / name).write_bytes, KILOBYTE) for name in names]
    read = [timed((folder / name).read_bytes) for name in names]
    listed = timed(lambda: sorted((folder / "kilobytes").iterdir()))
    return [milliseconds(statistics.median(created)), milliseconds(statistics.median(read)), milliseconds(listed),
            f"{len(names) / sum(created):,.0f}", f"{len(names) / sum(read):,.0f}", ""]  # fmt: skip


def commits(places: dict, scale: float) -> None:
    rows = []
    for name, (url, options) in places.items():
        count = int((60 if options else 400) * scale)
        alone = timed(commit_many, f"{url}/alone", options, count)
        row = [name, f"{count / alone:,.0f}", milliseconds(alone / count)]
        if name == "memory":
            rows.append([*row, "one process only"])
            continue
        rows.append([*row, f"{count / eight_writers(f'{url}/eight', options, count):,.0f}"])
    table("Commits a second", ["log", "1 writer", "ms a commit", "8 writers in all"], rows)


def commit_many(url: str, options: dict, target: int) -> None:
    log = CommitLog(Store(url, **options), "log", initial=0, apply=lambda state, _: state + 1)
    while log.commit(lambda state: Change("add", {}) if state < target else None):
        pass


def eight_writers(url: str, options: dict, target: int) -> float:
    """Seconds that eight processes need for `target` commits in all, once all of them have started."""
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(9)
    writers = [context.Process(target=commit_when_ready, args=(ready, url, options, target)) for _ in range(8)]
    for writer in writers:
        writer.start()
    ready.wait()
    return timed(lambda: [writer.join() for writer in writers])


def commit_when_ready(ready, url: str, options: dict, target: int) -> None:
    ready.wait()
    commit_many(url, options, target)


def blobs(places: dict, scale: float) -> None:
    content, rows = os.urandom(int(100 * scale) << 20), []
    hashing = timed(lambda: hashlib.sha256(content).hexdigest())
    for name, (url, options) in places.items():
        kept = Blobs(Store(url, **options))
        put, blob = timed_value(kept.put, content)
        rows.append([name, rate(len(content), put), rate(len(content), timed(kept.read, blob)), f"{put / hashing:.1f}"])
    table(
        f"One blob of {len(content) >> 20} MB (plain sha256: {rate(len(content), hashing)} GB/s)",
        ["store", "put, GB/s", "read and verify, GB/s", "put / sha256"],
        rows,
    )


def digests() -> None:
    generator = np.random.default_rng(0)
    words = np.array([f"word-{number}" for number in range(5_000)])
    numeric = pd.DataFrame({f"x{number}": generator.normal(size=1_250_000) for number in range(20)})
    strings = pd.DataFrame({name: words[generator.integers(0, 5_000, 1_000_000)] for name in "ab"})
    cases = {
        "200 MB of floats": numeric,
        "1,000,000 x 2 strings": strings,
        "the same, object dtype": strings.astype(object),
    }
    rows = []
    for name, frame in cases.items():
        size = raw_size(frame)
        ours = median_of_three(fingerprint, frame)
        raw = median_of_three(sha256_of_buffers, frame) if name.startswith("200") else None
        peers = {
            "joblib": median_of_three(joblib_hash, frame) if importlib.util.find_spec("joblib") else None,
            "pandas": median_of_three(lambda each: pd.util.hash_pandas_object(each).to_numpy(), frame),
        }
        rows.append([name, rate(size, ours), rate(size, raw), *(rate(size, peer) for peer in peers.values()),
                     ratio(ours, raw), *(ratio(peer, ours) for peer in peers.values())])  # fmt: skip
    heads = ["frame, GB/s", "fingerprint", "sha256 of buffers", "joblib.hash", "hash_pandas_object",
             "ours / sha256 time", "x joblib", "x pandas"]  # fmt: skip
    table("Content digests", heads, rows)


def sha256_of_buffers(frame: pd.DataFrame) -> str:
    digest = hashlib.sha256()
    for name in frame:
        digest.update(np.ascontiguousarray(frame[name].to_numpy()))
    return digest.hexdigest()


def joblib_hash(frame: pd.DataFrame) -> str:
    import joblib

    return joblib.hash(frame)


def raw_size(frame: pd.DataFrame) -> int:
    if all(dtype.kind == "f" for dtype in frame.dtypes):
        return int(frame.memory_usage(index=False).sum())
    return int(sum(frame[name].str.len().sum() for name in frame)) + 8 * frame.size


def import_time() -> None:
    def seconds(statement: str) -> float:
        return statistics.median(timed(subprocess.run, [sys.executable, "-c", statement], check=True) for _ in range(9))

    bare = seconds("pass")
    rows = [
        [what, milliseconds(seconds(what) - bare)]
        for what in ("import mlopskit", "from mlopskit import Store", "from mlopskit import Tracker", "import pandas")
    ]
    table("Import, ms beyond the interpreter (median of 9 fresh processes)", ["statement", "ms"], rows)


@contextlib.contextmanager
def s3():
    """The test suite's S3 server, where moto and s3fs are installed."""
    if not all(importlib.util.find_spec(name) for name in ("moto", "s3fs")):
        print("moto or s3fs is not installed: no S3 rows")
        yield None
        return
    specification = importlib.util.spec_from_file_location("s3_server", ROOT / "tests" / "s3_server.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    with module.running_s3() as options:
        yield options


def timed(function, *arguments, **options) -> float:
    return timed_value(function, *arguments, **options)[0]


def timed_value(function, *arguments, **options):
    start = time.perf_counter()
    value = function(*arguments, **options)
    return time.perf_counter() - start, value


def median_of_three(function, value) -> float:
    function(value)
    gc.collect()
    return statistics.median(timed(function, value) for _ in range(3))


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.3f}" if seconds < 0.1 else f"{seconds * 1e3:.0f}"


def rate(size: int, seconds: float | None) -> str:
    return f"{size / seconds / 1e9:.2f}" if seconds else ""


def ratio(above: float | None, below: float | None) -> str:
    return f"{above / below:.2f}" if above and below else ""


def table(title: str, heads: list[str], rows: list[list[str]]) -> None:
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(len(heads))]
    print(f"\n{title}")
    for row in [heads, ["-" * width for width in widths], *rows]:
        print(
            "  " + "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        )


if __name__ == "__main__":
    main()
