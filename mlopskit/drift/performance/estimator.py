"""How well does a model do, before anyone knows? Learns from a reference with labels, estimates on rows without."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mlopskit.drift.performance import classification, regression
from mlopskit.drift.performance.classification import ClassifierPerformance
from mlopskit.drift.performance.periods import periods
from mlopskit.drift.performance.regression import RegressorPerformance
from mlopskit.errors import NotFittedError, ValidationError
from mlopskit.records.performance import PerformancePeriod, PerformanceReport, PerformanceTimeline

_PARAMETERS = ("metrics", "confidence")


class PerformanceEstimator:
    """Estimates a model's metrics before labels arrive, with an interval; and computes them as soon as they are there.

    For a classifier, calibrated probabilities say how likely each prediction is right (confidence-based performance
    estimation). For a regressor, models of its losses say how wrong it will be (direct loss estimation).

    The interval is for the metric that labels will show on these very rows. It holds what chance does to labels and how
    little a finite reference tells. It takes for granted that labels depend on scores, or on features where those are
    passed, as in the reference: a change of that, a *concept drift*, can not be seen without labels.

    Parameters
    ----------
    metrics : sequence of str, optional
        Of classifiers ``"accuracy"``, ``"average_precision"``, ``"brier"``, ``"f1"``, ``"log_loss"``, ``"precision"``,
        ``"recall"``, ``"roc_auc"`` and ``"specificity"``, by default accuracy and roc_auc. Of two classes the last one
        is positive, of more it is the mean over each class against all others. For two classes also
        ``"true_positives"``, ``"false_positives"``, ``"true_negatives"`` and ``"false_negatives"``, as shares of all
        rows. Of regressors ``"mean_absolute_error"``, ``"mean_absolute_percentage_error"``, ``"mean_squared_error"``,
        ``"mean_squared_log_error"``, ``"rmse"`` and ``"rmsle"``, by default mean_absolute_error and rmse.
    confidence : float, default 0.95
        How often the interval shall hold the metric that labels show.

    Attributes
    ----------
    model_ : ClassifierPerformance or RegressorPerformance
        What was learned. No row of the reference is in it, unless `X` was passed to a classifier's `fit`.

    Examples
    --------
    >>> import numpy as np
    >>> random = np.random.default_rng(0)
    >>> score = random.uniform(size=4000)
    >>> late = random.uniform(size=4000) < score
    >>> estimator = PerformanceEstimator(metrics=["roc_auc"]).fit(late[:2000], score[:2000])
    >>> report = estimator.estimate(score[2000:])
    >>> found = report["roc_auc"]
    >>> bool(found.lower < 0.83 < found.upper)
    True
    >>> estimator.estimate(score[2000:], y_true=late[2000:]).within("roc_auc")
    True
    """

    def __init__(self, metrics: Sequence[str] | None = None, confidence: float = 0.95):
        self.metrics = metrics
        self.confidence = confidence

    def fit(
        self, y_true: Any, y_proba: Any = None, *, y_pred: Any = None, X: Any = None,  # noqa: N803
        classes: Sequence[Any] | None = None, groups: Any = None,
    ) -> PerformanceEstimator:  # fmt: skip
        """Learn from a reference: rows with labels on which the model was not fitted.

        Parameters
        ----------
        y_true : array, shape (rows,)
            Labels of any type, or numbers of a regression.
        y_proba : array or DataFrame, shape (rows,) or (rows, classes), optional
            What a classifier's ``predict_proba`` gives, or the probability of the second of two classes. The columns of
            a DataFrame that are named as the classes are put in their order.
        y_pred : array, shape (rows,), optional
            Predictions of a regressor; or predicted labels of a classifier that decides by another rule than the most
            probable class. They are then needed in `estimate` too.
        X : DataFrame or array, shape (rows, features), optional
            Features. For a regressor losses are learned from them. For a classifier at most 20,000 rows of them are
            kept, so that `estimate` can weight those that look like the current ones when features have moved.
        classes : sequence, optional
            The model's ``classes_``, in the order of `y_proba`; by default the labels in ascending order.
        groups : str or array, shape (rows,), optional
            Which rows belong together, such as the day of a flight, or the column of `X` that says so. Rows of one
            group turn out well or badly together, and intervals that do not know that are too narrow. At least 10
            groups are needed; those of the rows to estimate on are then needed in `estimate` too.

        Raises
        ------
        ValueError
            A parameter is out of its range, or names no metric of this kind of model.
        ValidationError
            What was passed is not of one length, has missing values, or lacks rows of a class.
        """
        self._check_parameters()
        metrics = None if self.metrics is None else [str(name) for name in self.metrics]
        self.model_ = _learn(metrics, y_true, y_proba, y_pred, X, classes, _column(groups, X, "groups"))
        return self

    def estimate(
        self,
        y_proba: Any = None,
        *,
        y_pred: Any = None,
        X: Any = None,  # noqa: N803
        y_true: Any = None,
        groups: Any = None,
    ) -> PerformanceReport:
        """Estimate how well the model does on some rows.

        Parameters
        ----------
        y_proba, y_pred, X, groups
            As in `fit`. A classifier's `X` may be left out; shifts are then not looked for.
        y_true : array, shape (rows,), optional
            Labels as far as they have come; those that have not are missing. Metrics of rows with labels are computed,
            the estimate does not use them.

        Raises
        ------
        NotFittedError
            `fit` has not been called.
        ValidationError
            What was passed is not what `fit` got, or not of one length.
        """
        model = self._fitted()
        return self._report(model, model.read(y_proba, y_pred, X, y_true, _column(groups, X, "groups")))

    def estimate_by(
        self, y_proba: Any = None, *, time: Any = None, freq: str = "MS", size: int | None = None, y_pred: Any = None,
        X: Any = None, y_true: Any = None, groups: Any = None,  # noqa: N803
    ) -> PerformanceTimeline:  # fmt: skip
        """Estimate how well the model does in each period.

        Parameters
        ----------
        y_proba, y_pred, X, y_true, groups
            As in `estimate`.
        time : str or array of moments, shape (rows,), optional
            When each row was, or the column of `X` that says so. Rows without a time belong to no period.
        freq : str, default "MS"
            The length of a period as pandas writes it: ``"D"``, ``"W"``, ``"MS"``.
        size : int, optional
            Cut into periods of this many rows instead, in order of time if that is given.

        Raises
        ------
        NotFittedError
            `fit` has not been called.
        ValidationError
            As in `estimate`; or there are no times, or they can not be read.

        Examples
        --------
        >>> import numpy as np
        >>> random = np.random.default_rng(0)
        >>> score = random.uniform(size=3000)
        >>> late = random.uniform(size=3000) < score
        >>> timeline = PerformanceEstimator(["accuracy"]).fit(late[:1000], score[:1000]).estimate_by(score, size=1000)
        >>> [each.period for each in timeline.periods]
        ['rows 0-999', 'rows 1000-1999', 'rows 2000-2999']
        """
        model = self._fitted()
        rows = model.read(y_proba, y_pred, X, y_true, _column(groups, X, "groups"))
        found = [
            PerformancePeriod(label, self._report(model, rows.take(places)))
            for label, places in periods(len(rows), _column(time, X, "time"), freq, size)
        ]
        return PerformanceTimeline(tuple(found))

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002 - scikit-learn calls it so
        """Give the parameters by name, as scikit-learn does."""
        return {name: getattr(self, name) for name in _PARAMETERS}

    def set_params(self, **params: Any) -> PerformanceEstimator:
        """Change parameters, as scikit-learn does; what was fitted stays, its metrics included."""
        unknown = sorted(params.keys() - set(_PARAMETERS))
        if unknown:
            raise ValueError(
                f"PerformanceEstimator has no parameter {', '.join(unknown)}; it has {', '.join(_PARAMETERS)}"
            )
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        return f"PerformanceEstimator(metrics={self.metrics!r}, confidence={self.confidence!r})"

    def _report(self, model: Any, rows: Any) -> PerformanceReport:
        report: PerformanceReport = model.report(rows, self.confidence)
        return report

    def _fitted(self) -> ClassifierPerformance | RegressorPerformance:
        self._check_parameters()
        if not hasattr(self, "model_"):
            raise NotFittedError(
                "this PerformanceEstimator has no reference yet: call fit with labels and predictions first"
            )
        return self.model_

    def _check_parameters(self) -> None:
        if not isinstance(self.confidence, (float, np.floating)) or not 0 < self.confidence < 1:
            raise ValueError(f"confidence is a number between 0 and 1, not {self.confidence!r}")
        if isinstance(self.metrics, str):
            raise ValueError(f"metrics is a list of names: write metrics=[{self.metrics!r}]")
        if self.metrics is not None and (not isinstance(self.metrics, Collection) or not len(self.metrics)):
            raise ValueError(f"metrics is a list of names, not {self.metrics!r}: name some, or leave it out")


def _learn(
    metrics: Sequence[str] | None,
    y_true: Any,
    y_proba: Any,
    y_pred: Any,
    X: Any,  # noqa: N803
    classes: Sequence[Any] | None,
    groups: Any,
) -> ClassifierPerformance | RegressorPerformance:
    if y_proba is not None:
        chosen = metrics or classification.DEFAULT_METRICS
        return ClassifierPerformance.learn(chosen, y_true, y_proba, y_pred, X, classes, groups)
    if y_pred is not None:
        return RegressorPerformance.learn(metrics or regression.DEFAULT_METRICS, y_true, y_pred, X, groups)
    raise ValidationError("pass y_proba of a classifier, or y_pred of a regressor")


def _column(values: Any, X: Any, name: str) -> Any:  # noqa: N803
    """Look up values that are given as the name of a column of X."""
    if not isinstance(values, str):
        return values
    if not isinstance(X, pd.DataFrame) or values not in X:
        raise ValidationError(f"X has no column {values!r} to tell the {name}: pass them themselves, or such an X")
    return X[values]
