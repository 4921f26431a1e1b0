"""Stream detectors of the first format, kept after 1,700 values as they were written: every later version goes on."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from mlopskit.drift.streams import DETECTORS
from mlopskit.drift.streams.error_detector import ErrorDetector
from mlopskit.drift.streams.serializer import StreamDetectorSerializer
from mlopskit.storage import canonical_json

KEPT = canonical_json.decode(Path(__file__).with_name("stream-detectors-1.json").read_bytes())


def the_rest_of_the_stream(detector):
    position = np.arange(1700, 4000)
    uneven = (position * 7919 + position // 7 * 104729) % 1009 / 1009
    late = position >= 2000
    return uneven < 0.1 + 0.3 * late if isinstance(detector, ErrorDetector) else uneven + late


@pytest.mark.parametrize("sample", KEPT, ids=lambda sample: sample["kept"]["detector"])
def test_it_raises_the_alarms_that_it_raised_then(sample):
    detector = StreamDetectorSerializer().read(io.BytesIO(canonical_json.encode(sample["kept"])), version=1)
    assert detector.n > 0
    assert detector.update_many(the_rest_of_the_stream(detector)).tolist() == sample["alarms"]


def test_every_detector_is_kept():
    assert {sample["kept"]["detector"] for sample in KEPT} == DETECTORS.keys()
