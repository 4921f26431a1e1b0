from __future__ import annotations

import numpy as np
import pytest

from mlopskit.drift import DDM, EDDM, HDDM_A, HDDM_W
from mlopskit.errors import ValidationError


@pytest.mark.parametrize("detector", [DDM(), EDDM()], ids=repr)
def test_only_errors_and_right_answers_are_taken(detector):
    for bad in (2, -1, 0.5):
        with pytest.raises(ValidationError, match="1 for an error and 0 for a right answer"):
            detector.update(bad)
        with pytest.raises(ValidationError, match=r"position 1 .*ADWIN"):
            detector.update_many([0, bad])
    assert detector.n == 0


@pytest.mark.parametrize("detector", [HDDM_A(), HDDM_W()], ids=repr)
def test_hoeffding_needs_a_range(detector):
    detector.update_many([0.25, 1, 0])
    for bad in (1.01, -0.01):
        with pytest.raises(ValidationError, match="numbers from 0 to 1"):
            detector.update(bad)
    assert detector.n == 3


@pytest.mark.parametrize("kind", [DDM, EDDM, HDDM_A, HDDM_W])
def test_a_warning_comes_before_the_alarm_and_never_with_it(kind):
    detector, warned = kind(), []
    errors = np.random.default_rng(3).random(4000) < np.repeat([0.05, 0.3], 2000)
    for position, error in enumerate(errors.tolist()):
        alarm = detector.update(error)
        assert not (detector.warning_detected and detector.drift_detected)
        if position >= 2000:
            warned.append(detector.warning_detected)
        if alarm and position >= 2000:
            break
    assert detector.drift_detected
    assert any(warned)
    detector.update(0)
    assert not detector.warning_detected
