import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from mlopskit.errors import ValidationError
from mlopskit.validation import Validator, checks
from mlopskit.validation.asking import ask, copied, methods_of

FRAME = pd.DataFrame({"a": np.arange(40.0), "b": [[1], [2]] * 20})


class Spoils:
    """Changes whatever it is given."""

    classes_ = np.array([0, 1])

    def predict(self, rows):
        if isinstance(rows, pd.DataFrame):
            rows["a"] = -1.0
            rows.iloc[0, 0] = 99.0
            rows["new"] = 1
        else:
            rows[0] = rows[1]
        return np.zeros(rows.shape[0] if hasattr(rows, "shape") else len(rows), dtype=int)

    def predict_proba(self, rows):
        return np.column_stack([1 - self.predict(rows), self.predict(rows)])


@pytest.mark.parametrize(
    "rows",
    [FRAME, np.arange(80.0).reshape(40, 2), csr_matrix(np.arange(80.0).reshape(40, 2)), [[0, 1], [2, 3]] * 20],
    ids=["frame", "array", "sparse matrix", "list"],
)
def test_a_model_that_changes_its_input_changes_nothing_of_the_callers(rows):
    before, y = copied(rows), np.arange(40) % 2
    suite = [checks.MinScore("accuracy", 0.5), checks.BetterThanDummy(), checks.Deterministic(), checks.RowByRow(),
             checks.MaxLatency(1000, calls=20), checks.MaxOverfit(), checks.Invariant(lambda rows: rows),
             checks.SurvivesRoundTrip()]  # fmt: skip
    report = Validator(suite).validate_model(Spoils(), rows, y, train=(rows, y), champion=Spoils())
    assert not [result for result in report.results if result.message.startswith("can not run")]
    assert report.rows == 40
    if isinstance(rows, pd.DataFrame):
        pd.testing.assert_frame_equal(rows, before)
    elif isinstance(rows, list):
        assert rows == before
    else:
        assert (rows != before).sum() == 0


def test_what_went_wrong_is_told_without_the_models_words():
    class Raises:
        def predict(self, rows):
            raise KeyError("JFK")

    with pytest.raises(ValidationError, match="the champion's predict raised KeyError on the training rows") as caught:
        ask(Raises(), "predict", FRAME, role="champion", which="training")
    assert "JFK" not in str(caught.value)
    assert isinstance(caught.value.__cause__, KeyError)


def test_what_is_no_model_is_refused():
    assert methods_of(Spoils()) == ["predict", "predict_proba"]
    with pytest.raises(ValidationError, match="the candidate is the class Spoils; give a fitted instance"):
        methods_of(Spoils)
    with pytest.raises(ValidationError, match="the candidate is a function without predict"):
        methods_of(copied)
    with pytest.raises(ValidationError, match="no decision_function; use a metric that does without"):
        ask(Spoils(), "decision_function", FRAME)
