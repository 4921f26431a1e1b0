"""The rows on which `benchmarks/drift.py` compares libraries: from a seed, so that each of them gets the same."""

from collections.abc import Callable

import numpy as np
import pandas as pd

LABELS = 10
SHARES = {"AA": 0.4, "UA": 0.35, "DL": 0.15, "B6": 0.1}

Pair = tuple[pd.DataFrame, pd.DataFrame]
Random = np.random.Generator
Draw = Callable[[Random, int], np.ndarray]


def wide(rows: int, seed: int) -> pd.DataFrame:
    """Make 40 columns of numbers (30 normal, 5 skewed, 5 of whole numbers) and 10 of 4 to 40 labels."""
    rng = np.random.default_rng(seed)
    data = {f"normal {i}": rng.normal(i, 1 + i, rows) for i in range(30)}
    data |= {f"skewed {i}": rng.lognormal(i, 1, rows) for i in range(5)}
    data |= {f"whole {i}": rng.integers(0, 10 ** (i + 1), rows) for i in range(5)}
    for i in range(LABELS):
        labels = np.array([f"label {i} {each}" for each in range(4 * (i + 1))], dtype=object)
        data[f"label {i}"] = labels[rng.integers(0, len(labels), rows)]
    return pd.DataFrame(data)


def nothing_moved(rows: int, columns: int, seed: int) -> Pair:
    """Make two samples of columns of nine kinds, again and again: smooth, skewed, tied, with gaps, and of labels."""
    rng = np.random.default_rng(seed)
    reference, current = (
        pd.DataFrame({f"{place}": NINE_KINDS[place % 9](rng, rows) for place in range(columns)}) for _ in range(2)
    )
    return reference, current


def labels_of(shares: np.ndarray | list[float]) -> Draw:
    names = np.array([f"N{each}" for each in range(len(shares))], dtype=object)
    total = np.sum(shares)
    return lambda rng, rows: rng.choice(names, rows, p=np.asarray(shares) / total)


def normal(mean: float = 0.0, sd: float = 1.0) -> Draw:
    return lambda rng, rows: rng.normal(mean, sd, rows)


def always(value: float) -> Draw:
    return lambda _, rows: np.full(rows, value)


def mixture(share: float, first: Draw, second: Draw) -> Draw:
    return lambda rng, rows: np.where(rng.random(rows) < share, first(rng, rows), second(rng, rows))


NINE_KINDS: list[Draw] = [
    normal(),
    lambda rng, rows: rng.lognormal(size=rows),
    mixture(0.6, always(0.0), lambda rng, rows: rng.exponential(size=rows)),
    lambda rng, rows: rng.poisson(2, rows),
    mixture(0.1, always(np.nan), normal()),
    lambda rng, rows: np.round(rng.normal(20, 8, rows)),
    labels_of([40, 35, 15, 10]),
    labels_of(1 / np.arange(1, 41)),
    lambda rng, rows: rng.random(rows) < 0.05,
]

SWAPPED = {"AA": "UA", "UA": "AA", "DL": "DL", "B6": "B6"}
CHANGES: dict[str, tuple[str, Callable[[pd.DataFrame], pd.Series]]] = {
    "nothing": ("x0", lambda current: current["x0"]),
    "mean + 0.1 sd": ("x0", lambda current: current["x0"] + 0.1),
    "mean + 0.25 sd": ("x0", lambda current: current["x0"] + 0.25),
    "mean + 0.5 sd": ("x0", lambda current: current["x0"] + 0.5),
    "variance x 1.25": ("x0", lambda current: current["x0"] * np.sqrt(1.25)),
    "sd x 1.25": ("x0", lambda current: current["x0"] * 1.25),
    "labels of 40 % and 35 % swapped": ("c0", lambda current: current["c0"].map(SWAPPED)),
    "correlation 0 -> 0.5": ("x0", lambda current: 0.5 * current["x1"] + np.sqrt(0.75) * current["x0"]),
}
"""What moves: the column, and what becomes of it."""


def one_moved(change: str, rows: int, seed: int) -> Pair:
    """Make a reference of eight normal columns and two of labels, and rows of which one column has moved."""
    rng = np.random.default_rng(seed)
    reference, current = _ten(rng, rows), _ten(rng, rows)
    column, moved = CHANGES[change]
    return reference, current.assign(**{column: moved(current)})


def _ten(rng: Random, rows: int) -> pd.DataFrame:
    data = {f"x{i}": rng.normal(size=rows) for i in range(8)}
    labels, shares = np.array(list(SHARES), dtype=object), list(SHARES.values())
    return pd.DataFrame(data | {f"c{i}": rng.choice(labels, rows, p=shares) for i in range(2)})


TWENTY = np.full(20, 0.05)
ALONE: dict[str, dict[str, tuple[Draw, Draw]]] = {
    "numbers": {
        "nothing": (normal(), normal()),
        "mean + 0.1 sd": (normal(), normal(mean=0.1)),
        "mean + 0.25 sd": (normal(), normal(mean=0.25)),
        "sd x 1.25": (normal(), normal(sd=1.25)),
        "2 % are 4 sd away": (normal(), mixture(0.02, normal(mean=4.0), normal())),
        "skewed, x 1.2": (
            lambda rng, rows: rng.lognormal(size=rows),
            lambda rng, rows: 1.2 * rng.lognormal(size=rows),
        ),
        "two humps, mean and sd as before": (normal(), mixture(0.5, normal(-0.8, 0.6), normal(0.8, 0.6))),
        "counts, mean 2 -> 2.2": (lambda rng, rows: rng.poisson(2, rows), lambda rng, rows: rng.poisson(2.2, rows)),
    },
    "labels": {
        "nothing": (labels_of([40, 35, 15, 10]), labels_of([40, 35, 15, 10])),
        "labels of 40 % and 35 % swapped": (labels_of([40, 35, 15, 10]), labels_of([35, 40, 15, 10])),
        "a label of 2 % has 4 %": (labels_of([50, 30, 18, 2]), labels_of([49, 29, 18, 4])),
        "20 labels, a quarter more or less": (labels_of(TWENTY), labels_of(TWENTY * np.tile([1.25, 0.75], 10))),
    },
}
"""How one column was and how it is, by what it holds."""

DAY_ROWS = 100


def weeks(shift: float, seed: int) -> Pair:
    """Make eight weeks, and the one that follows; the rows of a day have a level in common, in each of four columns."""
    rng = np.random.default_rng(seed)
    days = pd.date_range("2013-01-07", periods=63)
    levels = rng.normal(0, 0.3, (len(days), 4)) + shift * (days >= days[56])[:, None]
    values = rng.normal(np.repeat(levels, DAY_ROWS, axis=0))
    rows = pd.DataFrame(values, columns=list("abcd")).assign(day=np.repeat(days, DAY_ROWS))
    return rows[rows["day"] < days[56]], rows[rows["day"] >= days[56]]
