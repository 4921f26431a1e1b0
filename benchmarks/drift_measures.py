"""Take one measure of one library, in a process of its own: ``python drift_measures.py LIBRARY MEASURE OPTIONS``.

Prints a JSON object of numbers as its last line. Times are those of the processor, which others on the machine do not
lengthen, and by the clock.
"""

import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from drift_peers import LIBRARIES, Library
from drift_questions import simulated
from drift_scenarios import wide

BATCH = 1_000
Timed = tuple[float, float]


def frames(library: str, rows: int) -> dict[str, float]:
    """Fit to a frame and compare another one of as many rows."""
    asked = warmed(library)
    frame = wide(rows, seed=0)
    size = float(frame.memory_usage(deep=True).sum())
    reference, current = asked.prepared(frame), asked.prepared(wide(rows, seed=1))
    before = restarted_peak()
    cpu, clock = timed(lambda: (asked.fit(reference), asked.alarms(current)))
    memory = {"memory": 100 * (peak() - before) / size} if before else {}
    return {"cpu": cpu, "clock": clock, "frame": size / 1e6, **memory}


def batches(library: str, rows: list[int], count: int) -> dict[str, float]:
    """Compare small frames, each a new one, with references of several sizes, in turn."""
    asked = {size: warmed(library) for size in rows}
    for size, each in asked.items():
        each.fit(each.prepared(wide(size, seed=0)))
    taken: dict[int, list[Timed]] = {size: [] for size in rows}
    for seed in range(1, count + 1):
        for size, each in asked.items():
            batch = each.prepared(wide(BATCH, seed))
            taken[size].append(timed(lambda each=each, batch=batch: each.alarms(batch)))
    found = {}
    for size, times in taken.items():
        cpu, clock = zip(*times, strict=True)
        found |= {f"cpu {size}": 1e3 * statistics.median(cpu), f"clock {size}": 1e3 * statistics.median(clock)}
    longer = [last / first for (first, _), (last, _) in zip(taken[rows[0]], taken[rows[-1]], strict=True)]
    return found | ({"longer": statistics.median(longer)} if len(rows) > 1 else {})


def warmed(library: str) -> Library:
    """Return a library that has done all of it once, so that nothing is imported later."""
    asked = LIBRARIES[library]()
    asked.fit(asked.prepared(wide(500, seed=2)))
    asked.alarms(asked.prepared(wide(500, seed=3)))
    return asked


def timed(call: Callable[[], object]) -> Timed:
    cpu, clock = time.process_time(), time.perf_counter()
    call()
    return time.process_time() - cpu, time.perf_counter() - clock


def restarted_peak() -> float:
    """Let the peak of memory begin anew, and return what is in use; 0 where the system can not do so."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return 0.0
    return _status("VmRSS")


def peak() -> float:
    return _status("VmHWM")


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024.0 * int(line.split()[1]) for line in lines if line.startswith(name))


MEASURES = {"frames": frames, "batches": batches, "simulated": simulated}

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    name, measure, options = sys.argv[1:]
    print("\n" + json.dumps(MEASURES[measure](name, **json.loads(options))), flush=True)
