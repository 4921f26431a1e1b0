"""Whether the candidate has learned anything: better than a model that does not look at the rows."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor

from mlopskit.records.report import CheckResult
from mlopskit.records.trial import Trial
from mlopskit.validation.answers import places, plain_column
from mlopskit.validation.checks.champion import GainCheck
from mlopskit.validation.checks.models import finite_number, optional_metric
from mlopskit.validation.metrics import metric_named
from mlopskit.validation.predictions import Predictions, contest
from mlopskit.validation.task import Task
from mlopskit.validation.trial_rows import count_rows, held_out, training


@attrs.frozen
class BetterThanDummy(GainCheck):
    """The model is better than always saying the most frequent class, or the mean, beyond what chance explains.

    Compared as by `BetterThanChampion`: on the same rows, with a paired bootstrap.

    Parameters
    ----------
    metric : str, optional
        Default roc_auc for two classes if the model says how likely they are, accuracy for other classes and r2 for
        numbers; `observed` tells which it is, and why.
    min_gain : float
        By how much it has to be better, in units of the metric.
    confidence, resamples, seed
        Of the bootstrap interval; see `BetterThanChampion`.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Notes
    -----
    The dummy learns from the training labels. Without ``train=`` it learns from the held-out ones, which makes it a
    little better than it could be. `observed` of the result: as that of `BetterThanChampion`, with dummy and task.

    Examples
    --------
    >>> str(BetterThanDummy())
    'better than a dummy'
    """

    metric: str | None = attrs.field(default=None, validator=optional_metric)
    min_gain: float = attrs.field(default=0.0, validator=finite_number)

    def __str__(self) -> str:
        named = f"{self.metric} is better than a dummy's" if self.metric else "better than a dummy"
        return named + (f" by {self.min_gain:g}" if self.min_gain else "")

    def judge(self, trial: Trial) -> CheckResult:
        """Fit a dummy and compare."""
        rows, labels = held_out(trial)
        task = Task.of(trial.model, labels)
        seen = labels if trial.train is None else training(trial.train)[1]
        blank, known = np.zeros((count_rows(rows), 1)), np.zeros((count_rows(seen), 1))
        if task.kind == "regression":
            dummy = Predictions("dummy", DummyRegressor().fit(known, np.asarray(seen, dtype=float)), blank, labels)
        elif task.outputs > 1:
            dummy = Predictions("dummy", DummyClassifier().fit(known, np.asarray(seen)), blank, labels)
        else:
            dummy = self._of_classes(trial, seen)
        result = self.compare(metric_named(self.metric or task.metric), self.min_gain, ("dummy", dummy), trial)
        return attrs.evolve(result, message=f"{result.message}; {task}", observed=result.observed | {"task": str(task)})

    def _of_classes(self, trial: Trial, seen: Any) -> Predictions:
        """Fit on places in the candidate's own order of classes, of which the last is the positive one."""
        candidate = contest(trial).candidate
        codes = places(plain_column(seen, count_rows(seen), "the training y"), candidate.classes)
        dummy = _KnowsAll(np.arange(len(candidate.classes)), codes[codes >= 0])
        return Predictions("dummy", dummy, np.zeros((count_rows(trial.X), 1)), candidate.class_codes)


class _KnowsAll:
    """A `DummyClassifier` that also knows the classes that no training label has."""

    def __init__(self, classes: Any, codes: Any):
        self.classes_ = classes
        self._fitted = DummyClassifier().fit(np.zeros((len(codes), 1)), codes)

    def predict(self, rows: Any) -> Any:
        return self._fitted.predict(rows)

    def predict_proba(self, rows: Any) -> Any:
        known = self._fitted.predict_proba(rows)
        found = np.zeros((len(rows), len(self.classes_)))
        found[:, self._fitted.classes_] = known
        return found
