from __future__ import annotations

import copy
import pickle
from fractions import Fraction

import attrs
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from mlopskit.drift import ADWIN, DDM, EDDM, HDDM_A, HDDM_W, KSWIN, PageHinkley
from mlopskit.drift.streams.error_detector import ErrorDetector
from mlopskit.drift.streams.stream_detector import StreamDetector
from mlopskit.errors import MlopskitError, ValidationError

EAGER = [  # so that short streams have many alarms
    ADWIN(delta=0.5, clock=3, max_buckets=2, min_window_length=2, grace_period=4),
    ADWIN(delta=0.9, clock=1, max_buckets=1, min_window_length=1, grace_period=0),
    PageHinkley(min_instances=3, threshold=2.0),
    PageHinkley(min_instances=1, threshold=0.5, alpha=1, delta=0, mode="down"),
    PageHinkley(threshold=1.0, alpha=0.5, mode="up"),
    DDM(warm_start=4, warning_threshold=1.0, drift_threshold=1.5),
    EDDM(warm_start=3),
    HDDM_A(drift_confidence=0.3, warning_confidence=0.6),
    HDDM_A(drift_confidence=0.3, warning_confidence=0.6, two_sided_test=True),
    HDDM_W(drift_confidence=0.3, warning_confidence=0.6),
    HDDM_W(drift_confidence=0.3, warning_confidence=0.6, lambda_val=0.3, two_sided_test=True),
    HDDM_W(drift_confidence=0.9, warning_confidence=0.95, two_sided_test=True),
    KSWIN(alpha=0.2, window_size=12, stat_size=5),
]
every = pytest.mark.parametrize("detector", EAGER, ids=repr)


@st.composite
def pieces(draw, values):
    """Draw a stream in pieces."""
    size = draw(st.integers(0, 400))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    stream = values(random, size)
    cuts = draw(st.lists(st.integers(0, size), max_size=4).map(sorted))
    return np.split(stream, cuts)


def some_numbers(random, size):
    if random.random() < 0.3:
        return random.integers(-2, 3, size).astype(float)  # ties
    scale = 10.0 ** random.integers(-8, 9)
    return scale * random.normal(np.where(np.arange(size) < size * random.random(), 0, 2))


def some_errors(random, size):
    rates = random.choice([0, 0.05, 0.5, 1], 2)
    return (random.random(size) < np.where(np.arange(size) < size * random.random(), *rates)).astype(float)


@every
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_many_values_at_once_give_the_alarms_and_the_state_of_one_after_the_other(detector, data):
    stream = data.draw(pieces(some_errors if isinstance(detector, ErrorDetector) else some_numbers))
    one_by_one, in_pieces, at_once = clone(detector), clone(detector), clone(detector)
    alarms, found = [], []
    for piece in stream:
        alarms.append([position for position, value in enumerate(piece.tolist()) if one_by_one.update(value)])
        found.append(in_pieces.update_many(piece).tolist())
        assert in_pieces == one_by_one  # bit for bit
    assert found == alarms
    begins = np.cumsum([0, *map(len, stream)])
    expected = [begin + alarm for begin, piece in zip(begins, alarms, strict=False) for alarm in piece]
    assert at_once.update_many(np.concatenate(stream)).tolist() == expected
    assert at_once == one_by_one


@every
def test_long_streams_too(detector):
    random = np.random.default_rng(7)
    draw = some_errors if isinstance(detector, ErrorDetector) else some_numbers
    stream = np.concatenate([draw(random, 2000) for _ in range(10)])
    other = clone(detector)
    alarms = [position for position, value in enumerate(stream.tolist()) if other.update(value)]
    assert len(alarms) > 3
    assert detector.update_many(stream).tolist() == alarms
    assert detector == other
    detector.reset()


@every
def test_an_alarm_is_told_and_the_next_value_starts_anew(detector):
    random = np.random.default_rng(1)
    draw = some_errors if isinstance(detector, ErrorDetector) else some_numbers
    stream = iter(np.concatenate([draw(random, 500) for _ in range(8)]).tolist())
    seen = next(number for number, value in enumerate(stream, 1) if detector.update(value))
    assert detector.drift_detected
    assert detector.n == seen
    value = next(stream)
    assert not detector.update(value)
    fresh = clone(detector)
    fresh.update(value)
    assert detector == fresh
    assert detector.n == 1
    detector.reset()
    assert detector == clone(detector)
    assert detector.n == 0
    assert not detector.drift_detected


