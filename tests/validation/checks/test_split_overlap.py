import numpy as np
import pandas as pd
import pytest

from mlopskit.records.trial import Trial
from mlopskit.validation.checks import NoDuplicatesAcross, NoGroupLeakage, NoTimeLeakage


def rows(count, seed, few_values=False):
    random = np.random.default_rng(seed)
    if few_values:
        return pd.DataFrame({"hour": random.integers(0, 24, count), "origin": random.choice(["EWR", "JFK"], count)})
    return pd.DataFrame({"x": random.normal(size=count), "n": random.integers(0, 1000, count)})


def trial(X, train):
    return Trial(None, X=X, y=np.zeros(len(X)), train=(train, np.zeros(len(train))))


def test_copied_rows_are_counted_and_pointed_at():
    train, X = rows(2000, 0), rows(1000, 1)
    X = pd.concat([X, train[:20]])
    result = NoDuplicatesAcross().check(trial(X, train))
    assert (result.status, result.observed["verdict"], result.failed) == ("failed", "leak", 20)
    assert result.examples == tuple(range(1000, 1010))
    assert result.labels == tuple(range(10))
    assert NoDuplicatesAcross(0.05).check(trial(X, train)).status == "passed"
    assert NoDuplicatesAcross().check(trial(X[:1000], train)).status == "passed"


def test_rows_that_repeat_by_nature_are_no_leak():
    result = NoDuplicatesAcross().check(trial(rows(800, 1, True), rows(3000, 0, True)))
    assert (result.status, result.observed["share"], result.observed["natural"]) == ("passed", 1.0, 1.0)


@pytest.mark.parametrize(("values", "train", "X"), [(2000, 1000, 500), (2000, 300, 3000), (200_000, 1000, 1000)])
def test_natural_repetition_raises_no_false_alarm(values, train, X):
    alarms = 0
    for seed in range(100):
        random = np.random.default_rng(seed)
        seen, asked = (pd.DataFrame({"x": random.integers(0, values, size)}) for size in (train, X))
        alarms += NoDuplicatesAcross().check(trial(asked, seen)).status == "failed"
    assert alarms <= 6  # half of the interval's 5 in 100, on the side that alarms, and chance


def test_a_few_copies_among_rows_that_repeat_by_nature_are_found():
    random = np.random.default_rng(0)
    seen, asked = (pd.DataFrame({"x": random.integers(0, 5000, 2000)}) for _ in range(2))
    assert NoDuplicatesAcross().check(trial(asked, seen)).status == "passed"
    asked[:400] = seen[:400]
    assert NoDuplicatesAcross().check(trial(asked, seen)).status == "failed"


def test_objects_of_several_types_are_told_apart_by_how_they_are_written():
    odd = pd.DataFrame({"o": pd.Series([1, "a", None, (1, 2), b"x", pd.Timestamp(0)] * 50, dtype=object)})
    odd["n"] = range(300)
    result = NoDuplicatesAcross().check(trial(odd[:100], odd))
    assert (result.status, result.failed) == ("failed", 100)
    assert NoDuplicatesAcross().check(trial(odd[:100], odd[100:])).status == "passed"


def test_groups_without_a_hash_are_an_error():
    frame = pd.DataFrame({"tail": [["N1"], ["N2"]]})
    assert "without a hash" in NoGroupLeakage("tail").check(trial(frame, frame)).message


def test_numbers_are_compared_as_numbers_and_missing_values_as_equal():
    train = pd.DataFrame({"n": [float(each) for each in range(200)], "t": [None] * 200})
    X = train.astype({"n": int})[:150]
    assert NoDuplicatesAcross().check(trial(X, train)).failed == 150
    assert "no column in common" in NoDuplicatesAcross().check(trial(X[["t"]], rows(9, 0))).message


def test_held_out_rows_have_to_be_later():
    time = pd.Series(pd.date_range("2013-01-01", periods=100, freq="D"))
    frame = pd.DataFrame({"time": time})
    assert NoTimeLeakage("time").check(trial(frame[70:], frame[:70])).status == "passed"
    assert NoTimeLeakage("time").check(trial(frame[69:], frame[:70])).status == "passed"  # the same moment
    result = NoTimeLeakage("time").check(trial(frame[60:], frame[:70]))
    assert (result.status, result.failed, result.examples) == ("failed", 9, tuple(range(9)))
    assert result.labels == tuple(range(60, 69))
    assert NoTimeLeakage("time", 0.3).check(trial(frame[60:], frame[:70])).status == "passed"


def test_time_that_can_not_be_compared_is_an_error():
    moments = pd.DataFrame({"time": pd.date_range("2013-01-01", periods=9)})
    texts = pd.DataFrame({"time": ["late"] * 9})
    assert "convert both" in NoTimeLeakage("time").check(trial(moments, texts)).message
    assert "1 rows" in NoTimeLeakage("time").check(trial(moments, moments.reindex(range(10)))).message
    assert NoTimeLeakage("nope").check(trial(moments, moments)).status == "error"


def test_a_group_may_not_be_on_both_sides():
    train = pd.DataFrame({"tail": ["N1", "N2", None]})
    X = pd.DataFrame({"tail": ["N3", "N2", None, "N4"]})
    result = NoGroupLeakage("tail").check(trial(X, train))
    assert (result.status, result.failed, result.examples) == ("failed", 1, (1,))
    assert "N2" not in result.message
    assert NoGroupLeakage("tail", 0.25).check(trial(X, train)).status == "passed"


def test_without_training_rows_there_is_nothing_to_compare():
    for check in (NoDuplicatesAcross(), NoTimeLeakage("time"), NoGroupLeakage("tail")):
        result = check.check(Trial(None, X=rows(9, 0), y=np.zeros(9)))
        assert (result.status, "pass train=" in result.message) == ("error", True)


@pytest.mark.parametrize("tolerance", [-0.1, 1.0, float("nan")])
def test_a_tolerance_out_of_range_is_refused(tolerance):
    with pytest.raises(ValueError, match="give a share of rows"):
        NoGroupLeakage("tail", tolerance)
