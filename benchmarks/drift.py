"""How fast is the drift room, and how right? ``python benchmarks/drift.py`` prints how fast.

``--quality`` prints instead how often an alarm is false, how often a change is found, and what happened to the flights
of 2013. ``--quick`` takes a tenth of the rows and simulations. Peers need other versions of pandas and numpy than ours:
each is run by an interpreter of its own, such as ``--nannyml /venvs/nannyml/bin/python``, and left out where that can
not import it. Every sample is a process of its own, the libraries in turn, so that ratios hold on a noisy machine.
Cells are medians; behind a peer's stands its ratio to ours.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from drift_flights import flights_table
from drift_peers import LIBRARIES, TIMED
from drift_quality import quality_tables
from processes import run
from tables import number, ratio, table

OURS = "mlopskit"
SLOW = ("Evidently",)
"""Are not asked of a million rows, and of others once."""
BATCHES = {OURS: 40, "Evidently": 1}  # 5 of the others
PATIENCE = 900

Found = dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows and simulations, one sample each")
    parser.add_argument("--quality", action="store_true", help="how right, instead of how fast")
    for option, package in sorted({(each.option, each.distribution) for each in LIBRARIES.values() if each.option}):
        parser.add_argument(f"--{option}", metavar="PYTHON", default=sys.executable, help=f"has {package}")
    options = parser.parse_args()
    start = time.perf_counter()
    interpreters = importing(options)
    if options.quality:
        quality_tables(interpreters, 100 if options.quick else 1_000)
        flights_table()
    else:
        speed_tables({name: interpreters[name] for name in TIMED if name in interpreters}, options.quick)
    print(f"\nAll of this took {time.perf_counter() - start:.0f} s.")


def importing(options: argparse.Namespace) -> dict[str, str]:
    """Return the interpreter of each library that can be imported, and print versions."""
    found, printed = {}, set()
    for name, library in LIBRARIES.items():
        interpreter = getattr(options, library.option) if library.option else sys.executable
        told = (
            f"import {library.package}, importlib.metadata as m; "
            f"print(*(n + ' ' + m.version(n) for n in ['{library.distribution}', 'pandas', 'numpy']), sep=', ')"
        )
        done = subprocess.run([interpreter, "-W", "ignore", "-c", told], capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{name} is left out: {(done.stderr.splitlines() or ['it can not be imported'])[-1][:120]}")
        else:
            found[name] = interpreter
            printed.add(done.stdout.splitlines()[-1])
    print(*sorted(printed), sep="\n")
    return found


# -- speed -------------------------------------------------------------------------------------


def speed_tables(interpreters: Mapping[str, str], quick: bool) -> None:
    rows, repeats = (10_000, 1) if quick else (100_000, 3)
    frames_table(interpreters, rows, repeats, ">= 3 x scipy, 4 x NannyML, 40 x Evidently")
    frames_table({name: each for name, each in interpreters.items() if name not in SLOW}, 10 * rows, 1, "in proportion")
    batches_table(interpreters, rows, repeats)


def frames_table(interpreters: Mapping[str, str], rows: int, repeats: int, target: str) -> None:
    """Print how long a whole frame takes that is compared with another."""
    samples, reasons = sampled(interpreters, "frames", lambda _: {"rows": rows}, repeats)
    size = samples[OURS].get("frame", 0)
    table(
        f"{rows:,} rows of 40 columns of numbers and 10 of labels ({size:,.0f} MB), fitted to, and as many compared",
        ["CPU s", "s by the clock", "memory beyond both, % of one"],
        [target, "", "<= 30"],
        lines(samples, ["cpu", "clock"], ["memory"]),
        reasons,
    )


def batches_table(interpreters: Mapping[str, str], rows: int, repeats: int) -> None:
    """Print how long 1,000 rows take, and whether that depends on the length of the reference."""
    sizes = {OURS: [rows, 10 * rows]}
    samples, reasons = sampled(
        interpreters, "batches", lambda name: {"rows": sizes.get(name, [rows]), "count": BATCHES.get(name, 5)}, repeats
    )
    table(
        "1,000 such rows compared with a reference",
        [f"of {rows:,}, CPU ms", "ms by the clock", f"of {10 * rows:,}, CPU ms", "times as long"],
        ["<= 10, >= 5 x NannyML", "", "", "<= 1.5"],
        lines(samples, [f"cpu {rows}", f"clock {rows}"], [f"cpu {10 * rows}", "longer"]),
        reasons,
    )


def sampled(
    interpreters: Mapping[str, str], measure: str, options: Callable[[str], dict], repeats: int
) -> tuple[dict[str, Found], dict[str, str]]:
    """Return the median of each number by library, and why there is none."""
    samples: dict[str, list[Found]] = {name: [] for name in interpreters}
    reasons = {}
    for repeat in range(repeats):
        for name, interpreter in interpreters.items():
            if repeat and name in SLOW:
                continue
            with tempfile.TemporaryDirectory() as folder:
                arguments = (name, measure, json.dumps(options(name)))
                printed, reason = run(
                    "drift_measures.py", *arguments, folder=Path(folder), timeout=PATIENCE, interpreter=interpreter
                )
            if reason:
                reasons[name] = reason
            else:
                samples[name].append(json.loads(printed.splitlines()[-1]))
    return {name: medians(each) for name, each in samples.items()}, reasons


def medians(samples: list[Found]) -> Found:
    return {name: statistics.median(each[name] for each in samples) for name in (samples[0] if samples else ())}


def lines(samples: Mapping[str, Found], compared: list[str], alone: list[str]) -> dict[str, list[str]]:
    """Return a line for each library; behind a peer's number stands its ratio to ours if the two are `compared`."""
    ours = samples[OURS]
    return {
        library: [
            *(
                number(found.get(name)) + (ratio(found.get(name), ours.get(name)) if library != OURS else "")
                for name in compared
            ),
            *(number(found.get(name)) for name in alone),
        ]
        for library, found in samples.items()
    }


if __name__ == "__main__":
    main()
