from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from mlopskit.drift import DriftDetector, Statistic, statistics
from mlopskit.drift.serializer import DetectorSerializer
from mlopskit.errors import DamagedError, FormatError, SerializationError
from mlopskit.storage import canonical_json
from mlopskit.storage.artifacts import Artifacts
from mlopskit.storage.store import Store


def frame(rows: int = 5000, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "number": random.normal(size=rows),
            "limit": random.choice([1.0, np.inf, -np.inf, -0.5, np.nan], rows),
            "origin": random.choice(["EWR", "JFK", None], rows),
            "tail": [f"N{number}" for number in random.integers(0, 2000, rows)],
            "day": pd.Timestamp("2013-01-01") + pd.to_timedelta(random.integers(0, 70, rows), unit="D"),
            "nothing": None,
        }
    )


def to_bytes(detector: DriftDetector) -> bytes:
    file = io.BytesIO()
    DetectorSerializer().write(detector, file)
    return file.getvalue()


def back(data: bytes) -> DriftDetector:
    return DetectorSerializer().read(io.BytesIO(data), version=DetectorSerializer.version)


def test_a_detector_comes_back_and_detects_the_same():
    detector = DriftDetector(alpha=0.01, correction="bonferroni", columns=list(frame())).fit(frame())
    data = to_bytes(detector)
    current = frame(seed=1).assign(number=lambda rows: rows["number"] + 1)
    assert back(data).get_params() == detector.get_params()
    assert back(data).detect(current) == detector.detect(current)
    assert to_bytes(back(data)) == data


def test_what_was_learned_over_time_comes_back():
    detector = DriftDetector().fit(frame(), time="day", freq="W", season="month", slices="origin")
    again = back(to_bytes(detector))
    assert again.detect_slices(frame(seed=1)) == detector.detect_slices(frame(seed=1))
    assert again.reference_.usual == detector.reference_.usual
    assert again.detect_by(frame(seed=1), time="day") == detector.detect_by(frame(seed=1), time="day")


@pytest.mark.parametrize(
    "chosen",
    [
        statistics.Wasserstein(normed=False, draws=99),
        {"number": statistics.KolmogorovSmirnov(), "categorical": statistics.GTest()},
        {"class": statistics.Energy()},  # a column of that name
    ],
)
def test_built_in_statistics_come_back(chosen):
    again = back(to_bytes(DriftDetector(statistics=chosen))).statistics
    if isinstance(chosen, dict):
        assert {name: repr(each) for name, each in again.items()} == {name: repr(each) for name, each in chosen.items()}
    else:
        assert repr(again) == repr(chosen)


def test_the_code_of_a_statistic_of_ones_own_is_not_saved():
    class Mine(statistics.Energy): ...

    with pytest.raises(SerializationError, match=r"Mine is not one of mlopskit's.*set_params"):
        to_bytes(DriftDetector(statistics=Mine()))
    assert issubclass(Mine, Statistic)


def test_an_unfitted_detector_comes_back_unfitted():
    again = back(to_bytes(DriftDetector(min_effect=0.2)))
    assert again.min_effect == 0.2
    assert not hasattr(again, "reference_")


def test_the_profile_of_a_column_is_small():
    detector = DriftDetector().fit(pd.DataFrame({"number": np.random.default_rng(0).normal(size=200_000)}))
    assert len(to_bytes(detector)) < 20_000


def test_a_planted_value_is_not_in_the_bytes():
    planted = frame(20_000)
    secret = 1234.567890123
    planted.loc[7, "tail"] = "planted-secret"
    planted.loc[7, "origin"] = "planted-secret"
    planted.loc[7, "number"] = secret
    planted["team"] = ["planted-secret", *(f"team {row % 40}" for row in range(1, 20_000))]
    planted["user"] = ["usual", *4 * ["planted-secret"], *19_995 * ["usual"]]
    detector = DriftDetector(groups="team", multivariate=True)
    data = to_bytes(detector.fit(planted, time="day", season="weekday", slices="user"))
    assert b"planted-secret" not in data
    assert str(secret).encode() not in data
    columns = back(data).profile_.columns
    assert sorted(columns["origin"].names.values()) == ["EWR", "JFK"]
    assert not np.isclose(columns["number"].numbers, secret, rtol=1e-6).any()


def test_groups_of_many_labels_come_back():
    many = pd.DataFrame({"tail": [f"N{row}" for row in range(400)], "team": ["red", "blue"] * 200})
    detector = DriftDetector(groups="team").fit(many)
    groups = back(to_bytes(detector)).profile_.groups.values()
    assert [each.columns["tail"].cells.total for each in groups] == [200, 200]


def test_labels_whose_names_were_not_kept_are_still_told_apart():
    few = pd.DataFrame({"c": ["often"] * 500 + ["rare"] * 3})
    again = back(to_bytes(DriftDetector().fit(few)))
    assert again.profile_.columns["c"].names.keys() < DriftDetector().fit(few).profile_.columns["c"].names.keys()
    assert (
        again.detect(few)
        .to_frame()
        .drop(columns="change")
        .equals(DriftDetector().fit(few).detect(few).to_frame().drop(columns="change"))
    )


def test_only_detectors_are_accepted():
    class Special(DriftDetector): ...

    assert DetectorSerializer().accepts(DriftDetector())
    assert not DetectorSerializer().accepts(Special())
    assert not DetectorSerializer().accepts({"alpha": 1})


@pytest.mark.parametrize("data", [b"", b"[]", b'{"params":{}}'])
def test_other_bytes_are_refused(data):
    with pytest.raises((DamagedError, ValueError)):
        back(data)


def test_the_first_format_is_refused_with_a_remedy():
    with pytest.raises(FormatError, match="fit and save it again"):
        DetectorSerializer().read(io.BytesIO(b"{}"), version=1)


def test_an_unknown_statistic_is_refused():
    data = to_bytes(DriftDetector(statistics=statistics.Energy())).replace(b"Energy", b"Fancier")
    with pytest.raises(FormatError, match="no statistic 'Fancier'"):
        back(data)


def test_a_fresh_process_detects_the_same(tmp_path):
    (tmp_path / "detector").write_bytes(to_bytes(DriftDetector().fit(frame())))
    current = frame(seed=1).drop(columns="nothing").assign(number=lambda rows: rows["number"] + 1)
    current.to_pickle(tmp_path / "current")
    code = (
        "import sys, pandas as pd\nfrom mlopskit.drift.serializer import DetectorSerializer\n"
        "detector = DetectorSerializer().read(open(sys.argv[1], 'rb'), version=2)\n"
        "print(repr(detector.detect(pd.read_pickle(sys.argv[2]))))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "detector"), str(tmp_path / "current")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.rstrip() == repr(DriftDetector().fit(frame()).detect(current))


def test_a_store_keeps_it(tmp_path):
    artifacts = Artifacts(Store(str(tmp_path)))
    again = artifacts.load(artifacts.save(DriftDetector().fit(frame())))
    assert again.detect(frame(seed=1)) == DriftDetector().fit(frame()).detect(frame(seed=1))


def test_loading_the_serializer_imports_nothing_heavy():
    code = "import sys, mlopskit.drift.serializer; print(sorted({'numpy', 'pandas', 'scipy'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_json_is_canonical():
    data = to_bytes(DriftDetector().fit(frame()))
    assert canonical_json.encode(canonical_json.decode(data)) == data
