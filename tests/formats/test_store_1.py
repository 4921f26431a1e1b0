"""A store of format 1, as `make_store.py` wrote it when that format was new, stays readable to the last bit.

What is below ``store-1`` is never touched. When a format changes: raise its number, keep the reader of the old one,
let `make_store.py` write ``store-2`` and add ``test_store_2.py`` beside this file, which goes on to pass as it is.

The expectations are written out here, not shared with `make_store.py`, which moves on with the formats.
"""

import math
import shutil
import warnings
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
import sklearn

from mlopskit.errors import NotTrustedError
from mlopskit.registry.registry import Registry
from mlopskit.storage.artifacts import Artifacts, artifact_from_json, leaves
from mlopskit.storage.blobs import Blobs
from mlopskit.storage.canonical_json import decode
from mlopskit.storage.commit import Change
from mlopskit.storage.log import CommitLog
from mlopskit.storage.store import Store
from mlopskit.tracking.lifecycle import run_log
from mlopskit.tracking.tracker import Tracker

SKLEARN = "1.9.1"  # wrote the estimators; another may read them, but is not obliged to
LIBRARIES = {"parquet": "pyarrow", "skops": "skops"}
RUN = "01m85cxp482gwkqbc72msar19d"
LEDGER_HEAD = (70, "f4a22c2734454e89ab7f5f06ea06eb8754ceb12845c1160907ccbaa55f15987a")
RUN_HEAD = (4, "e33a0df5af35c5882f91603b08518800c6edaa5f0845083ab17aa347b0a03f99")
REGISTRY_HEAD = (3, "7d127448641ab71b8da3469966bdd4f1260d051e09b925896d2178f4ae90d33e")
GROUP_DIGEST = "c152a009a1e6a84a43dca42ad3b2b845cb450bae334c37240fdf82576605daca"

BERLIN = ZoneInfo("Europe/Berlin")
DEPARTURES = pd.DatetimeIndex(["2013-03-31 00:30", None, "2013-10-27 01:00:00.000001"], dtype="M8[us]")
LEVELS = pd.CategoricalDtype(pd.Index(["low", "middle", "high"], dtype=object), ordered=True)
WEATHER = pd.CategoricalDtype(pd.Index(["rain", "snow", "sun"], dtype=object))

PARQUET_FRAME = pd.DataFrame(
    {
        "distance": np.array([200, 1400, 2500], dtype="int32"),
        "delay": [-3.0, np.nan, 0.1],
        "late": [False, True, True],
        "carrier": ["UA", np.nan, "DL"],
        "passengers": pd.array([180, None, 2**53 + 1], dtype="Int64"),
        "departure": DEPARTURES.tz_localize("UTC").tz_convert(BERLIN),
        "level": pd.Categorical(["high", None, "low"], dtype=LEVELS),
    },
    index=pd.Index([10, 20, 30], name="flight"),
)
COLUMNS_FRAME = pd.DataFrame(
    {
        "month": pd.PeriodIndex(["2013-01", None, "2013-03"], freq="M"),
        "z": [1 + 2j, np.nan, -0j],
        "carrier": ["UA", np.nan, "DL"],
        "flag": pd.array([True, None, False], dtype="boolean"),
        "departure": DEPARTURES.tz_localize("UTC").tz_convert(BERLIN),
        "weather": pd.Categorical(["sun", None, "rain"], dtype=WEATHER),
        "span": pd.arrays.IntervalArray.from_tuples([(0.0, 1.0), np.nan, (1.0, 5.0)], closed="left"),
        "mixed": pd.Series([1, None, b"x"], dtype=object),
    }
).set_index(
    pd.MultiIndex.from_arrays(
        [pd.Index(["EWR", "JFK", "EWR"], dtype=object), [1, 1, 2]],
        names=["origin", "gate"],
    )
)
COUNTS = np.array([[0, 1, 2], [3, 4, 5]], dtype="int16")
VALUES = {
    "bytes": b"\x00\xff\r\n bytes",
    "text": "Verspätung\r\n遅延 \U0001f6eb\n",
    "json": {
        "b": [1, 2.5, None, True],
        "a": {"text": "ä", "big": 2**70, "small": -0.0},
        "$int": [math.inf, {"$float": "x"}],
    },
    "array": COUNTS,
    "array-fortran": np.asfortranarray([[0.1, np.nan], [-np.inf, -0.0]]),
    "array-dates": np.array(["2013-01-01", "NaT"], dtype="M8[s]"),
    "array-records": np.array([(1, 0.5, "ä")], dtype=[("n", "<i4"), ("x", "<f8"), ("s", "<U3")]),
    "scalar": np.float32(0.1),
    "scalar-date": np.datetime64("2013-06-30T12:00:00", "ms"),
    "parquet-frame": PARQUET_FRAME,
    "parquet-series": pd.Series([1.5, np.nan], index=pd.Index([7, 9], name="flight"), name="delay"),
    "columns-frame": COLUMNS_FRAME,
    "columns-series": pd.Series([0.5 + 2j, -1j], index=pd.to_timedelta([90, 60], unit="s").as_unit("ms"), name=7),
    "columns-index": pd.date_range("2013-03-30", periods=3, freq="D", tz=BERLIN, name="day", unit="us"),
    "columns-categories": pd.CategoricalIndex(["sun", None, "rain"], dtype=WEATHER, name="weather"),
    "group": {"X": COUNTS, "more": (np.float64(0.5), "text", [1, b"two"])},
}


