"""What a model says about held-out rows, asked once, beside what is true."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from mlopskit.errors import ValidationError
from mlopskit.records.trial import Trial
from mlopskit.validation.bootstrap import Array
from mlopskit.validation.trial_rows import fitted_columns, held_out, training


class Predictions:
    """A model's predictions; each method gives (truth, predicted) as a kind of metric needs them.

    Of two classes, the last of the model's ``classes_`` is the positive one, as in scikit-learn. Labels and values may
    have several outputs: both arrays then have one column per output. All methods raise `ValidationError` if the model
    can not answer, or answers something else than they need.

    Parameters
    ----------
    role : str
        How messages call the model.
    model : object
        With `predict`, `predict_proba` or `decision_function`; with ``classes_``, unless the labels are 0 and 1.
    X : DataFrame
        Rows; a model that says which columns it was fitted on gets only those.
    y : Series, or DataFrame of several outputs
        Their labels.
    which : str
        How messages call the rows.
    """

    def __init__(self, role: str, model: Any, X: Any, y: Any, *, which: str = "held-out"):  # noqa: N803
        if not len(X):
            raise ValidationError(f"there are no {which} rows")
        self._which = which
        self._role, self._model, self._rows = role, model, fitted_columns(model, X)
        self._truth = _answers(y, len(X), "y")

    def labels(self) -> tuple[Array, Array]:
        """Compare labels."""
        return self._truth, self._labels

    def positive_label(self) -> tuple[Array, Array]:
        """Compare whether it is the positive class, both boolean."""
        return self._positive, self._labels == self._binary_classes[1]

    def confidence(self) -> tuple[Array, Array]:
        """Compare whether the most probable class is the true one with its probability."""
        return self._probabilities.argmax(axis=1) == self.class_codes, self._probabilities.max(axis=1)

    def positive_probability(self) -> tuple[Array, Array]:
        """Compare whether it is the positive class with its probability."""
        return self._positive, self._probabilities[:, len(self._binary_classes) - 1]

    def positive_rank(self) -> tuple[Array, Array]:
        """Compare whether it is the positive class with anything that sorts by how likely that is."""
        if hasattr(self._model, "predict_proba") or not hasattr(self._model, "decision_function"):
            return self.positive_probability()
        return self._positive, plain_column(self._ask("decision_function"), len(self._rows), "decision_function")

    def true_class_probability(self) -> tuple[Array, Array]:
        """Compare labels with the probability of each row's true class, kept away from zero."""
        chosen = self._probabilities[np.arange(len(self._truth)), self.class_codes]
        return self._truth, np.clip(chosen, np.finfo(float).eps, 1.0)

    def values(self) -> tuple[Array, Array]:
        """Compare numbers."""
        try:
            return self._truth.astype(float), self._labels.astype(float)
        except (TypeError, ValueError) as error:
            raise ValidationError(
                f"y or the {self._role}'s predictions are not numbers; use a metric of classes"
            ) from error

    def problem(self, pair: Callable[[Predictions], tuple[Array, Array]]) -> str:
        """Tell why one of the methods above can not answer; empty if it can."""
        try:
            pair(self)
        except ValidationError as error:
            return str(error)
        return ""

    @cached_property
    def classes(self) -> Array:
        """The classes in the order of the probabilities: the model's, or the labels sorted if it does not say."""
        if self._truth.ndim > 1:
            outputs = self._truth.shape[1]
            raise ValidationError(f"y has {outputs} outputs; use a metric that takes several, such as accuracy or r2")
        classes = getattr(self._model, "classes_", None)
        if classes is not None:
            return plain_column(classes, len(classes), f"the {self._role}'s classes_")
        labels = np.unique(self._truth)
        return np.array([0, 1]) if set(labels.tolist()) <= {0, 1} else labels

    @cached_property
    def class_codes(self) -> Array:
        """The place of each true label in `classes`."""
        codes: Array = pd.Index(self.classes).get_indexer(pd.Index(self._truth))
        if (codes < 0).any():
            unknown = int((codes < 0).sum())
            raise ValidationError(
                f"y has labels that the {self._role} does not know, in {unknown} of {len(codes)} rows"
            )
        return codes

    @cached_property
    def _labels(self) -> Array:
        found = _answers(self._ask("predict"), len(self._rows), f"the {self._role}'s predict")
        if found.shape != self._truth.shape:
            raise ValidationError(f"the {self._role} predicts the shape {found.shape}, y has {self._truth.shape}")
        return found

    @cached_property
    def _probabilities(self) -> Array:
        classes, answer, name = self.classes, self._ask("predict_proba"), f"the {self._role}'s predict_proba"
        found = np.asarray(answer)
        if found.ndim == 1:
            found = found[:, np.newaxis]
        found = np.column_stack([plain_column(part, len(self._rows), name).astype(float) for part in found.T])
        if found.shape[1] == 1:
            found = np.hstack([1 - found, found])
        if found.shape[1] != len(classes):
            raise ValidationError(f"{name} has {found.shape[1]} columns for {len(classes)} classes")
        return found

    @property
    def _binary_classes(self) -> Array:
        if len(self.classes) != 2:
            raise ValidationError(f"this metric needs two classes; the {self._role} has {len(self.classes)}")
        return self.classes

    @property
    def _positive(self) -> Array:
        positive: Array = self.class_codes == len(self._binary_classes) - 1
        return positive

    def _ask(self, method: str) -> Any:
        if not hasattr(self._model, method):
            raise ValidationError(f"the {self._role} has no {method}; use a metric that does without")
        try:
            return getattr(self._model, method)(self._rows)
        except Exception as error:
            name = f"the {self._role}'s {method}"
            raise ValidationError(f"{name} raised {type(error).__name__} on the {self._which} rows") from error


