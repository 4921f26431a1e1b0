"""What each library does with the same 60 checks: ``python benchmarks/validation_peers.py LIBRARY ROWS``.

Measures one library in this process and prints the result as JSON in the last line. `benchmarks/validation.py` starts a
process for each of them. `LIBRARIES` has a function for each, which returns how a frame is validated: a function that
takes it and gives how many values it found wrong. A report has to count them and to name some, as ours does. Great
Expectations does so in its result format BASIC; BOOLEAN_ONLY is quicker by a third and counts nothing. What it reports
home is switched off, as are its bars of progress.
"""

import gc
import json
import os
import statistics
import sys
import time
import warnings
from pathlib import Path

FEW = 100
AIRPORTS = ["EWR", "JFK", "LGA", "BOS"]
FLOATS, INTS, TEXTS = [f"f{i}" for i in range(14)], [f"i{i}" for i in range(6)], [f"s{i}" for i in range(8)]


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


# -- one library each --------------------------------------------------------------------------------------------------


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


def great_expectations():
    os.environ["GX_ANALYTICS_ENABLED"] = "False"
    import great_expectations as gx
    import great_expectations.expectations as gxe

    suite = [gxe.ExpectColumnToExist(column=name) for name in ("id", "t")]
    for name, high in [*((each, 100) for each in FLOATS), *((each, 1000) for each in INTS)]:
        suite += [gxe.ExpectColumnValuesToNotBeNull(column=name)]
        suite += [gxe.ExpectColumnValuesToBeBetween(column=name, min_value=0, max_value=high)]
    for name in TEXTS:
        suite += [gxe.ExpectColumnValuesToBeInSet(column=name, value_set=AIRPORTS)]
        suite += [gxe.ExpectColumnValuesToMatchRegex(column=name, regex="^[A-Z]{3}$")]
    suite += [gxe.ExpectColumnValuesToBeUnique(column="id"), gxe.ExpectColumnValuesToBeIncreasing(column="t")]
    suite += [gxe.ExpectColumnPairValuesAToBeGreaterThanB(column_A="i0", column_B="i0", or_equal=True)]
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    batches = (
        context.data_sources.add_pandas("pandas").add_dataframe_asset("rows").add_batch_definition_whole_dataframe("")
    )
    expectations = gx.ExpectationSuite("suite", expectations=suite)

    def validate(rows):
        batch = batches.get_batch(batch_parameters={"dataframe": rows})
        done = batch.validate(expectations, result_format="BASIC")
        return sum(each.result.get("unexpected_count", 0) for each in done.results)

    return validate


LIBRARIES = {
    "mlopskit": mlopskit, "pandas": pandas, "pandera": pandera, "pointblank": pointblank,
    "great_expectations": great_expectations,
}  # fmt: skip


# -- measuring ---------------------------------------------------------------------------------------------------------


def measured(library, rows):
    validate = LIBRARIES[library]()
    few = frame(FEW)
    for _ in range(3):
        validate(few)
    found = timed("few", lambda: validate(few), 200 if library == "mlopskit" else 5)
    found |= measured_right(library, validate, frame(rows))
    wrong = frame(rows, 0.01)
    return found | timed("wrong", lambda: validate(wrong)) | {"found": validate(wrong)}


def measured_right(library, validate, rows):
    linux = sys.platform == "linux"
    before = resident("VmRSS", afresh=True) if linux else 0
    found = timed("right", lambda: validate(rows))
    if linux:
        found["memory"] = 100 * (resident("VmHWM") - before) / rows.memory_usage(deep=True).sum()
    return found | ({"infer": inference(rows)} if library == "mlopskit" else {})


def inference(rows):
    from mlopskit import Validator

    own = timed("own", lambda: Validator.infer(rows))
    return own["own"] / timed("described", lambda: rows.describe(include="all"))["described"]


def timed(name, call, times=1):
    """Return the seconds by the clock, and those that a processor was at work, which other programs do not add to."""
    walls, works = [], []
    gc.collect()
    for _ in range(times):
        wall, work = time.perf_counter(), time.process_time()
        call()
        walls.append(time.perf_counter() - wall)
        works.append(time.process_time() - work)
    return {name: statistics.median(walls), f"{name} cpu": statistics.median(works)}


def resident(which, *, afresh=False):
    """Return the bytes of this process in memory as Linux counts them: now, or the most since it counts afresh."""
    if afresh:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(which))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print("\n" + json.dumps(measured(sys.argv[1], int(sys.argv[2]))), flush=True)
