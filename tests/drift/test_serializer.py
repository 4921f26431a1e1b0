from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from mlopskit.drift import DriftDetector
from mlopskit.drift.serializer import DetectorSerializer
from mlopskit.errors import DamagedError
from mlopskit.storage import canonical_json


def frame(rows: int = 5000, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "number": random.normal(size=rows),
            "limit": random.choice([1.0, np.inf, np.nan], rows),
            "origin": random.choice(["EWR", "JFK", None], rows),
            "tail": [f"N{number}" for number in random.integers(0, 2000, rows)],
            "nothing": None,
        }
    )


def to_bytes(detector: DriftDetector) -> bytes:
    file = io.BytesIO()
    DetectorSerializer().write(detector, file)
    return file.getvalue()


def test_a_detector_comes_back_and_detects_the_same():
    detector = DriftDetector(alpha=0.01, correction="bonferroni", columns=list(frame())).fit(frame())
    data = to_bytes(detector)
    back = DetectorSerializer().read(io.BytesIO(data), version=1)
    current = frame(seed=1).assign(number=lambda rows: rows["number"] + 1)
    assert back.get_params() == detector.get_params()
    assert back.detect(current) == detector.detect(current)
    assert to_bytes(back) == data


def test_an_unfitted_detector_comes_back_unfitted():
    back = DetectorSerializer().read(io.BytesIO(to_bytes(DriftDetector(min_effect=0.2))), version=1)
    assert back.min_effect == 0.2
    assert not hasattr(back, "profile_")


def test_the_profile_of_a_column_is_small():
    detector = DriftDetector().fit(pd.DataFrame({"number": np.random.default_rng(0).normal(size=200_000)}))
    assert len(to_bytes(detector)) < 20_000


def test_values_are_kept_as_knots_and_categories_only():
    planted = frame(20_000)
    planted.loc[7, "tail"] = "planted-secret"
    planted.loc[7, "number"] = np.median(planted["number"]) + 1.23456789e-6
    data = to_bytes(DriftDetector().fit(planted))
    assert b"planted-secret" not in data
    kept = {column["name"]: column for column in canonical_json.decode(data)["profile"]}
    assert kept["tail"]["grid"] == {"buckets": 256}
    assert kept["origin"]["grid"] == {"labels": ["EWR", "JFK"]}
    assert len(kept["number"]["grid"]["knots"]) < 1024 * 8 * 4 / 3 + 8


def test_only_detectors_are_accepted():
    class Special(DriftDetector): ...

    assert DetectorSerializer().accepts(DriftDetector())
    assert not DetectorSerializer().accepts(Special())
    assert not DetectorSerializer().accepts({"alpha": 1})


@pytest.mark.parametrize("data", [b"", b"[]", b'{"params":{}}'])
def test_other_bytes_are_refused(data):
    with pytest.raises((DamagedError, ValueError)):
        DetectorSerializer().read(io.BytesIO(data), version=1)


def test_loading_the_serializer_imports_nothing_heavy():
    code = "import sys, mlopskit.drift.serializer; print(sorted({'numpy', 'pandas', 'scipy'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
