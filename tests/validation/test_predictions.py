import gc
import weakref

import numpy as np
import pandas as pd
import pytest

from mlopskit.errors import ValidationError
from mlopskit.records.signature import Signature
from mlopskit.records.trial import Trial
from mlopskit.validation.predictions import Predictions, contest

X = pd.DataFrame({"x": range(4)})


class Model:
    def __init__(self, *, classes=None, **answers):
        for name, answer in answers.items():
            setattr(self, name, lambda _, answer=answer: answer)
        if classes is not None:
            self.classes_ = np.array(classes)


def ask(model, y):
    return Predictions("champion", model, X, y)


P = [[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.7, 0.3]]


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        ([0, 1, 1, 0], None),
        ([False, True, True, False], None),
        ([False, True, True, False], [0, 1]),
        ([0, 1, 1, 0], [False, True]),
        (pd.Series([0, 1, 1, 0], dtype="Int64"), [0, 1]),
        (pd.Series([0.0, 1.0, 1.0, 0.0], index=[9, 9, 9, 9]), [0, 1]),
        (["late no", "late yes", "late yes", "late no"], None),
        (["late no", "late yes", "late yes", "late no"], ["late no", "late yes"]),
        (pd.Series(["no", "yes", "yes", "no"], dtype="category"), ["no", "yes"]),
        (pd.DataFrame({"y": [0, 1, 1, 0]}), None),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "shape", [np.asarray, pd.DataFrame, lambda p: np.asarray(p)[:, 1], lambda p: np.asarray(p)[:, 1:]]
)
def test_the_class_that_sorts_last_is_positive_however_it_is_written(y, classes, shape):
    truth, predicted = ask(Model(classes=classes, predict_proba=shape(P)), y).positive_probability()
    assert truth.tolist() == [False, True, True, False]
    assert predicted.tolist() == pytest.approx([0.1, 0.8, 0.6, 0.3])


def test_labels_equal_as_booleans_and_numbers():
    truth, predicted = ask(Model(predict=np.array([True, False, True, False])), [1, 0, 1, 0]).labels()
    assert (truth == predicted).all()


def test_a_ranking_may_come_from_a_decision_function():
    _, predicted = ask(Model(classes=[0, 1], decision_function=np.array([-1.0, 2, 3, 4])), [0, 1, 1, 0]).positive_rank()
    assert predicted.tolist() == [-1, 2, 3, 4]


def test_a_certain_mistake_has_a_finite_log_loss():
    _, predicted = ask(Model(predict_proba=[[1, 0]] * 4), [1, 0, 0, 0]).true_class_probability()
    assert predicted[0] > 0


