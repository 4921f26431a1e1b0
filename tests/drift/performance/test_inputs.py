from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from mlopskit.drift.performance.inputs import (
    Classes,
    check_length,
    classes_of,
    numbers,
    probabilities,
    probability_columns,
)
from mlopskit.errors import ValidationError


@pytest.mark.parametrize(
    ("classes", "values"),
    [
        ([0, 1], [1, 0, None]),
        ([0, 1], pd.Series([1, 0, None], dtype="Int64")),
        ([0, 1], pd.Series([True, False, None])),
        ([0, 1], pd.Series([True, False, None], dtype="boolean")),
        ([False, True], [1, 0, None]),
        ([False, True], np.array([1.0, 0.0, np.nan])),
        (np.array([False, True]), np.array([True, False, None], dtype=object)),
        (["EWR", "JFK"], ["JFK", "EWR", None]),
        (["EWR", "JFK"], pd.Series(["JFK", "EWR", None], dtype="category", index=[5, 5, 7])),
        (["EWR", "JFK"], pd.Series(["JFK", "EWR", None], dtype="string")),
        (np.array(["EWR", "JFK"]), np.array(["JFK", "EWR", None], dtype=object)),
        ([pd.Timestamp("2013-01-01"), pd.Timestamp("2013-02-01")], pd.to_datetime(["2013-02-01", "2013-01-01", None])),
        ([1.5, 2.5], [2.5, 1.5, np.nan]),
    ],
)
def test_labels_of_any_type_are_found(classes, values):
    assert Classes(classes).codes(values, "y_true").tolist() == [1, 0, -1]


def test_classes_keep_the_order_of_the_model():
    found = classes_of(["late", "on time"], 2, np.array(["on time", "late"]))
    assert found.labels == ("on time", "late")
    assert classes_of(["b", "a", "b"], 2, None).labels == ("a", "b")


def test_an_unknown_label_is_counted_and_not_shown():
    with pytest.raises(ValidationError, match="y_true has labels that are none of the 2 classes, in 1 of 2") as error:
        Classes(["a", "b"]).codes(["a", "secret"], "y_true")
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("labels", "columns", "classes", "message"),
    [
        ([0, 1, 2], 2, None, "y_true has 3 classes, y_proba has 2"),
        ([0, 1], 2, [0, 1, 2], "classes names 3 classes, y_proba has 2"),
        ([0, 1], 2, [1, 1], "names a class twice"),
        ([0, "a"], 2, None, "can not be sorted: pass classes="),
    ],
)
def test_classes_that_do_not_fit_are_refused(labels, columns, classes, message):
    with pytest.raises(ValidationError, match=message):
        classes_of(labels, columns, classes)


@pytest.mark.parametrize(
    "given", [[0.2, 0.7], np.array([[0.2], [0.7]]), [[0.8, 0.2], [0.3, 0.7]], pd.Series([0.2, 0.7], index=[9, 9]),
              np.array([0.2, 0.7], dtype="float32")],
)  # fmt: skip
def test_probabilities_of_two_classes_come_in_several_shapes(given):
    assert probability_columns(given) == 2
    assert probabilities(given, Classes([0, 1])) == pytest.approx(np.array([[0.8, 0.2], [0.3, 0.7]]))


def test_columns_named_as_the_classes_are_put_in_their_order():
    frame = pd.DataFrame({"b": [0.2, 0.5], "c": [0.7, 0.1], "a": [0.1, 0.4]})
    assert probabilities(frame, Classes(["a", "b", "c"])).tolist() == frame[["a", "b", "c"]].to_numpy().tolist()
    other = frame.set_axis(["p1", "p2", "p3"], axis=1)
    assert probabilities(other, Classes(["a", "b", "c"])).tolist() == frame.to_numpy().tolist()


@pytest.mark.parametrize("labels", [[0, 1], [False, True], [np.False_, np.True_], [0.0, 1.0]], ids=repr)
@pytest.mark.parametrize("names", [[0, 1], [1, 0], [False, True], [True, False]], ids=repr)
def test_columns_named_by_truth_values_are_columns_and_choose_no_rows(labels, names):
    frame = pd.DataFrame([[0.2, 0.8], [0.3, 0.7]], columns=names)
    expected = [[0.2, 0.8], [0.3, 0.7]] if names[0] == labels[0] else [[0.8, 0.2], [0.7, 0.3]]
    assert probabilities(frame, Classes(labels)).tolist() == expected


def test_a_column_too_many_is_not_left_out():
    with pytest.raises(ValidationError, match=r"the shape \(1, 3\) for 2 classes"):
        probabilities(pd.DataFrame([[0.2, 0.8, 0.8]], columns=["a", "b", "b"]), Classes(["a", "b"]))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([0.2, np.nan], "missing values in 1 of 2 rows: leave those rows out"),
        ([0.2, 1.7], "outside of 0 to 1 in 1 of 2 rows: pass probabilities"),
        ([[0.2, 0.2], [0.5, 0.5]], "does not sum to 1 in 1 of 2 rows"),
        ([[0.2, 0.2, 0.6]], r"the shape \(1, 3\) for 2 classes"),
        (["often", "rarely"], "something else than numbers"),
        ([[0.2, 0.8], [0.5]], "something else than numbers"),
        (iter([0.2, 0.8]), "something else than numbers"),
        (0.5, "y_proba has 0 dimensions: pass what predict_proba gives"),
        (np.full((2, 2, 1), 0.5), "y_proba has 3 dimensions: pass what predict_proba gives"),
        (np.ma.array([0.2, 0.7], mask=[False, True]), "missing values in 1 of 2 rows"),
    ],
)
def test_what_is_no_probability_is_refused(given, message):
    with pytest.raises(ValidationError, match=message) as error:
        probabilities(given, classes_of([0, 1], min(probability_columns(given), 2), None))
    assert "often" not in str(error.value)


def test_numbers_may_have_gaps_where_they_are_allowed():
    assert numbers(pd.Series([1, None], dtype="Int64"), "y_true", gaps=True) == pytest.approx([1, np.nan], nan_ok=True)
    assert numbers([[1], [2]], "y_pred").tolist() == [1, 2]
    with pytest.raises(ValidationError, match="y_pred has missing or infinite values in 2 of 3 rows"):
        numbers([1, np.nan, np.inf], "y_pred")
    with pytest.raises(ValidationError, match="y_true has missing or infinite values in 1 of 2 rows"):
        numbers([1, np.inf], "y_true", gaps=True)
    with pytest.raises(ValidationError, match="y_pred holds something else than numbers") as error:
        numbers(["secret"], "y_pred")
    assert "secret" not in str(error.value)


def test_numbers_that_are_masked_are_missing_and_huge_ones_are_refused():
    masked = np.ma.array([1.0, 1e9], mask=[False, True])
    assert numbers(masked, "y_true", gaps=True) == pytest.approx([1, np.nan], nan_ok=True)
    with pytest.raises(ValidationError, match="y_pred has missing or infinite values in 1 of 2 rows"):
        numbers(masked, "y_pred")
    with pytest.raises(ValidationError, match=r"y_pred has values beyond 1e\+140 in 1 of 3 rows: leave those rows out"):
        numbers([1, -2e140, 1e140], "y_pred")


@pytest.mark.parametrize("given", [0.5, iter([1, 2]), csr_array(np.eye(2)), np.array(1.0)], ids=type)
def test_what_has_no_length_is_refused(given):
    with pytest.raises(ValidationError, match=r"X is of type .*: pass an array or a DataFrame"):
        check_length(given, 2, "X")
