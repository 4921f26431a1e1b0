"""What a check of a model is, and the simplest one: whether it is good enough."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import attrs

from mlopskit.errors import ValidationError
from mlopskit.records.report import CheckResult
from mlopskit.records.trial import Trial
from mlopskit.validation.checks.check import Check
from mlopskit.validation.metrics import metric_named
from mlopskit.validation.predictions import contest


@attrs.frozen
class ModelCheck(Check, ABC):
    """A check of a candidate model, perhaps beside a champion.

    Examples
    --------
    >>> from mlopskit.validation import Validator
    >>> class Explains(ModelCheck):
    ...     def check(self, trial): return self.result("passed" if hasattr(trial.model, "explain") else "failed")
    >>> Validator([Explains()]).validate_model(object(), [], []).ok
    False
    """

    @abstractmethod
    def check(self, trial: Trial) -> CheckResult:
        """Return the verdict on ``trial.model``."""


@attrs.frozen
class ScoreCheck(ModelCheck):
    """A check of scores; what can not be measured gives the status "error" instead of an exception."""

    def check(self, trial: Trial) -> CheckResult:
        """Return the verdict; a model that raises, or answers in the wrong shape, gives the status "error"."""
        try:
            return self.judge(trial)
        except ValidationError as error:
            return self.result("error", str(error))

    @abstractmethod
    def judge(self, trial: Trial) -> CheckResult:
        """Return the verdict, or raise ValidationError if there is none."""


def known_metric(_owner: Any, _field: Any, name: str) -> None:
    """Refuse a metric that does not exist."""
    metric_named(name)


def finite_number(owner: Any, field: Any, value: float) -> None:
    """Refuse NaN and infinity."""
    if not math.isfinite(value):
        raise ValueError(f"{type(owner).__name__}: {field.name} must be a finite number")


def has_rows(trial: Trial) -> bool:
    """Whether scores can be measured, not only looked up."""
    return trial.X is not None and trial.y is not None


def recorded(scores: Mapping[str, float], metric: str, role: str) -> float:
    """Look up a score that was measured elsewhere."""
    if metric not in scores:
        raise ValidationError(f"there are no held-out rows to measure {metric} on, and no recorded one of the {role}")
    return float(scores[metric])


@attrs.frozen
class MinScore(ScoreCheck):
    """The model is good enough on rows it has not seen.

    Parameters
    ----------
    metric : str
        One of accuracy, brier, f1, log_loss, mean_absolute_error, mean_squared_error, r2, rmse and roc_auc.
        Measured on ``trial.X`` and ``trial.y``; without them looked up in ``trial.scores``.
    minimum : float
        The worst score that still passes. Where lower is better, a score above it fails.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    ValueError
        If the metric is unknown or the minimum not finite.

    Examples
    --------
    >>> check = MinScore("log_loss", 0.4)
    >>> str(check)
    'log_loss is at most 0.4'
    >>> check.check(Trial(model=None, scores={"log_loss": 0.3})).ok
    True
    """

    metric: str = attrs.field(validator=known_metric)
    minimum: float = attrs.field(validator=finite_number)

    def __str__(self) -> str:
        return (
            f"{self.metric} is at {'least' if metric_named(self.metric).higher_is_better else 'most'} {self.minimum:g}"
        )

    def judge(self, trial: Trial) -> CheckResult:
        """Compare the score with the minimum."""
        metric = metric_named(self.metric)
        measured = has_rows(trial)
        if measured:
            score = metric.score(*metric.pair(contest(trial).candidate))
        else:
            score = recorded(trial.scores, self.metric, "candidate")
        observed = {
            "metric": self.metric, "candidate": score, "threshold": self.minimum, "direction": metric.direction,
            "n": len(trial.X) if measured else None,
        }  # fmt: skip
        if math.isnan(score):
            return self.result(
                "failed", f"not enough data: {self.metric} is undefined on these rows", observed=observed
            )
        passed = metric.gain(score, self.minimum) >= 0
        message = f"{self.metric} is {score:.4g}" + ("" if measured else ", as recorded")
        return self.result("passed" if passed else "failed", message, observed=observed)
