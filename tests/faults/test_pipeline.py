"""Runs that are killed or interrupted, that meet one another on one store, or lose the disk below them."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlopskit.errors import PipelineError
from mlopskit.pipeline import Pipeline, Step
from mlopskit.storage.store import Store

pytestmark = pytest.mark.faults

FLOW = """
import json, os, signal, sys, time
from pathlib import Path
import numpy as np
from mlopskit.pipeline import Pipeline, Step
from mlopskit.storage.store import Store

def rows(n):
    note("rows")
    return np.arange(n, dtype=float)

def halves(rows):
    return rows[::2].copy(), rows[1::2].copy()

def squares(number, even):
    note(f"square {number}")
    return even * number ** 2

def total(squares, odd):
    note("total")
    return float(sum(each.sum() for each in squares) + odd.sum())

def note(what):
    with open(os.environ["NOTES"], "a") as file:
        file.write(what + "\\n")

def pipeline(store):
    steps = [rows, Step(halves, outputs=("even", "odd")), Step(squares, over="number"), total]
    return Pipeline(steps, store=store)

def run(url, options, executor=None):
    result = pipeline(Store(url, **options)).run(n=5000, number=[1, 2, 3], executor=executor)
    print(result["total"], *result.steps["status"], flush=True)

def killed_at_write(number):
    "Kill this process before one of its writes if the number is positive, after it if it is negative."
    writes = 0
    def counting(name):
        write = getattr(Store, name)
        def counted(*arguments, **options):
            nonlocal writes
            writes += 1
            if writes == number:
                os.kill(os.getpid(), signal.SIGKILL)
            done = write(*arguments, **options)
            if writes == -number:
                os.kill(os.getpid(), signal.SIGKILL)
            return done
        setattr(Store, name, counted)
    for name in ("create", "create_from_file", "replace", "delete"):
        counting(name)

url, options, write, executor = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
killed_at_write(write)
run(url, options, executor)
"""
TOTAL = "93715000.0"
"""What an undisturbed run gives."""


@pytest.fixture
def notes(tmp_path, monkeypatch):
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))
    return lambda: (tmp_path / "notes").read_text().splitlines()


def start(url, options=None, *, write=0, executor=1, **how):
    command = [sys.executable, "-W", "ignore", "-c", FLOW, url, json.dumps(options or {}), str(write), str(executor)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2], **how)


def ended(process, code=0):
    out, _ = process.communicate(timeout=120)
    assert process.returncode == code
    return out.split()


def assert_next_run_is_right(url, options=None):
    assert ended(start(url, options))[0] == TOTAL
    assert ended(start(url, options))[1:] == ["cached"] * 4


def children_of(pid):
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            child = int(entry.parent.name)
            found += [child, *children_of(child)]
    return found


def wait_until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


def is_gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


# -- kill -9 ---------------------------------------------------------------------------------


@pytest.mark.timeout(280)
@pytest.mark.parametrize("side", [1, -1], ids=["before", "after"])
def test_a_run_that_is_killed_at_any_write_leaves_nothing_wrong_behind(tmp_path, notes, side):
    deaths = 0
    while True:
        url = str(tmp_path / f"store{deaths}")
        process = start(url, write=side * (deaths + 1))
        process.communicate(timeout=60)
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL
        deaths += 1
        if deaths % 3 == 0:  # each needs two more processes
            assert_next_run_is_right(url)
    assert deaths > 10


@pytest.mark.s3
@pytest.mark.timeout(280)
def test_the_same_on_s3(s3_options, notes):
    for number in (3, 8, 12, -2, -6, -10):
        url = f"s3://team/pipeline-killed/{number}"
        ended(start(url, s3_options, write=number), -signal.SIGKILL)
        assert_next_run_is_right(url, s3_options)


def test_a_run_with_workers_that_is_killed_at_some_moment(tmp_path, notes):
    for number in range(4):
        url = str(tmp_path / f"store{number}")
        process = start(url, executor=2, start_new_session=True)
        time.sleep(random.uniform(1.0, 2.5))
        process.kill()
        process.communicate()
        assert_next_run_is_right(url)


# -- Ctrl-C ----------------------------------------------------------------------------------

SLOW = """
import sys, time
from pathlib import Path
from mlopskit.pipeline import Pipeline, Step

def before():
    return list(range(5000))

def slow(before, folder):
    Path(folder, "begun").touch()
    while not Path(folder, "go on").exists():
        time.sleep(0.01)
    return len(before)

def busy(before, folder):
    Path(folder, "busy").touch()
    return sum(range(10**12)) if not Path(folder, "go on").exists() else 0

