import numpy as np
import pandas as pd
import pytest

from mlopskit.records.trial import Trial
from mlopskit.storage import canonical_json
from mlopskit.validation.checks import NoLeakage


@pytest.fixture
def split():
    random = np.random.default_rng(0)
    X = pd.DataFrame({"x": random.normal(size=1000), "day": np.arange(1000) // 10, "tail": np.arange(1000) % 50})
    y = pd.Series(random.integers(0, 2, 1000))
    return (X[:600], y[:600]), (X[600:], y[600:])


def test_clean_rows_pass_and_each_part_tells_what_it_saw(split):
    train, (X, y) = split
    result = NoLeakage(time="day").check(Trial(None, X=X, y=y, train=train))
    assert (result.status, result.observed["verdict"]) == ("passed", "no leak")
    assert list(result.observed) == ["verdict", "SingleFeaturePower", "NoDuplicatesAcross", "NoTimeLeakage"]
    assert canonical_json.can_encode(result.observed)


def test_any_leak_fails_and_all_of_them_are_told(split):
    train, (X, y) = split
    leaky = Trial(None, X=X.assign(status=y), y=y, train=(train[0].assign(status=train[1]), train[1]))
    result = NoLeakage(group="tail").check(leaky)
    assert (result.status, result.observed["verdict"]) == ("failed", "leak")
    assert "status explains" in result.message
    assert "400 of 400 held-out rows are of a group" in result.message
    assert result.observed["NoDuplicatesAcross"]["status"] == "passed"
    assert (result.examples, result.labels) == (tuple(range(10)), tuple(range(600, 610)))


def test_columns_may_be_named_by_ints(split):
    (X_train, y_train), (X, y) = split
    trial = Trial(None, X=X.set_axis([0, 1, 2], axis=1), y=y, train=(X_train.set_axis([0, 1, 2], axis=1), y_train))
    result = NoLeakage(time=1, group=2).check(trial)
    assert "NoTimeLeakage" in result.observed
    assert "400 of 400 held-out rows are of a group" in result.message
    assert NoLeakage(time=0).check(trial).observed["NoTimeLeakage"]["status"] == "failed"


def test_a_part_that_can_not_run_is_an_error_unless_another_found_a_leak(split):
    _, (X, y) = split
    missing = NoLeakage().check(Trial(None, X=X, y=y))
    assert (missing.status, "verdict" in missing.observed) == ("error", False)
    assert missing.message == "there are no training rows; pass train=(X_train, y_train)"
    assert NoLeakage().check(Trial(None, X=X.assign(status=y), y=y)).status == "failed"


def test_what_is_wrong_for_all_parts_is_told_once(split):
    result = NoLeakage(time="day", group="tail").check(Trial(None, X=split[1][0], y=split[1][1]))
    assert result.message == "there are no training rows; pass train=(X_train, y_train)"


def test_few_rows_are_not_enough_data_and_no_leak(split):
    train, (X, y) = split
    result = NoLeakage().check(Trial(None, X=X[:50], y=y[:50], train=train))
    assert (result.status, result.observed["verdict"]) == ("failed", "not enough data")
    assert result.message.startswith("not enough data: 50 rows to fit or to ask")
    copied = NoLeakage().check(Trial(None, X=X[:50], y=y[:50], train=(X, y)))
    assert (copied.status, copied.observed["verdict"]) == ("failed", "leak")


def test_columns_that_have_no_hash_stop_nothing(split):
    train, (X, y) = split
    odd = train[0].assign(tags=[["storm"]] * 600), X.assign(tags=[["storm"]] * 400)
    result = NoLeakage().check(Trial(None, X=odd[1], y=y, train=(odd[0], train[1])))
    assert result.status == "passed", result
    copied = NoLeakage().check(Trial(None, X=odd[1], y=y, train=(odd[1], y)))
    assert (
        copied.message
        == "400 of 400 held-out rows are also training rows; 0 of 400 training rows have another copy there"
    )
