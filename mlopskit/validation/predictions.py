"""What a model says about held-out rows, asked once, beside what is true."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from mlopskit.errors import ValidationError
from mlopskit.records.trial import Trial
from mlopskit.validation.answers import as_numbers, as_probabilities, family, places, plain_answers, plain_column
from mlopskit.validation.asking import ask
from mlopskit.validation.bootstrap import Array
from mlopskit.validation.trial_rows import count_rows, fitted_columns, held_out, training


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
    rival : Predictions, optional
        Those of a model it is compared with, whose positive class is then that of both.
    """

    def __init__(
        self, role: str, model: Any, X: Any, y: Any,  # noqa: N803
        *, which: str = "held-out", rival: Predictions | None = None,
    ):  # fmt: skip
        self._count = count_rows(X)
        if not self._count:
            raise ValidationError(f"there are no {which} rows")
        self._which, self._rival = which, rival
        self._role, self._model, self._rows = role, model, fitted_columns(model, X)
        self._truth = plain_answers(y, self._count, "y")

    def labels(self) -> tuple[Array, Array]:
        """Compare labels."""
        return self._truth, self._labels

    def positive_label(self) -> tuple[Array, Array]:
        """Compare whether it is the positive class, both boolean."""
        return self._positive, places(self._labels, self.classes) == self._positive_place

    def confidence(self) -> tuple[Array, Array]:
        """Compare whether the most probable class is the true one with its probability."""
        return self._probabilities.argmax(axis=1) == self.class_codes, self._probabilities.max(axis=1)

    def positive_probability(self) -> tuple[Array, Array]:
        """Compare whether it is the positive class with its probability."""
        return self._positive, self._probabilities[:, self._positive_place]

    def positive_rank(self) -> tuple[Array, Array]:
        """Compare whether it is the positive class with anything that sorts by how likely that is."""
        if hasattr(self._model, "predict_proba") or not hasattr(self._model, "decision_function"):
            return self.positive_probability()
        name, positive = f"the {self._role}'s decision_function", self._positive
        found = as_numbers(plain_column(self._ask("decision_function"), self._count, name), name)
        return positive, found if self._positive_place else -found  # it is that of the last class

    def true_class_probability(self) -> tuple[Array, Array]:
        """Compare labels with the probability of each row's true class, kept away from zero."""
        chosen = self._probabilities[np.arange(len(self._truth)), self.class_codes]
        return self._truth, np.clip(chosen, np.finfo(float).eps, 1.0)

    def values(self) -> tuple[Array, Array]:
        """Compare numbers."""
        return as_numbers(self._truth, "y"), as_numbers(self._labels, f"the {self._role}'s predict")

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
            return _distinct(classes, f"the {self._role}'s classes_")
        labels = _sorted(self._truth)
        return np.array([0, 1]) if set(labels.tolist()) <= {0, 1} else labels

    @cached_property
    def class_codes(self) -> Array:
        """The place of each true label in `classes`."""
        codes = places(self._truth, self.classes)
        if unknown := int((codes < 0).sum()):
            other = "; are they of another type than its classes_?" if unknown == len(codes) else ""
            raise ValidationError(
                f"y has labels that the {self._role} does not know, in {unknown} of {len(codes)} rows{other}"
            )
        return codes

    @cached_property
    def _labels(self) -> Array:
        found = plain_answers(self._ask("predict"), self._count, f"the {self._role}'s predict")
        if found.shape != self._truth.shape:
            raise ValidationError(f"the {self._role} predicts the shape {found.shape}, y has {self._truth.shape}")
        true, said = family(self._truth), family(found)
        if true and said and true != said:
            raise ValidationError(f"y holds {true} and the {self._role} predicts {said}; convert y to what it predicts")
        return found

    @cached_property
    def _probabilities(self) -> Array:
        classes, name = len(self.classes), f"the {self._role}'s predict_proba"
        return as_probabilities(self._ask("predict_proba"), self._count, classes, name)

    @property
    def _binary_classes(self) -> Array:
        if len(self.classes) != 2:
            raise ValidationError(
                f"this metric needs two classes, and there are {len(self.classes)}; use accuracy, or r2 of numbers"
            )
        return self.classes

    @property
    def _positive_place(self) -> int:
        """The place of the positive class: the last, or what is that of the rival."""
        if self._rival is None:
            return len(self._binary_classes) - 1
        place = int(places(self._rival._binary_classes[-1:], self._binary_classes)[0])
        if place < 0:
            raise ValidationError(f"the {self._role} does not know the positive class of the {self._rival._role}")
        return place

    @property
    def _positive(self) -> Array:
        positive: Array = self.class_codes == self._positive_place
        return positive

    def _ask(self, method: str) -> Any:
        return ask(self._model, method, self._rows, role=self._role, which=self._which)


def _distinct(classes: Any, name: str) -> Array:
    found = plain_column(classes, len(classes), name)
    if len(set(found.tolist())) < len(found):
        raise ValidationError(f"{name} names a class twice")
    return found


def _sorted(labels: Array) -> Array:
    try:
        return np.unique(labels)
    except TypeError as error:
        raise ValidationError(
            "y holds labels of several types, which have no order; give a model with classes_"
        ) from error


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
        self.champion = (
            None
            if trial.champion is None
            else Predictions("champion", trial.champion, rows, labels, rival=self.candidate)
        )
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
