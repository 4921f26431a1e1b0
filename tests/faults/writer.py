"""Programs that the fault tests run as processes of their own: ``python writer.py PROGRAM URL OPTIONS ...``."""

import hashlib
import json
import os
import signal
import sys
from pathlib import Path

import mlopskit.storage
from mlopskit.storage.blobs import Blob, Blobs
from mlopskit.storage.commit import Change
from mlopskit.storage.log import CommitLog
from mlopskit.storage.store import Store

SOURCE = os.fspath(Path(mlopskit.storage.__file__).parent)


def open_log(store):
    return CommitLog(store, "log", initial=0, apply=lambda state, commit: state + 1)


def commit_many(store, writer, count):
    """Commit until `count` numbers are taken in all; print each number won, once it is acknowledged."""
    log = open_log(store)
    while True:
        commit = log.commit(lambda state: Change("add", {"writer": writer}) if state < count else None)
        if commit is None:
            return
        print(commit.number, flush=True)


def put_blobs(store, writer, size):
    """Put one random blob after another; print the name of each, once it is acknowledged."""
    blobs = Blobs(store)
    while True:
        blob = blobs.put(os.urandom(size))
        print(blob.digest, blob.size, flush=True)


def kill_everywhere(store, operation):
    """Kill a child before every single line it executes in the storage code; check the store after each death."""
    actions = {"commit": lambda store: open_log(store).commit(lambda state: Change("add", {})), "blob": put_one}
    deaths, acknowledged = 0, False
    while not acknowledged:
        deaths += 1
        fresh = Store(f"{store.url}/{deaths}")
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            kill_before_line(deaths)
            actions[operation](fresh)
            sys.settrace(None)
            os.write(writing, b"yes")
            os._exit(0)
        os.waitpid(child, 0)
        os.close(writing)
        acknowledged = os.read(reading, 3) == b"yes"
        os.close(reading)
        check(fresh, operation, acknowledged)
        actions[operation](Store(fresh.url))
        check(fresh, operation, acknowledged + 1)
    print(deaths - 1)


def kill_before_line(number):
    lines = 0

    def trace(frame, event, argument):
        nonlocal lines
        if not frame.f_code.co_filename.startswith(SOURCE):
            return None
        if event == "line":
            lines += 1
            if lines == number:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)


def put_one(store):
    with Blobs(store).writer() as file:
        file.write(os.urandom(5_000))


def check(store, operation, acknowledged):
    problems = open_log(store).verify().problems if operation == "commit" else Blobs(store).verify()
    kept = open_log(store).state() if operation == "commit" else len(store.list("blobs"))
    assert not problems, problems
    assert kept >= acknowledged, f"{acknowledged} acknowledged, {kept} kept"


def read_back(store):
    """Check every blob named on standard input."""
    blobs = Blobs(store)
    for line in sys.stdin:
        digest, size = line.split()
        assert hashlib.sha256(blobs.read(Blob(digest, int(size)))).hexdigest() == digest


if __name__ == "__main__":
    program, url, options, *arguments = sys.argv[1:]
    numbers = [int(argument) if argument.isdigit() else argument for argument in arguments]
    globals()[program](Store(url, **json.loads(options)), *numbers)