folder, executor = sys.argv[1:]
pipeline = Pipeline([before, slow, Step(busy, timeout=1000)], store=folder + "/store")
print(*pipeline.run(folder=folder, executor=int(executor)).steps["status"])
"""


def start_slow(folder, executor):
    command = [sys.executable, "-W", "ignore", "-c", SLOW, str(folder), str(executor)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
        start_new_session=True,
    )  # fmt: skip


@pytest.mark.parametrize("to_all", [True, False], ids=["as a terminal does", "to the process alone"])
@pytest.mark.parametrize("executor", [1, 2])
def test_ctrl_c_ends_a_run_at_once_and_the_next_one_resumes(tmp_path, executor, to_all):
    process = start_slow(tmp_path, executor)
    wait_until(lambda: (tmp_path / "begun").exists() and (executor == 1 or (tmp_path / "busy").exists()))
    children = children_of(process.pid)
    assert bool(children) == (executor == 2)
    os.killpg(process.pid, signal.SIGINT) if to_all else process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode in (1, -signal.SIGINT)
    assert errors.strip().splitlines()[-1] == "KeyboardInterrupt"
    wait_until(lambda: all(map(is_gone, children)))
    assert not list((tmp_path / "store" / "cache" / "leases").glob("*"))
    (tmp_path / "go on").touch()
    assert ended(start_slow(tmp_path, executor)) == ["cached", "done", "done"]


def test_workers_end_with_a_process_that_is_killed(tmp_path):
    process = start_slow(tmp_path, 2)
    wait_until(lambda: (tmp_path / "begun").exists() and (tmp_path / "busy").exists())
    children = children_of(process.pid)
    process.kill()
    process.communicate()
    wait_until(lambda: all(map(is_gone, children)))


# -- two runs on one store -------------------------------------------------------------------


def test_two_runs_at_once_make_each_output_once(tmp_path, notes):
    url = str(tmp_path / "store")
    processes = [start(url, executor=count) for count in (1, 1, 2)]
    assert {ended(process)[0] for process in processes} == {TOTAL}
    made = notes()
    assert sorted(made) == ["rows", "square 1", "square 2", "square 3", "total"]


@pytest.mark.s3
def test_two_runs_at_once_on_s3(s3_options, notes):
    url = "s3://team/pipeline-at-once"
    processes = [start(url, s3_options) for _ in range(2)]
    assert {ended(process)[0] for process in processes} == {TOTAL}
    assert sorted(notes()) == ["rows", "square 1", "square 2", "square 3", "total"]


def test_the_lease_of_a_run_that_was_killed_is_taken_over(tmp_path):
    process = start_slow(tmp_path, 1)
    wait_until((tmp_path / "begun").exists)
    process.kill()
    process.communicate()
    (tmp_path / "go on").touch()
    assert list((tmp_path / "store" / "cache" / "leases").glob("*"))
    assert ended(start_slow(tmp_path, 1)) == ["cached", "done", "done"]


# -- a store that takes nothing --------------------------------------------------------------


def noise(size):
    return bytes(random.Random(0).randbytes(size))


def longer(noise):
    return noise * 2


def length(longer, noise):
    return len(longer) + len(noise)


@pytest.mark.parametrize("executor", [None, 2])
def test_on_a_full_disk_a_run_gives_its_results_with_one_warning(small_disk, executor):
    store = Store(small_disk / "store")
    store.create("first", b"x")
    (small_disk / "filler").write_bytes(bytes(1_000_000 - 50_000))
    pipeline = Pipeline([noise, longer, length], store=store)
    with pytest.warns(RuntimeWarning) as warned:
        assert pipeline.run(size=200_000, executor=executor)["length"] == 600_000
    if executor is None:
        assert [str(each.message).partition(":")[0] for each in warned] == ["Step 'noise' is not cached"]


def test_on_a_disk_without_a_byte_left_too(small_disk):
    with contextlib.suppress(OSError), (small_disk / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    with pytest.warns(RuntimeWarning, match="'noise' is not cached") as warned:
        assert Pipeline([noise, longer, length], store=small_disk / "store").run(size=10_000)["length"] == 30_000
    assert len(warned) == 1


def test_a_store_that_may_only_be_read_answers_and_keeps_nothing(small_disk):
    pipeline = Pipeline([noise, longer, length], store=small_disk / "store")
    pipeline.run("longer", size=1000)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    try:
        with pytest.warns(RuntimeWarning, match="'length' is not cached") as warned:
            result = pipeline.run(size=1000)
        assert len(warned) == 1
        assert result.steps["status"].tolist() == ["cached", "cached", "done"]
        assert pipeline.run("longer", size=1000).cached
    finally:
        subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)


@pytest.mark.s3
def test_a_bucket_that_may_only_be_read(s3_options):
    url = "s3://team/pipeline-read-only"
    Pipeline([noise, longer], store=Store(url, **s3_options)).run(size=1000)
    reader = Store(url, **{**s3_options, "key": "reader"})
    with pytest.warns(RuntimeWarning, match="'length' is not cached") as warned:
        assert Pipeline([noise, longer, length], store=reader).run(size=1000)["length"] == 3000
    assert len(warned) == 1


def test_a_failing_step_is_no_lease_for_ever(tmp_path):
    def fails():
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(PipelineError):
            Pipeline([Step(fails)], store=tmp_path).run()
    assert not list((tmp_path / "cache" / "leases").glob("*"))