@every
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e141])
def test_what_is_no_number_is_refused_before_anything_changes(detector, bad):
    detector = clone(detector)
    detector.update_many([0, 1, 1, 0])
    before = copy.deepcopy(detector)
    with pytest.raises(ValidationError, match=r"position 2 .*: drop ") as told:
        detector.update_many([1, 0, bad, 1])
    assert "1e+141" not in str(told.value)
    with pytest.raises(ValidationError, match="drop "):
        detector.update(bad)
    assert detector == before


@every
def test_an_int_that_no_float_holds_is_refused_as_any_other_value(detector):
    for alone, among in [(10**400, [1, 10**400]), (Fraction(10**400), [1, Fraction(10**400)])]:
        with pytest.raises(ValidationError, match="drop "):
            clone(detector).update(alone)
        with pytest.raises(ValidationError, match="position 1 holds none"):
            clone(detector).update_many(among)


@every
def test_masked_values_are_missing(detector):
    for dtype in (int, bool, float):
        with pytest.raises(ValidationError, match="position 1 holds none"):
            clone(detector).update_many(np.ma.array([1, 1, 0], mask=[False, True, False], dtype=dtype))


@every
def test_what_is_not_numeric_is_refused(detector):
    for bad in ("1", None, 1j, [1.0], np.datetime64("2013-01-01")):
        with pytest.raises(MlopskitError, match="convert"):
            clone(detector).update(bad)
    for bad in (["1"], [[1, 0]], 1.0, [None], pd.Series(["1"]), pd.to_datetime(pd.Series(["2013-01-01"])),
                np.array([[1, 0]], dtype=object), np.ma.array([1, 0], mask=[0, 1], dtype=object)):  # fmt: skip
        with pytest.raises(MlopskitError, match=r"pandas\.to_numeric"):
            clone(detector).update_many(bad)


@every
def test_numbers_come_in_many_types(detector):
    expected = clone(detector)
    expected.update_many(np.array([1.0, 0.0, 1.0]))
    same = [
        [1, 0, 1], (True, False, True), np.array([1, 0, 1], dtype="uint8"), np.array([1, 0, 1], dtype="float32"),
        pd.Series([1, 0, 1], dtype="Int64"), pd.Series([True, False, True], dtype="boolean", index=[5, 5, 5]),
        np.array([1, 9, 0, 9, 1, 9])[::2], pd.Series([1, 0.0, True], dtype=object), [Fraction(1), 0, 1],
        np.ma.array([1, 0, 1], mask=False),
    ]  # fmt: skip
    for values in same:
        found = clone(detector)
        found.update_many(values)
        assert found == expected
    alike = [(1, 0), (True, False), (np.float32(1), np.float16(0)), (np.int8(1), np.bool_(False)), (Fraction(1), 0)]
    for one, zero in alike:
        found = clone(detector)
        for value in (one, zero, one):
            assert type(found.update(value)) is bool
        assert found == expected


@every
def test_no_values_change_nothing(detector):
    for nothing in ([], np.empty(0), pd.Series([], dtype=float)):
        found = clone(detector)
        alarms = found.update_many(nothing)
        assert alarms.dtype == np.intp
        assert len(alarms) == 0
        assert found == clone(detector)


@every
def test_parameters_are_shown_and_can_not_be_changed(detector):
    params = detector.get_params()
    assert type(detector)(**params) == clone(detector)
    shown = repr(detector)
    for name, value in params.items():
        assert f"{name}={value!r}" in shown
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(detector, name, value)
    assert "state" not in shown
    assert eval(shown) == clone(detector)


@every
def test_a_detector_can_be_copied_and_pickled_mid_stream(detector):
    detector = clone(detector)
    detector.update_many([0, 1, 1, 0, 1])
    for other in (copy.deepcopy(detector), pickle.loads(pickle.dumps(detector))):
        assert other == detector
        other.update(1)
        assert other != detector


def test_a_block_that_may_end_early_is_taken_up_to_its_end():
    class Hundred(StreamDetector):
        """Raises an alarm with every hundredth value, and looks at seven at a time."""

        def _step(self, x):
            self._state.n += 1
            self._state.drift = self._state.n == 100

        def _scan(self, block):
            before = self._state.n
            for value in block[:7].tolist():
                self._step(value)
                if self._state.drift:
                    break
            return self._state.n - before

    assert Hundred().update_many(np.zeros(1000)).tolist() == list(range(99, 1000, 100))