@pytest.mark.parametrize(
    ("model", "y", "method", "message"),
    [
        (Model(predict_proba=P), [0, 1, 1, 0], "labels", "the champion has no predict;"),
        (Model(predict=[0] * 4), [0, 1, 1, 0], "positive_rank", "the champion has no predict_proba"),
        (Model(predict=[1, 2]), [0, 1, 1, 0], "labels", r"predict has the shape \(2,\) for 4 rows"),
        (Model(predict=[1, 2, None, 3]), [0, 1, 1, 0], "labels", "predict is missing in 1 of 4 rows"),
        (Model(predict_proba=[[0.5] * 3] * 4), [0, 1, 1, 0], "true_class_probability", "3 columns for 2 classes"),
        (Model(predict_proba=[[np.nan, 1]] * 4), [0, 1, 1, 0], "positive_rank", "missing in 4 of 4"),
        (Model(predict_proba=[[0.2, 0.3, 0.5]] * 4), [0, 1, 2, 0], "positive_rank", "needs two classes"),
        (Model(predict_proba=P, classes=[0, 1]), [0, 1, 2, 0], "positive_rank", "does not know, in 1 of 4 rows"),
        (Model(predict=["a", "b", "c", "d"]), ["a", "b", "c", "d"], "values", "y holds texts, not numbers"),
        (
            Model(predict=["0", "1", "1", "0"]),
            [0, 1, 1, 0],
            "labels",
            "y holds numbers and the champion predicts texts",
        ),
        (
            Model(predict=[0.5, np.inf, 1, 2]),
            [0.5, 1, 1, 0],
            "values",
            "predict is infinite, or beyond .* in 1 of 4 rows",
        ),
        (Model(predict=[0.5, 1, 1]), [0.5, 1, 1, 0], "values", r"predict has the shape \(3,\)"),
        (Model(predict=[0] * 4), [10**400, 1, 2, 3], "values", "too large for a float"),
        (Model(predict=[[0], [1, 2], [1], [0]]), [0, 1, 1, 0], "labels", "rows of different lengths"),
        (Model(predict=[0] * 4), pd.to_datetime(["2013-01-01"] * 4), "values", "y holds moments, not numbers"),
        (Model(predict=[0] * 4), [1j, 2, 3, 4], "values", "y holds complex numbers"),
        (
            Model(predict_proba=P),
            pd.Series(["late", 1, 2, 3], dtype=object),
            "positive_rank",
            "labels of several types",
        ),
        (Model(predict_proba=P, classes=["a", "a"]), list("aaaa"), "positive_rank", "names a class twice"),
        (Model(predict_proba=P, classes=["0", "1"]), [0, 1, 1, 0], "positive_rank", "another type than its classes_"),
        (Model(predict_proba=[[0.2, 1.8]] * 4), [0, 1, 1, 0], "positive_rank", "not between 0 and 1 in 4 of 4 rows"),
        (Model(predict_proba=[[0.2, 0.3]] * 4), [0, 1, 1, 0], "positive_rank", "does not sum to 1 in 4 of 4 rows"),
        (Model(predict_proba=[["JFK", "LGA"]] * 4), [0, 1, 1, 0], "positive_rank", "predict_proba holds texts"),
        (Model(predict_proba=None), [0, 1, 1, 0], "positive_rank", r"predict_proba has the shape \(\)"),
        (Model(predict_proba=P * 2), [0, 1, 1, 0], "positive_rank", r"has the shape \(8, 2\) for 4 rows"),
        (Model, [0, 1, 1, 0], "labels", "the champion is the class Model; give a fitted instance"),
        (len, [0, 1, 1, 0], "labels", "without predict"),
    ],
)
def test_what_can_not_be_scored_is_said_without_values(model, y, method, message):
    with pytest.raises(ValidationError, match=message):
        getattr(ask(model, y), method)()


@pytest.mark.parametrize("y", [[0, 1], [0, 1, None, 0], [[[0, 1]]] * 4, pd.Series([[0], [1], [1], [0]])])
def test_labels_have_to_fit_the_rows(y):
    with pytest.raises(ValidationError, match=r"^(y (has|is missing in 1 of 4 rows; leave those rows out|holds))"):
        ask(Model(), y)


def test_labels_may_be_anything_that_has_a_hash():
    classes = np.empty(2, dtype=object)
    classes[:] = [("JFK", 1), ("LGA", 2)]
    y = pd.Series([classes[place] for place in (0, 1, 1, 0)])
    model = Model(predict=y, predict_proba=P)
    model.classes_ = classes
    truth, predicted = ask(model, y).positive_label()
    assert truth.tolist() == predicted.tolist() == [False, True, True, False]
    assert ask(model, y).positive_rank()[0].tolist() == [False, True, True, False]


