"""What a model does: tell classes apart or estimate numbers, one output or several; and how that is known."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import attrs
import numpy as np
import pandas as pd
from sklearn.base import is_classifier, is_regressor

from mlopskit.validation.answers import family, plain_answers
from mlopskit.validation.trial_rows import count_rows, is_real

Kind: TypeAlias = Literal["classification", "regression"]
_MOST_CLASSES = 20
_FRACTIONS = "labels have fractions"


@attrs.frozen
class Task:
    """What a model does.

    Attributes
    ----------
    kind : {"classification", "regression"}
    classes : int
        How many a classifier tells apart; 0 of several outputs, and of numbers.
    outputs : int
        How many answers it gives per row.
    ranks : bool
        Whether it says how likely a class is, not only which.
    reason : str
        How the kind is known.

    Examples
    --------
    >>> print(Task.of(object(), [0.5, 1.5, 2.25]))
    regression, since labels have fractions
    """

    kind: Kind
    classes: int
    outputs: int
    ranks: bool
    reason: str

    @classmethod
    def of(cls, model: Any, labels: Any) -> Task:
        """Tell from a model, and where it does not say from labels.

        Raises
        ------
        ValidationError
            If labels are missing, or can not be told apart.
        """
        plain = plain_answers(labels, count_rows(labels), "y")
        decimal = plain.dtype == object and family(plain) == "numbers"
        frame = pd.DataFrame(plain.astype(float) if decimal else np.asarray(labels))
        kind, reason = _kind(model, frame)
        outputs = frame.shape[1]
        classes = _count_classes(model, frame) if kind == "classification" and outputs == 1 else 0
        ranks = hasattr(model, "predict_proba") or hasattr(model, "decision_function")
        return cls(kind, classes, outputs, ranks, reason)

    @property
    def metric(self) -> str:
        """The score to use where none was asked for."""
        if self.kind == "regression":
            return "r2"
        return "roc_auc" if self.classes == 2 and self.ranks else "accuracy"

    def __str__(self) -> str:
        name = f"{self.kind} of {self.outputs} outputs" if self.outputs > 1 else self.kind
        return f"{name}{f' into {self.classes} classes' if self.classes else ''}, since {self.reason}"


def _kind(model: Any, labels: pd.DataFrame) -> tuple[Kind, str]:
    for each in (model, getattr(model, "estimator", None)):  # a registered model holds its estimator
        if isinstance(each, type):
            continue
        if hasattr(each, "__sklearn_tags__") or hasattr(each, "_estimator_type"):
            if is_classifier(each):
                return "classification", "scikit-learn calls the model a classifier"
            if is_regressor(each):
                return "regression", "scikit-learn calls the model a regressor"
    if hasattr(model, "classes_"):
        return "classification", "the model has classes_"
    kind, reason = _kind_of_labels(labels)
    if hasattr(model, "predict_proba") and reason != _FRACTIONS:
        return "classification", "the model has predict_proba"
    return kind, reason


def _kind_of_labels(labels: pd.DataFrame) -> tuple[Kind, str]:
    columns = [labels[column].infer_objects() for column in labels]
    if not all(map(is_real, columns)):
        return "classification", "labels are no numbers"
    if any((column % 1 != 0).any() for column in columns):
        return "regression", _FRACTIONS
    if all(column.nunique() <= _MOST_CLASSES for column in columns):
        return "classification", f"labels have at most {_MOST_CLASSES} different whole values"
    return "regression", f"labels have more than {_MOST_CLASSES} different values"


def _count_classes(model: Any, labels: pd.DataFrame) -> int:
    classes = getattr(model, "classes_", None)
    return len(classes) if classes is not None else int(labels[0].nunique())
