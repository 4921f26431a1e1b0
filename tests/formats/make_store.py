"""Write a small store with today's code, to be frozen: ``python tests/formats/make_store.py FOLDER``."""

import math
import os
import secrets
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from mlopskit.registry.registry import Registry
from mlopskit.storage.artifacts import Artifacts, artifact_to_json
from mlopskit.storage.canonical_json import encode
from mlopskit.storage.commit import Change
from mlopskit.storage.log import CHECKPOINT_EVERY, CommitLog
from mlopskit.storage.store import Store
from mlopskit.tracking.tracker import Tracker

BERLIN = ZoneInfo("Europe/Berlin")
LEVELS = pd.CategoricalDtype(pd.Index(["low", "middle", "high"], dtype=object), ordered=True)
WEATHER = pd.CategoricalDtype(pd.Index(["rain", "snow", "sun"], dtype=object))


def main(folder):
    if Path(folder).exists():
        sys.exit(f"{folder} exists; a frozen store is never written again")
    os.environ["MLOPSKIT_KEY"] = secrets.token_hex(32)  # of nobody, so that no reader trusts what it signed
    os.environ["LOGNAME"] = "ana"  # whom commits without an actor name
    store = Store(folder)
    write_log(store)
    write_artifacts(store)
    write_run(store)
    write_model(store)


def write_log(store):
    log = CommitLog(store, "ledger", initial={"total": 0, "seen": []}, apply=add)
    for amount in range(1, CHECKPOINT_EVERY + 7):
        log.commit(lambda _, amount=amount: Change("add", {"amount": amount, "note": f"n° {amount}"}), actor="ana")


def add(state, commit):
    amount = commit.change.arguments["amount"]
    return {"total": state["total"] + amount, "seen": [*state["seen"][-2:], amount]}


def write_artifacts(store):
    artifacts = Artifacts(store)
    only = {"skops": "skops"}
    references = {
        name: artifact_to_json(artifacts.save(value, serializer=only.get(name))) for name, value in values().items()
    }
    store.create("artifacts/index.json", encode(references))


def values():
    counts = np.arange(6, dtype="int16").reshape(2, 3)
    return {
        "bytes": b"\x00\xff\r\n bytes",
        "text": "Verspätung\r\n遅延 \U0001f6eb\n",
        "json": {
            "b": [1, 2.5, None, True],
            "a": {"text": "ä", "big": 2**70, "small": -0.0},
            "$int": [math.inf, {"$float": "x"}],
        },
        "array": counts,
        "array-fortran": np.asfortranarray([[0.1, np.nan], [-np.inf, -0.0]]),
        "array-dates": np.array(["2013-01-01", "NaT"], dtype="M8[s]"),
        "array-records": np.array([(1, 0.5, "ä")], dtype=[("n", "<i4"), ("x", "<f8"), ("s", "<U3")]),
        "scalar": np.float32(0.1),
        "scalar-date": np.datetime64("2013-06-30T12:00:00", "ms"),
        "parquet-frame": parquet_frame(),
        "parquet-series": pd.Series([1.5, np.nan], index=pd.Index([7, 9], name="flight"), name="delay"),
        "columns-frame": columns_frame(),
        "columns-series": pd.Series([0.5 + 2j, -1j], index=pd.to_timedelta([90, 60], unit="s").as_unit("ms"), name=7),
        "columns-index": pd.date_range("2013-03-30", periods=3, freq="D", tz=BERLIN, name="day", unit="us"),
        "columns-categories": pd.CategoricalIndex(["sun", None, "rain"], dtype=WEATHER, name="weather"),
        "skops": StandardScaler().fit([[1.0, 10.0], [3.0, 30.0]]),
        "group": {"X": counts, "more": (np.float64(0.5), "text", [1, b"two"])},
        "cloudpickle": slice(1, 2),
    }


def parquet_frame():
    frame = pd.DataFrame(
        {
            "distance": np.array([200, 1400, 2500], dtype="int32"),
            "delay": [-3.0, np.nan, 0.1],
            "late": [False, True, True],
            "carrier": ["UA", np.nan, "DL"],
            "passengers": pd.array([180, None, 2**53 + 1], dtype="Int64"),
            "departure": departures(),
            "level": pd.Categorical(["high", None, "low"], dtype=LEVELS),
        },
        index=pd.Index([10, 20, 30], name="flight"),
    )
    frame.attrs = {"source": "made up"}
    return frame


def columns_frame():
    frame = pd.DataFrame(
        {
            "month": pd.PeriodIndex(["2013-01", None, "2013-03"], freq="M"),
            "z": [1 + 2j, np.nan, -0j],
            "carrier": ["UA", np.nan, "DL"],
            "flag": pd.array([True, None, False], dtype="boolean"),
            "departure": departures(),
            "weather": pd.Categorical(["sun", None, "rain"], dtype=WEATHER),
            "span": pd.arrays.IntervalArray.from_tuples([(0.0, 1.0), np.nan, (1.0, 5.0)], closed="left"),
            "mixed": pd.Series([1, None, b"x"], dtype=object),
        }
    )
    places = pd.Index(["EWR", "JFK", "EWR"], dtype=object)
    return frame.set_index(pd.MultiIndex.from_arrays([places, [1, 1, 2]], names=["origin", "gate"]))


def departures():
    times = pd.DatetimeIndex(["2013-03-31 00:30", None, "2013-10-27 01:00:00.000001"], dtype="M8[us]")
    return times.tz_localize("UTC").tz_convert(BERLIN)


def write_run(store):
    with Tracker(store, experiment="flights").start_run("depth-6", params={"depth": 6}, tags={"team": "ops"}) as run:
        for step, loss in enumerate([0.5, 0.25, 0.125]):
            run.log_metric("loss", loss, step=10 * step)
        run.flush()
        run.log_metrics({"loss": 0.1, "gradient": float("inf")}, step=-1)
        run.log_artifact("thresholds", [0.2, 0.5])
        run.log_dataset("train", pd.DataFrame({"distance": [200.0, 1400.0]}))


def write_model(store):
    draw = np.arange(20)
    X = pd.DataFrame({"distance": draw / 10, "hour": draw % 7})
    model = LogisticRegression(max_iter=1000).fit(X, draw >= 12)
    registry = Registry(store)
    version = registry.register(
        "delays", model, sample=X, metrics={"roc_auc": 0.75}, params={"C": 1.0}, tags={"team": "ops"}, by="ana"
    )
    registry.approve("delays", version, by="bo")
    registry.promote("delays", version, by="bo", reason="the first")


if __name__ == "__main__":
    main(sys.argv[1])
