"""What a model says about held-out rows, asked once, beside what is true."""

from __future__ import annotations

from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import attrs
import numpy as np
import pandas as pd

from mlopskit.errors import ValidationError
from mlopskit.records.trial import Trial
from mlopskit.validation.bootstrap import Array


class Predictions:
    """A model's predictions; each method gives (truth, predicted) as a kind of metric needs them.

    Of two classes, the one that sorts last is the positive one, as in scikit-learn. All methods raise
    `ValidationError` if the model can not answer, or answers something else than they need.

    Parameters
    ----------
    role : str
        How messages call the model.
    model : object
        With `predict`, `predict_proba` or `decision_function`; with ``classes_``, unless the labels are 0 and 1.
    X : DataFrame
        Rows.
    y : Series
        Their labels.
    """

    def __init__(self, role: str, model: Any, X: Any, y: Any):  # noqa: N803
        if not len(X):
            raise ValidationError("there are no held-out rows")
        self._role, self._model, self._rows = role, model, X
        self._truth = _column(y, len(X), "y")

    def labels(self) -> tuple[Array, Array]:
        """Compare labels."""
        return self._truth, self._labels

    def positive_label(self) -> tuple[Array, Array]:
        """Compare whether it is the positive class, both boolean."""
        return self._positive, self._labels == self._binary_classes[1]

    def positive_probability(self) -> tuple[Array, Array]:
        """Compare whether it is the positive class with its probability."""
        return self._positive, self._probabilities[:, len(self._binary_classes) - 1]

    def positive_rank(self) -> tuple[Array, Array]:
        """Compare whether it is the positive class with anything that sorts by how likely that is."""
        if hasattr(self._model, "predict_proba") or not hasattr(self._model, "decision_function"):
            return self.positive_probability()
        return self._positive, self._ask("decision_function")

    def true_class_probability(self) -> tuple[Array, Array]:
        """Compare labels with the probability of each row's true class, kept away from zero."""
        chosen = self._probabilities[np.arange(len(self._truth)), self._class_codes]
        return self._truth, np.clip(chosen, np.finfo(float).eps, 1.0)

    def values(self) -> tuple[Array, Array]:
        """Compare numbers."""
        try:
            return self._truth.astype(float), self._labels.astype(float)
        except (TypeError, ValueError) as error:
            raise ValidationError(
                f"y or the {self._role}'s predictions are not numbers; use a metric of classes"
            ) from error

    @cached_property
    def _labels(self) -> Array:
        return self._ask("predict")

    @cached_property
    def _probabilities(self) -> Array:
        found = self._ask("predict_proba", columns=True)
        if found.shape[1] == 1:
            found = np.hstack([1 - found, found])
        if found.shape[1] != len(self._classes):
            raise ValidationError(
                f"the {self._role}'s predict_proba has {found.shape[1]} columns for {len(self._classes)} classes"
            )
        return found

    @cached_property
    def _classes(self) -> Array:
        classes = getattr(self._model, "classes_", None)
        if classes is not None:
            return _column(classes, len(classes), f"the {self._role}'s classes_")
        labels = np.unique(self._truth)
        return np.array([0, 1]) if set(labels.tolist()) <= {0, 1} else labels

    @cached_property
    def _class_codes(self) -> Array:
        codes: Array = pd.Index(self._classes).get_indexer(pd.Index(self._truth))
        if (codes < 0).any():
            unknown = int((codes < 0).sum())
            raise ValidationError(
                f"y has labels that the {self._role} does not know, in {unknown} of {len(codes)} rows"
            )
        return codes

    @property
    def _binary_classes(self) -> Array:
        if len(self._classes) != 2:
            raise ValidationError(f"this metric needs two classes; the {self._role} has {len(self._classes)}")
        return self._classes

    @property
    def _positive(self) -> Array:
        positive: Array = self._class_codes == len(self._binary_classes) - 1
        return positive

    def _ask(self, method: str, *, columns: bool = False) -> Array:
        name = f"the {self._role}'s {method}"
        if not hasattr(self._model, method):
            raise ValidationError(f"the {self._role} has no {method}; use a metric that does without")
        try:
            answer = np.asarray(getattr(self._model, method)(self._rows))
        except Exception as error:
            raise ValidationError(f"{name} raised {type(error).__name__} on the held-out rows") from error
        if not columns:
            return _column(answer, len(self._rows), name)
        if answer.ndim == 1:
            answer = answer[:, np.newaxis]
        return np.column_stack([_column(part, len(self._rows), name).astype(float) for part in answer.T])


def _column(values: Any, rows: int, name: str) -> Array:
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


@attrs.frozen
class Contest:
    """Predictions of the candidate, and of the champion if there is one, for the same rows."""

    candidate: Predictions
    champion: Predictions | None


_CONTESTS: WeakKeyDictionary[Trial, Contest] = WeakKeyDictionary()


def contest(trial: Trial) -> Contest:
    """Return a trial's predictions; several checks of one trial ask each model once.

    Raises
    ------
    ValidationError
        If labels are missing or not as many as rows.
    """
    if trial not in _CONTESTS:
        champion = trial.champion
        _CONTESTS[trial] = Contest(
            Predictions("candidate", trial.model, trial.X, trial.y),
            None if champion is None else Predictions("champion", champion, trial.X, trial.y),
        )
    return _CONTESTS[trial]