@pytest.fixture
def store(tmp_path):
    """A copy, so that nothing a test does reaches the frozen one."""
    return Store(shutil.copytree(Path(__file__).with_name("store-1"), tmp_path / "store"))


@pytest.fixture
def saved(store):
    """What was kept, by name."""
    return {name: artifact_from_json(kept) for name, kept in decode(store.read("artifacts/index.json")).items()}


# -- the log -----------------------------------------------------------------------------------


def add(state, commit):
    amount = commit.change.arguments["amount"]
    return {"total": state["total"] + amount, "seen": [*state["seen"][-2:], amount]}


def ledger(store, apply=add):
    return CommitLog(store, "ledger", initial={"total": 0, "seen": []}, apply=apply)


def test_log_adds_up_to_the_state_it_had(store):
    assert ledger(store).state() == {"total": 2485, "seen": [68, 69, 70]}


def test_log_is_whole_and_its_head_has_the_published_digest(store):
    found = ledger(store).verify()
    assert found.problems == ()
    assert (found.head.number, found.head.digest) == LEDGER_HEAD


def test_commits_say_what_they_said(store):
    commits = list(ledger(store).commits())
    assert [commit.number for commit in commits] == list(range(1, 71))
    assert {(commit.actor, commit.change.operation) for commit in commits} == {("ana", "add")}
    assert [commit.change.arguments for commit in commits] == [{"amount": n, "note": f"n° {n}"} for n in range(1, 71)]


def test_checkpoint_is_believed(store):
    applied = []
    ledger(store, lambda state, commit: applied.append(commit.number) or add(state, commit)).state()
    assert applied == [65, 66, 67, 68, 69, 70]


def test_history_without_its_checkpoint_adds_up_to_the_same(store):
    store.delete("ledger/checkpoint.json")
    assert ledger(store).state() == {"total": 2485, "seen": [68, 69, 70]}


def test_log_still_takes_commits(store):
    log = ledger(store)
    commit = log.commit(lambda _: Change("add", {"amount": 1}), actor="bo")
    assert (commit.number, commit.previous) == (71, LEDGER_HEAD[1])
    assert log.verify().ok


# -- blobs and artifacts -----------------------------------------------------------------------


def test_blobs_are_what_was_written(store):
    assert Blobs(store).verify() == []


def test_every_built_in_format_is_there(saved):
    assert {leaf.serializer for artifact in saved.values() for leaf in leaves(artifact)} == {
        *("bytes", "text", "json", "npy", "numpy-scalar", "parquet", "columns", "skops", "cloudpickle")
    }
    assert {*saved} == {*VALUES, "skops", "cloudpickle"}


@pytest.mark.parametrize("name", VALUES)
def test_value_comes_back_exactly(store, saved, name):
    need_libraries(saved[name])
    assert_same(Artifacts(store).load(saved[name]), VALUES[name])


def test_frame_keeps_its_attrs(store, saved):
    need_libraries(saved["parquet-frame"])
    assert Artifacts(store).load(saved["parquet-frame"]).attrs == {"source": "made up"}


def test_group_has_the_digest_it_had(saved):
    assert saved["group"].digest == GROUP_DIGEST


def test_estimator_comes_back(store, saved):
    need_libraries(saved["skops"])
    need_same_sklearn()
    scaler = Artifacts(store).load(saved["skops"])
    assert type(scaler).__name__ == "StandardScaler"
    assert scaler.transform([[5.0, 20.0]]).tolist() == [[3.0, 0.0]]


def test_pickle_signed_by_a_stranger_needs_consent(store, saved):
    artifacts = Artifacts(store)
    assert saved["cloudpickle"].signature is not None
    with pytest.raises(NotTrustedError, match="signed with the key"):
        artifacts.load(saved["cloudpickle"])
    assert artifacts.load(saved["cloudpickle"], trust=True) == slice(1, 2)


# -- the run -----------------------------------------------------------------------------------


def test_run_is_found_with_all_that_it_recorded(store):
    runs = Tracker(store, experiment="flights").runs()
    assert runs["run_id"].tolist() == [RUN]
    run = Tracker(store).get_run(RUN)
    assert (run.name, run.experiment, run.status, run.error) == ("depth-6", "flights", "finished", "")
    assert (run.params, run.tags) == ({"depth": 6}, {"team": "ops"})
    assert run.artifact("thresholds") == [0.2, 0.5]
    train = run.datasets["train"]
    assert (train.rows, train.columns, train.dtypes) == (2, ("distance",), ("float64",))


