import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from mlopskit.records.trial import Trial
from mlopskit.storage import canonical_json
from mlopskit.validation.checks import SingleFeaturePower


class Says:
    pass


def rows(count=1200):
    random = np.random.default_rng(0)
    late = random.integers(0, 2, count)
    X = pd.DataFrame(
        {
            "noise": random.normal(size=count),
            "helps": late + random.normal(size=count),
            "origin": random.choice(["EWR", "JFK", None], count),
            "id": [f"id {each}" for each in range(count)],
            "day": pd.date_range("2013-01-01", periods=count, freq="h"),
        }
    )
    return X, pd.Series(late)


LEAKS = {
    "number": lambda late: late * 2.0 - 7,
    "gap": lambda late: np.where(late == 1, np.nan, 3.0),
    "text": lambda late: late.map({0: "landed", 1: "diverted"}),
    "category": lambda late: late.map({0: "landed", 1: "diverted"}).astype("category"),
    "boolean": lambda late: late == 1,
    "moment": lambda late: pd.to_datetime(late.map({0: "2013-01-01", 1: None})),
    "nullable": lambda late: late.astype("Int64").replace(1, pd.NA),
}


@pytest.mark.parametrize("leak", LEAKS)
@pytest.mark.parametrize("with_training", [True, False])
def test_a_column_that_gives_the_label_away_is_named_whatever_its_type(leak, with_training):
    X, y = rows()
    X = X.assign(status=LEAKS[leak](y))
    half = 600 if with_training else 0
    trial = Trial(Says(), X=X[half:], y=y[half:], train=(X[:half], y[:half]) if with_training else None)
    result = SingleFeaturePower().check(trial)
    assert (result.status, result.observed["verdict"]) == ("failed", "leak")
    assert result.message.startswith("status explains up to ")
    assert canonical_json.can_encode(result.observed)


def test_what_only_helps_is_no_leak():
    X, y = rows()
    result = SingleFeaturePower().check(Trial(Says(), X=X, y=y))
    assert result.status == "passed"
    power = result.observed["power"]
    assert max(power, key=power.get) == "helps"
    assert 0.05 < power["helps"] < 0.5
    assert power["noise"] < 0.05
    assert power["id"] < 0.05
    assert result.observed["task"].startswith("classification into 2 classes, since labels have at most 20")


def test_the_power_is_the_share_of_the_entropy_that_a_noisy_copy_removes():
    random = np.random.default_rng(1)
    y = random.integers(0, 2, 20_000)
    wrong = random.random(20_000) < 0.1
    X = pd.DataFrame({"copy": np.where(wrong, 1 - y, y)})
    entropy = -(0.1 * np.log2(0.1) + 0.9 * np.log2(0.9))
    power = SingleFeaturePower().check(Trial(Says(), X=X, y=y)).observed["power"]["copy"]
    assert power == pytest.approx(1 - entropy, abs=0.02)


def test_of_numbers_the_power_is_that_of_r2():
    X, _ = rows()
    y = X["noise"] * 3 + np.random.default_rng(1).normal(size=len(X)) * 0.3
    result = SingleFeaturePower().check(Trial(LinearRegression(), X=X, y=y))
    assert (result.status, next(iter(result.observed["power"]))) == ("failed", "noise")
    assert result.observed["power"]["noise"] == pytest.approx(0.99, abs=0.02)


def test_many_classes_with_one_that_training_rows_lack():
    X, late = rows()
    y = pd.Series(np.where(X["noise"] > 0, "a", "b")).where(late == 1, "c")
    known = y[:600].replace("c", "a")
    result = SingleFeaturePower(0.99).check(Trial(Says(), X=X[600:], y=y[600:], train=(X[:600], known)))
    assert result.status == "passed"


def test_columns_the_model_was_not_fitted_on_are_not_its_leak():
    X, y = rows()
    model = LogisticRegression().fit(X[["noise", "helps"]], y)
    result = SingleFeaturePower().check(Trial(model, X=X.assign(status=y), y=y))
    assert (result.status, list(result.observed["power"])) == ("passed", ["helps", "noise"])


@pytest.mark.parametrize(
    ("y", "rows_", "words"),
    [
        (lambda y: y, 20, "10 rows to fit or to ask, and 100 of each are needed"),
        (lambda y: y * 0, 1200, "all labels are the same"),
        (lambda y: pd.Series([f"class {n // 2}" for n in range(len(y))]), 1200, "classes in 600 rows"),
    ],
)
def test_labels_that_tell_nothing_are_not_enough_data(y, rows_, words):
    X, late = rows()
    result = SingleFeaturePower().check(Trial(Says(), X=X[:rows_], y=y(late)[:rows_]))
    assert (result.status, result.observed["verdict"]) == ("failed", "not enough data")
    assert words in result.message
    assert canonical_json.can_encode(result.observed)


def test_labels_of_training_rows_that_are_others_explain_nothing():
    X, y = rows()
    other = pd.Series(["a", "b"] * 300)
    result = SingleFeaturePower().check(Trial(Says(), X=X[600:], y=y[600:], train=(X[:600], other)))
    assert (result.status, "no held-out label is one of" in result.message) == ("failed", True)


def test_labels_may_be_tuples_and_columns_named_by_anything():
    X, y = rows()
    pairs = pd.Series([("JFK", each) for each in y])
    odd = X[["noise", "helps"]].assign(leak=y).set_axis([0, ("a", "b"), np.nan], axis=1)
    result = SingleFeaturePower().check(Trial(Says(), X=odd, y=pairs))
    assert (result.status, len(result.observed["power"])) == ("failed", 3)
    twice = pd.concat([X, X[["noise"]]], axis=1)
    assert "same name" in SingleFeaturePower().check(Trial(Says(), X=twice, y=y)).message


def test_what_can_not_be_looked_at_is_skipped_or_an_error():
    X, y = rows()
    odd = X.assign(odd=pd.Series(np.arange(len(X)) * 1j))[["odd", "noise"]]
    assert SingleFeaturePower().check(Trial(Says(), X=odd, y=y)).observed["skipped"] == ["odd"]
    for trial in (
        Trial(Says(), X=odd[["odd"]], y=y),
        Trial(Says(), X=X.to_numpy(), y=y),
        Trial(Says(), X=X, y=pd.DataFrame({"one": y, "two": y})),
        Trial(Says()),
    ):
        assert SingleFeaturePower().check(trial).status == "error"