def test_both_models_are_judged_by_the_positive_class_of_the_candidate():
    candidate = Model(classes=["late", "in time"], predict=["in time"] * 4, predict_proba=P)
    for champion in (
        Model(classes=["in time", "late"], predict=["in time"] * 4, predict_proba=np.array(P)[:, ::-1]),
        Model(classes=["in time", "late"], decision_function=[1.0, -2.0, -0.5, 0.7]),
    ):
        y = ["late", "in time", "in time", "late"]
        first = contest(Trial(candidate, champion, X, y))
        ranks = first.candidate.positive_rank(), first.champion.positive_rank()
        assert all(truth.tolist() == [False, True, True, False] for truth, _ in ranks)
        assert np.argsort(ranks[0][1]).tolist() == np.argsort(ranks[1][1]).tolist() == [0, 3, 2, 1]
    other = contest(Trial(candidate, Model(classes=["late", "early"], predict_proba=P), X, ["late"] * 4)).champion
    with pytest.raises(ValidationError, match="champion does not know the positive class of the candidate"):
        other.positive_rank()


def test_no_rows_are_no_evidence():
    with pytest.raises(ValidationError, match="no held-out rows"):
        Predictions("candidate", Model(), X.head(0), [])


def test_a_model_that_raises_is_named_and_its_words_are_not_repeated():
    class Raises:
        def predict(self, X):
            raise RuntimeError("unknown origin JFK")

    with pytest.raises(ValidationError, match="the champion's predict raised RuntimeError") as caught:
        ask(Raises(), [0, 1, 1, 0]).labels()
    assert "JFK" not in str(caught.value)


def test_several_outputs_come_as_one_column_each_and_only_where_that_makes_sense():
    y = pd.DataFrame({"late": [True, False, True, False], "gate": ["A", "B", "A", "B"]})
    predictions = ask(Model(predict=y.to_numpy()), y)
    truth, predicted = predictions.labels()
    assert truth.shape == (4, 2)
    assert (truth == predicted).all()
    with pytest.raises(ValidationError, match="y has 2 outputs; use a metric that takes several"):
        predictions.positive_probability()
    with pytest.raises(ValidationError, match=r"predicts the shape \(4,\), y has \(4, 2\)"):
        ask(Model(predict=[1, 2, 3, 4]), y).labels()


def test_the_most_probable_class_is_compared_with_the_true_one():
    model = Model(classes=["c", "a", "b"], predict_proba=[[0.5, 0.3, 0.2]] * 4)  # in the model's order, not sorted
    right, probability = ask(model, ["c", "a", "b", "c"]).confidence()
    assert right.tolist() == [True, False, False, True]
    assert probability.tolist() == [0.5] * 4


@pytest.mark.parametrize("says", ["feature_names_in_", "signature"])
def test_a_model_gets_the_columns_it_was_fitted_on(says):
    class Names:
        def predict(self, X):
            self.seen = list(X.columns)
            return [0] * len(X)

    model, rows = Names(), pd.DataFrame({"day": range(4), "b": range(4), "a": range(4)})
    learned = np.array(["a", "b"]) if says == "feature_names_in_" else Signature.learn(rows[["a", "b"]])
    setattr(model, says, learned)
    Predictions("candidate", model, rows, [0, 1, 1, 0]).labels()
    assert model.seen == ["a", "b"]
    Predictions("candidate", model, rows[["a"]], [0, 1, 1, 0]).labels()  # a missing one is for the model to name
    assert model.seen == ["a"]


def test_training_rows_are_asked_about_once_and_named_in_messages():
    trial = Trial(Model(predict_proba=P), X=X, y=[0, 1, 1, 0], train=(X, [0, 1, 1, 0]))
    assert contest(trial).training is contest(trial).training
    with pytest.raises(ValidationError, match="the candidate has no predict"):
        contest(trial).training.labels()
    for train, words in ((None, "pass train="), (X, "train is a DataFrame"), ((X, [1]), "4 rows and 1 labels")):
        with pytest.raises(ValidationError, match=words):
            _ = contest(Trial(Model(), X=X, y=[0, 1, 1, 0], train=train)).training


def test_predictions_live_no_longer_than_their_trial():
    trial = Trial(Model(), X=X, y=[0, 1, 1, 0])
    predictions = weakref.ref(contest(trial).candidate)
    assert contest(trial).candidate is predictions()
    assert contest(trial).champion is None
    del trial
    gc.collect()
    assert predictions() is None
