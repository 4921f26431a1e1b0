from datetime import datetime

import pandas as pd
import pytest

from mlopskit.deployment import PredictionLog
from mlopskit.errors import InvalidNameError
from mlopskit.storage.canonical_json import decode, encode
from mlopskit.storage.store import Store


@pytest.fixture
def log(tmp_path):
    return PredictionLog(Store(tmp_path / "store"), "flight-delays")


def rows(day, *, count=2, version=1, **features):
    times = pd.date_range(f"2013-02-{day:02d} 09:00", periods=count, freq="h", tz="UTC")
    ids = [f"request-{version}-{day}-{row}" for row in range(count)]
    answers = {"prediction": 1.5, "model_version": version, "predicted_at": times, "prediction_id": ids}
    return pd.DataFrame({**(features or {"distance": 100.0 * day}), **answers}, index=range(count))


def segments(log):
    return Store(log._artifacts.store.url).list("predictions/flight-delays")


def test_a_log_without_segments_is_empty_and_has_its_columns(log):
    assert list(log.read()) == ["prediction", "probability", "model_version", "predicted_at", "prediction_id"]
    assert log.read().empty


def test_what_was_appended_is_read_in_the_order_of_time(log):
    for day in (3, 1, 2):
        log.append(rows(day))
    assert log.read()["distance"].tolist() == [100.0, 100.0, 200.0, 200.0, 300.0, 300.0]
    assert log.read().index.tolist() == list(range(6))


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2013-02-02", None, [2, 2, 3, 3]),
        (None, "2013-02-02", [1, 1]),
        ("2013-02-02T10:00Z", "2013-02-03T09:00Z", [2]),
        ("2013-02-02T10:00+01:00", "2013-02-02T11:00+01:00", [2]),
        (datetime(2013, 2, 3), None, [3, 3]),  # noqa: DTZ001 - naive on purpose
        ("2999-01-01", None, []),
    ],
)
def test_a_stretch_of_time_includes_its_start_and_not_its_end(log, start, end, days):
    for day in (1, 2, 3):
        log.append(rows(day))
    assert (log.read(start, end)["prediction_id"].str.split("-").str[2].astype(int) == days).all()
    assert len(log.read(start, end)) == len(days)


def test_segments_that_do_not_overlap_are_not_loaded(log, monkeypatch):
    for day in (1, 2, 3):
        log.append(rows(day))
    loaded = []
    load = log._artifacts.load
    monkeypatch.setattr(log._artifacts, "load", lambda artifact: loaded.append(artifact) or load(artifact))
    log.read("2013-02-02", "2013-02-03")
    assert len(loaded) == 1


def test_rows_that_were_written_twice_are_read_once(log):
    log.append(rows(1))
    log.append(rows(1))
    assert len(segments(log)) == 2
    assert len(log.read()) == 2


def test_versions_with_other_features_stand_in_one_table(log):
    log.append(rows(1, distance=100.0))
    log.append(rows(2, version=2, distance=200.0, origin="JFK"))
    read = log.read()
    assert list(read)[:3] == ["distance", "origin", "prediction"]
    assert read["origin"].isna().tolist() == [True, True, False, False]
    assert read["model_version"].tolist() == [1, 1, 2, 2]


def test_segments_that_are_damaged_or_gone_are_named_and_left_out(log):
    for day in (1, 2, 3):
        log.append(rows(day))
    store, (edited, lost, _) = log._artifacts.store, segments(log)
    digest = decode(store.read(lost))["artifact"]["digest"]
    store.local_path(edited).write_bytes(b"{")
    store.delete(*[name for name in store.list("blobs") if digest in name.replace("/", "")])
    with pytest.warns(RuntimeWarning) as warned:
        assert len(log.read()) == 2
    messages = [str(warning.message) for warning in warned]
    assert [edited in messages[0], lost in messages[1], len(messages)] == [True, True, 2]


@pytest.mark.parametrize("record", [{"format": 2, "first": "", "last": "", "artifact": {}}, {"format": 1}, []])
def test_a_segment_of_another_format_is_left_out(log, record):
    log.append(rows(1))
    log._artifacts.store.create("predictions/flight-delays/20130201/other.json", encode(record))
    with pytest.warns(RuntimeWarning, match=r"20130201/other\.json .*update this one"):
        assert len(log.read()) == 2


def test_a_name_that_could_leave_the_store_is_refused():
    with pytest.raises(InvalidNameError, match="name a model"):
        PredictionLog("memory://refused", "../x")


def test_its_repr_names_store_and_model():
    assert repr(PredictionLog("memory://shown", "flight-delays")) == "PredictionLog('memory://shown', 'flight-delays')"
