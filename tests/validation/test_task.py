from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from mlopskit.validation.task import Task


class Says:
    def __init__(self, **attributes):
        self.__dict__.update(attributes)


@pytest.mark.parametrize(
    ("model", "labels", "kind", "classes", "reason"),
    [
        (LogisticRegression(), [0, 1, 1], "classification", 2, "scikit-learn calls the model a classifier"),
        (make_pipeline(LinearRegression()), [0, 1, 1], "regression", 0, "scikit-learn calls the model a regressor"),
        (GridSearchCV(LinearRegression(), {}), [0, 1], "regression", 0, "scikit-learn calls the model a regressor"),
        (Says(estimator=LinearRegression()), [0, 1], "regression", 0, "scikit-learn calls the model a regressor"),
        (Says(classes_=["a", "b", "c"]), [0.5, 1.5], "classification", 3, "the model has classes_"),
        (Says(predict_proba=len), [3, 5], "classification", 2, "the model has predict_proba"),
        (Says(predict_proba=len), [0.5, 1.5], "regression", 0, "labels have fractions"),
        (Says(), [Decimal("0.5"), Decimal(2)], "regression", 0, "labels have fractions"),
        (Says(), [1 + 2j, 3j], "classification", 2, "labels are no numbers"),
        (LogisticRegression, [0, 1], "classification", 2, "the model has predict_proba"),
        (Says(), ["late", "late", "in time"], "classification", 2, "labels are no numbers"),
        (Says(), [True, False], "classification", 2, "labels are no numbers"),
        (Says(), pd.Series(["a", "b"], dtype="category"), "classification", 2, "labels are no numbers"),
        (Says(), [1.0, 2.0, 1.0], "classification", 2, "labels have at most 20 different whole values"),
        (Says(), [1.0, 2.5, 1.0], "regression", 0, "labels have fractions"),
        (Says(), range(50), "regression", 0, "labels have more than 20 different values"),
    ],
)
def test_the_kind_is_told_with_its_reason(model, labels, kind, classes, reason):
    task = Task.of(model, labels)
    assert (task.kind, task.classes, task.outputs, task.reason) == (kind, classes, 1, reason)
    assert reason in str(task)


def test_several_outputs_are_counted():
    labels = np.array([[0, 1], [1, 0]])
    assert str(Task.of(DummyClassifier().fit([[0], [0]], labels), labels)).startswith("classification of 2 outputs")
    assert Task.of(DummyRegressor(), labels + 0.5).outputs == 2


@pytest.mark.parametrize(
    ("model", "labels", "metric"),
    [
        (LogisticRegression(), [0, 1], "roc_auc"),
        (Says(classes_=[0, 1]), [0, 1], "accuracy"),
        (LogisticRegression(), [0, 1, 2], "accuracy"),
        (LogisticRegression(), [[0, 1], [1, 0]], "accuracy"),
        (LinearRegression(), [0, 1, 2], "r2"),
    ],
)
def test_the_metric_fits_the_task(model, labels, metric):
    assert Task.of(model, labels).metric == metric
