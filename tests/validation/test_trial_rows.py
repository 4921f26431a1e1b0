import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from mlopskit.errors import ValidationError
from mlopskit.records.trial import Trial
from mlopskit.validation.trial_rows import column_of, count_rows, fitted_columns, frame_of, held_out, taken, training

X = pd.DataFrame({"a": [1, 2], "b": [3, 4]})


class Fitted:
    def __init__(self, *names):
        self.feature_names_in_ = np.array(names)


def test_held_out_rows_need_labels():
    rows, labels = held_out(Trial(None, X=X, y=[0, 1]))
    assert (rows is X, labels) == (True, [0, 1])
    for trial in (Trial(None), Trial(None, X=X), Trial(None, X=X[:0], y=[])):
        with pytest.raises(ValidationError, match="pass X and y"):
            held_out(trial)


@pytest.mark.parametrize(
    ("train", "words"),
    [(None, "pass train="), ("rows", "train is a str"), ((X, [1]), "2 rows and 1 labels"), ((X[:0], []), "0 rows")],
)  # fmt: skip
def test_training_rows_are_a_pair_of_the_same_length(train, words):
    with pytest.raises(ValidationError, match=words):
        training(train)


def test_columns_are_named_when_they_can_not_be_had():
    assert column_of(X, "a", "held-out").tolist() == [1, 2]
    assert column_of(X.set_axis([0, 1], axis=1), 0, "held-out").tolist() == [1, 2]
    several = X.set_axis(pd.MultiIndex.from_tuples([("a", 0), ("a", 1)]), axis=1)
    assert column_of(several, ("a", 1), "held-out").tolist() == [3, 4]
    for frame, label in [(several, "a"), (X, ("a", "b"))]:
        with pytest.raises(ValidationError, match="is missing in the held-out rows"):
            column_of(frame, label, "held-out")
    with pytest.raises(ValidationError, match="'c' is missing in the training rows"):
        column_of(X, "c", "training")
    with pytest.raises(ValidationError, match="2 columns are named 'a'"):
        column_of(X[["a", "a"]], "a", "held-out")
    with pytest.raises(ValidationError, match="ndarray; slices need a DataFrame"):
        frame_of(X.to_numpy(), "held-out", "slices")


@pytest.mark.parametrize(
    "rows", [X, X.to_numpy(), csr_matrix(X.to_numpy()), [[1, 3], [2, 4]]], ids=lambda rows: type(rows).__name__
)
def test_rows_of_any_kind_are_counted_and_taken(rows):
    assert count_rows(rows) == 2
    assert count_rows(taken(rows, np.array([1, 1, 0]))) == 3
    assert count_rows(taken(rows, np.arange(0))) == 0
    for wrong in ("rows", {"a": [1]}, 5, None, iter([1])):
        with pytest.raises(ValidationError, match="give a DataFrame, or one item per row"):
            count_rows(wrong)


def test_a_table_has_named_columns_too():
    pa = pytest.importorskip("pyarrow")
    assert frame_of(pa.table({"a": [1, 2]}), "held-out", "slices")["a"].tolist() == [1, 2]


def test_rows_and_labels_are_as_many():
    with pytest.raises(ValidationError, match="X has 2 rows and y 1 labels; pass as many of both"):
        held_out(Trial(None, X=X, y=[0]))


@pytest.mark.parametrize(
    ("model", "columns"),
    [(Fitted("b"), ["b"]), (Fitted("b", "a"), ["a", "b"]), (Fitted("c"), ["a", "b"]), (object(), ["a", "b"])],
)
def test_a_model_gets_its_own_columns_only_if_all_are_there_and_others_too(model, columns):
    assert list(fitted_columns(model, X).columns) == columns