def _answers(values: Any, rows: int, name: str) -> Array:
    """Give one plain value per row, or of several outputs one per row and output."""
    array = np.asarray(values)
    if array.ndim != 2 or array.shape[1] < 2 or len(array) != rows:
        return plain_column(array, rows, name)
    outputs = {place: plain_column(output, rows, name) for place, output in enumerate(array.T)}
    return np.asarray(pd.DataFrame(outputs))  # in one dtype that holds them all


def one_array(answer: Any) -> Array:
    """Put an answer into one array of one row each; scikit-learn's probabilities of several outputs are a list of such.

    Examples
    --------
    >>> one_array([np.zeros((3, 2)), np.zeros((3, 4))]).shape
    (3, 6)
    """
    if isinstance(answer, list) and answer and all(np.ndim(part) == 2 for part in answer):
        return np.concatenate([np.asarray(part) for part in answer], axis=1)
    return np.asarray(answer)


def plain_column(values: Any, rows: int, name: str) -> Array:
    """Give one plain value per row; booleans become 0 and 1, so that they equal a model's integer classes."""
    array = np.asarray(values)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.shape != (rows,):
        raise ValidationError(f"{name} has the shape {array.shape} for {rows} rows")
    series = pd.Series(array).infer_objects()
    if series.isna().any():
        raise ValidationError(f"{name} has {int(series.isna().sum())} missing values")
    plain: Array = series.astype(int).to_numpy() if series.dtype == bool else series.to_numpy()
    return plain


class Contest:
    """Predictions of the candidate, and of the champion if there is one, for the same rows.

    Attributes
    ----------
    candidate : Predictions
    champion : Predictions or None
    """

    def __init__(self, trial: Trial):
        rows, labels = held_out(trial)
        self.candidate = Predictions("candidate", trial.model, rows, labels)
        self.champion = None if trial.champion is None else Predictions("champion", trial.champion, rows, labels)
        self._model, self._train = trial.model, trial.train  # not the trial, which must not keep itself alive

    @cached_property
    def training(self) -> Predictions:
        """What the candidate says about the rows it was fitted on; raises ValidationError if they were not given."""
        return Predictions("candidate", self._model, *training(self._train), which="training")


_CONTESTS: WeakKeyDictionary[Trial, Contest] = WeakKeyDictionary()


def contest(trial: Trial) -> Contest:
    """Return a trial's predictions; several checks of one trial ask each model once.

    Raises
    ------
    ValidationError
        If labels are missing or not as many as rows.
    """
    if trial not in _CONTESTS:
        _CONTESTS[trial] = Contest(trial)
    return _CONTESTS[trial]
