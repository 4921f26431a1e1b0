"""A drift detector of the second format, kept as it was written: every later version has to read it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlopskit.drift.serializer import DetectorSerializer

KEPT = Path(__file__).with_name("drift-detector-2.json")


@pytest.fixture
def detector():
    with KEPT.open("rb") as file:
        return DetectorSerializer().read(file, version=2)


@pytest.fixture
def current() -> pd.DataFrame:
    """The reference, but distances are half as long again and three more."""
    n = np.arange(600)
    frame = pd.DataFrame(
        {
            "day": pd.Timestamp("2013-01-01") + pd.to_timedelta(n // 10, unit="D"),
            "distance": ((n * 37 % 601) / 7 - 20) * 1.5 + 3,
            "stops": n % 4,
            "origin": np.array(["EWR", "JFK", "LGA"])[n * n % 3],
            "tail": [f"N{number * 7 % 1500}" for number in n * 3],
            "late": n % 5 == 0,
        }
    )
    frame.loc[n % 11 == 0, "distance"] = np.nan
    frame.loc[7, "distance"] = np.inf
    return frame


def test_it_detects_what_it_detected_then(detector, current):
    found = detector.detect(current).to_frame().set_index("column")
    assert found["verdict"].to_dict() == {
        "distance": "drifted", "stops": "stable", "origin": "stable", "tail": "stable", "late": "stable",
    }  # fmt: skip
    assert found.loc["distance", "effect"] == pytest.approx(0.81465, abs=1e-5)
    assert found.loc["stops", "method"] == "wasserstein"


def test_what_it_learned_over_time_and_by_slice_is_there(detector, current):
    assert detector.alpha == 0.01
    assert detector.reference_.usual["distance"] > 0
    assert sorted(detector.detect_slices(current)) == ["EWR", "JFK"]
    assert detector.detect_by(current, time="day", freq="MS").alarms
