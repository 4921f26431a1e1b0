"""What a check of a model is, and how its verdict is told.

A check has one of four statuses, and what lies behind it is ``observed["verdict"]``, a few words such as "uncertain" or
"not enough data", with which the message begins as well. What a gate needs decides the status:

- A *claim* about one number, such as a score of at least 0.7, has to be shown. It passes only if all of the number's
  interval is on the right side. "uncertain" (the interval is on both sides) and "not enough data" (there is none worth
  the name) are *failed*, since a gate must let nothing through for want of evidence. With ``severity="warn"`` they are
  reported and let through.
- A *search* through many slices looks for harm. It fails for what it finds beyond chance, all that was looked at taken
  into account; otherwise every search through enough slices would fail. Slices that look worse without being so beyond
  chance are listed as "uncertain" and do not fail.
- What could not be run, as the model raises or rows are not given, is an *error*: neither a pass nor a failure.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import pandas as pd

from mlopskit.errors import ValidationError
from mlopskit.records.report import CheckResult
from mlopskit.records.trial import Trial
from mlopskit.validation.bootstrap import Array
from mlopskit.validation.checks.check import Check, RowTally
from mlopskit.validation.label import row_labels
from mlopskit.validation.metrics import metric_named


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


def failing_rows(failing: Array, rows: Any) -> dict[str, Any]:
    """Count the rows under a mask, for the fields of a `CheckResult`; those of a frame have labels too."""

    def labels_at(positions: Iterable[int]) -> tuple[Any, ...]:
        return row_labels(positions, rows.index) if isinstance(rows, pd.DataFrame | pd.Series) else ()

    return RowTally.of(failing, len(failing), labels_at).found


def known_metric(_owner: Any, _field: Any, name: str) -> None:
    """Refuse a metric that does not exist."""
    metric_named(name)


def optional_metric(_owner: Any, _field: Any, name: str | None) -> None:
    """Refuse a metric that does not exist; None leaves the choice to the task."""
    if name is not None:
        metric_named(name)


def finite_number(owner: Any, field: Any, value: float) -> None:
    """Refuse NaN and infinity."""
    if not math.isfinite(value):
        raise ValueError(f"{type(owner).__name__}: {field.name} must be a finite number")


def recorded(scores: Mapping[str, float], metric: str, role: str) -> float:
    """Look up a score that was measured elsewhere."""
    if metric not in scores:
        raise ValidationError(
            f"there are no held-out rows to measure {metric} on, and no recorded one of the {role}; pass X and y"
        )
    return float(scores[metric])