def test_run_has_every_point_of_its_metrics(store):
    run = Tracker(store).get_run(RUN)
    assert run.metrics == {"loss": 0.1, "gradient": math.inf}
    loss = run.metric("loss")
    assert loss["step"].tolist() == [0, 10, 20, -1]
    assert loss["value"].tolist() == [0.5, 0.25, 0.125, 0.1]
    assert loss["time"].is_monotonic_increasing
    assert run.metric("gradient")["value"].tolist() == [math.inf]


def test_log_of_the_run_is_whole(store):
    found = run_log(store, RUN).verify()
    assert found.problems == ()
    assert (found.head.number, found.head.digest) == RUN_HEAD


# -- the registry ------------------------------------------------------------------------------


def test_registry_is_whole(store):
    found = Registry(store).verify("delays")
    assert found.problems == ()
    assert (found.head.number, found.head.digest) == REGISTRY_HEAD


def test_registry_lists_model_and_version(store):
    registry = Registry(store)
    assert registry.models()[["versions", "aliases"]].to_dict("index") == {
        "delays": {"versions": 1, "aliases": "champion = 1"}
    }
    versions = registry.versions("delays").drop(columns=["registered", "run", "deleted"])
    assert versions.to_dict("index") == {
        1: {
            "by": "ana",
            "aliases": "champion",
            "approved_by": "bo",
            "description": "",
            "metrics.roc_auc": 0.75,
            "params.C": 1.0,
            "tags.team": "ops",
        }
    }


def test_registry_tells_what_happened(store):
    history = Registry(store).history("delays")
    facts = ["operation", "version", "accepted", "by", "reason"]
    assert list(history[facts].itertuples(name=None)) == [
        (1, "register", 1, True, "ana", ""),
        (2, "approve", 1, True, "bo", ""),
        (3, "promote", 1, True, "bo", "the first"),
    ]
    promoted = history.loc[3]
    assert promoted["alias"] == "champion"
    champion = Registry(store).champion_at("delays", "champion", promoted["time"].to_pydatetime())
    assert (champion.number, champion.sklearn) == (1, SKLEARN)
    assert [(column.name, column.kind) for column in champion.signature.columns] == [
        ("distance", "float"),
        ("hour", "int"),
    ]


def test_model_predicts_what_it_did(store):
    for library in LIBRARIES.values():
        pytest.importorskip(library)
    need_same_sklearn()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* was registered with ", category=UserWarning)  # another Python
        model = Registry(store).load("delays@champion")
    rows = pd.DataFrame({"distance": [0.0, 1.1, 1.2, 1.9], "hour": [0, 4, 5, 5]})
    assert model.predict(rows).tolist() == [False, False, True, True]
    assert model.predict_proba(rows)[:, 1] == pytest.approx(
        [0.059827398, 0.466613037, 0.540936934, 0.831110784], rel=1e-6
    )


# -- comparing ---------------------------------------------------------------------------------


def need_libraries(artifact):
    for leaf in leaves(artifact):
        if leaf.serializer in LIBRARIES:
            pytest.importorskip(LIBRARIES[leaf.serializer])


def need_same_sklearn():
    if sklearn.__version__ != SKLEARN:
        pytest.skip(f"scikit-learn {SKLEARN} wrote this estimator")


def assert_same(found, expected):
    assert type(found) is type(expected)
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(*map(comparable_text, (found, expected)), check_exact=True, check_freq=True)
    elif isinstance(expected, pd.Series):
        pd.testing.assert_series_equal(found, expected, check_exact=True, check_freq=True)
    elif isinstance(expected, pd.Index):
        pd.testing.assert_index_equal(found, expected, exact=True, check_exact=True)
        assert getattr(found, "freq", None) == getattr(expected, "freq", None)
    elif isinstance(expected, np.ndarray | np.generic):
        assert (found.dtype, found.shape, found.tobytes("A")) == (expected.dtype, expected.shape, expected.tobytes("A"))
        assert found.flags.f_contiguous == expected.flags.f_contiguous
    elif isinstance(expected, dict):
        assert list(found) == list(expected)
        assert_same([*found.values()], [*expected.values()])
    elif isinstance(expected, list | tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    else:
        assert repr(found) == repr(expected)  # tells -0.0 from 0.0


def comparable_text(frame):
    """Give a frame as it is; under pandas 2, which infers another dtype for texts, with the texts as plain objects."""
    if int(pd.__version__.partition(".")[0]) >= 3:
        return frame
    frame = frame.astype({"carrier": object})
    return frame.set_axis(frame.columns.astype(object), axis="columns")
