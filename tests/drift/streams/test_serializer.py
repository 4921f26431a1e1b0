from __future__ import annotations

import io
import json
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone

from mlopskit.drift import ADWIN, DDM, EDDM, HDDM_A, HDDM_W, KSWIN, PageHinkley
from mlopskit.drift.streams.error_detector import ErrorDetector
from mlopskit.drift.streams.serializer import StreamDetectorSerializer
from mlopskit.errors import DamagedError, FormatError, MlopskitError
from mlopskit.storage.artifacts import Artifacts, artifact_to_json
from mlopskit.storage.store import Store

ROOT = Path(__file__).parents[3]
SERIALIZER = "mlopskit.drift.streams.serializer:StreamDetectorSerializer"
DETECTORS_AT_WORK = [
    ADWIN(delta=0.01, clock=8), PageHinkley(threshold=10.0), DDM(), EDDM(), HDDM_A(two_sided_test=True), HDDM_W(),
    KSWIN(alpha=0.001, seed=4),
]  # fmt: skip


def to_bytes(detector):
    file = io.BytesIO()
    StreamDetectorSerializer().write(detector, file)
    return file.getvalue()


def from_bytes(data, version=1):
    return StreamDetectorSerializer().read(io.BytesIO(data), version=version)


def stream_for(detector, size=4000):
    """A stream with a change in its middle, the same on every machine."""
    position = np.arange(size)
    uneven = (position * 7919 + position // 7 * 104729) % 1009 / 1009
    late = position >= size // 2
    return (uneven < 0.1 + 0.3 * late).astype(float) if isinstance(detector, ErrorDetector) else uneven + late


@pytest.mark.parametrize("detector", DETECTORS_AT_WORK, ids=repr)
@pytest.mark.parametrize("place", [0, 1, 50, 700, 1990, 2100, 3999])
def test_a_detector_comes_back_mid_stream_and_raises_the_same_alarms(detector, place):
    detector, stream = clone(detector), stream_for(detector)
    detector.update_many(stream[:place])
    data = to_bytes(detector)
    back = from_bytes(data)
    assert back == detector
    assert to_bytes(back) == data
    alarms = detector.update_many(stream[place:])
    assert len(alarms) or place > 2000
    assert back.update_many(stream[place:]).tolist() == alarms.tolist()
    assert back == detector


@pytest.mark.parametrize("detector", DETECTORS_AT_WORK, ids=repr)
def test_a_detector_in_alarm_comes_back_in_alarm(detector):
    detector, stream = clone(detector), stream_for(detector)
    first = detector.update_many(stream)[0]
    detector.reset()
    detector.update_many(stream[: first + 1])
    back = from_bytes(to_bytes(detector))
    assert back.drift_detected
    assert not back.update(stream[first + 1])
    assert back.n == 1


def test_the_stream_goes_on_in_a_fresh_process(tmp_path):
    if SERIALIZER not in {entry_point.value for entry_point in entry_points(group="mlopskit.serializers")}:
        pytest.skip("mlopskit was installed before it had this entry point: install it again")
    artifacts, kept, expected = Artifacts(Store(tmp_path / "store")), [], []
    for detector in map(clone, DETECTORS_AT_WORK):
        stream = stream_for(detector)
        detector.update_many(stream[:1700])
        saved = artifacts.save(detector)
        assert saved.serializer == "stream-detector"
        kept.append([artifact_to_json(saved), stream[1700:].tolist()])
        expected.append([detector.update_many(stream[1700:]).tolist(), detector.n])
    (tmp_path / "kept.json").write_text(json.dumps(kept))
    code = """
import json, sys
from mlopskit.storage.artifacts import Artifacts, artifact_from_json
from mlopskit.storage.store import Store
artifacts, found = Artifacts(Store("store")), []
for reference, values in json.load(open("kept.json")):
    detector = artifacts.load(artifact_from_json(reference))
    found.append([[at for at, value in enumerate(values) if detector.update(value)], detector.n])
print(json.dumps(found))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == expected
    assert all(alarms for alarms, _ in expected)


def test_the_entry_point_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["mlopskit.serializers"]["stream-detector"] == SERIALIZER


def test_parameters_may_be_numpy_s():
    detector = DDM(warm_start=np.int64(20), drift_threshold=np.float32(2.5), warning_threshold=np.float64(1.5))
    back = from_bytes(to_bytes(detector))
    assert back == detector
    assert type(back.drift_threshold) is float


def test_only_mlopskit_s_own_detectors_are_accepted():
    class Special(DDM): ...

    class ADWIN: ...

    accepts = StreamDetectorSerializer().accepts
    assert all(map(accepts, DETECTORS_AT_WORK))
    assert not any(map(accepts, [Special(), ADWIN(), DDM, {"detector": "DDM"}, None]))


def test_other_bytes_and_formats_are_refused():
    for data in (b"", b"[]", b'{"detector":"Other"}', b'{"detector":"DDM","params":{},"state":{"n":"x"}}'):
        with pytest.raises(MlopskitError):
            from_bytes(data)
    with pytest.raises(DamagedError):
        from_bytes(to_bytes(DDM()).replace(b"drift_threshold", b"drift_treshhold"))
    with pytest.raises(FormatError, match="version 2"):
        from_bytes(to_bytes(DDM()), version=2)


def test_loading_the_serializer_imports_nothing_heavy():
    code = """
import sys, mlopskit.drift.streams.serializer, mlopskit.drift
print(sorted({'numpy', 'pandas', 'scipy', 'cattrs'} & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
