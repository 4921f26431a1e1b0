"""Whether predictions react to a change of the input as people expect: not at all, or in one direction."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Literal

import attrs
import numpy as np
import pandas as pd

from mlopskit.errors import ValidationError
from mlopskit.records.report import CheckResult
from mlopskit.records.trial import Trial
from mlopskit.validation.asking import copied
from mlopskit.validation.bootstrap import Array
from mlopskit.validation.checks.models import ScoreCheck, failing_rows
from mlopskit.validation.predictions import Predictions
from mlopskit.validation.task import Task
from mlopskit.validation.trial_rows import count_rows, held_out


@attrs.frozen
class BehaviourCheck(ScoreCheck):
    """A check of each row's prediction before and after a change of the row."""

    change: Callable[[Any], Any] = attrs.field(validator=attrs.validators.is_callable())
    max_share: float = attrs.field(
        default=0.0, kw_only=True, validator=[attrs.validators.ge(0), attrs.validators.lt(1)]
    )

    @property
    @abstractmethod
    def wrong(self) -> str:
        """What predictions should not do, in words."""

    @property
    def changed(self) -> str:
        """What the change is called."""
        return str(getattr(self.change, "__name__", type(self.change).__name__))

    @abstractmethod
    def failing(self, before: Predictions, after: Predictions, task: Task) -> Array:
        """Tell which rows' predictions react in another way than they should."""

    def judge(self, trial: Trial) -> CheckResult:
        """Ask about the rows, and about the changed ones."""
        rows, labels = held_out(trial)
        changed = self._changed(rows)
        if _is_same(changed, rows):
            words = f"not enough data: the change {self.changed} changes none of the {count_rows(rows)} rows"
            return self.result("failed", words, rows=count_rows(rows), observed={"verdict": "not enough data"})
        before = Predictions("candidate", trial.model, rows, labels)
        after = Predictions("candidate", trial.model, changed, labels, which="changed")
        failing = self.failing(before, after, Task.of(trial.model, labels))
        failed, count = int(failing.sum()), len(failing)
        too_many = failed > self.max_share * count
        observed = {
            "verdict": "unexpected" if too_many else "as expected", "share": failed / count,
            "threshold": self.max_share, "n": count,
        }  # fmt: skip
        return self.result(
            "failed" if too_many else "passed", f"{failed} of {count} predictions {self.wrong}",
            **failing_rows(failing, rows), observed=observed,
        )  # fmt: skip

    def _changed(self, rows: Any) -> Any:
        """Change a copy; the other checks look at the same rows."""
        try:
            changed = self.change(copied(rows))
        except Exception as error:
            raise ValidationError(
                f"the change {self.changed} raised {type(error).__name__} on the held-out rows; call it on X to see why"
            ) from error
        if not _as_many(changed, rows):
            raise ValidationError(
                f"the change {self.changed} returned a {type(changed).__name__} without all {count_rows(rows)} rows; "
                "return each in its place"
            )
        return changed


def _is_same(changed: Any, rows: Any) -> bool:
    """Whether nothing was changed, as far as that can be told."""
    if isinstance(rows, pd.DataFrame):
        return bool(rows.equals(changed))
    return isinstance(rows, np.ndarray) and np.array_equal(changed, rows)


def _as_many(changed: Any, rows: Any) -> bool:
    try:
        return count_rows(changed) == count_rows(rows)
    except ValidationError:  # None, for example, of a function that changes in place
        return False


@attrs.frozen
class Invariant(BehaviourCheck):
    """A change that should not matter does not matter, row by row.

    Parameters
    ----------
    change : callable
        From a copy of the held-out rows to changed ones, as many and in the same order. Its name is shown.
    tolerance : float
        By how much a predicted number may move; a predicted class may not.
    max_share : float
        The share of rows that may react.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Notes
    -----
    Has no JSON, since the function has none. `failed`, `rows` and `examples` of the result count and point at rows.
    `observed`: verdict ("as expected", "unexpected", "not enough data" if the change changes no row), share, threshold
    and n.

    References
    ----------
    M. T. Ribeiro, T. Wu, C. Guestrin and S. Singh, Beyond accuracy: behavioral testing of NLP models with CheckList,
    ACL 2020 (the invariance test).

    Examples
    --------
    >>> def in_lower_case(frame): return frame.assign(origin=frame["origin"].str.lower())
    >>> str(Invariant(in_lower_case))
    'predictions stay the same after in_lower_case'
    """

    tolerance: float = attrs.field(
        default=0.0, kw_only=True, validator=[attrs.validators.ge(0), attrs.validators.lt(math.inf)]
    )

    def __str__(self) -> str:
        return f"predictions stay the same after {self.changed}"

    @property
    def wrong(self) -> str:
        """Change."""
        return "change"

    def failing(self, before: Predictions, after: Predictions, task: Task) -> Array:
        """Tell which predictions are others, or numbers further away."""
        if task.kind == "regression":
            moved = np.abs(after.values()[1] - before.values()[1]) > self.tolerance
        else:
            moved = after.labels()[1] != before.labels()[1]
        return np.asarray(moved if moved.ndim == 1 else moved.any(axis=1))


@attrs.frozen
class Directional(BehaviourCheck):
    """A change moves predictions in one direction, or at least not in the other, row by row.

    Of numbers the prediction is looked at, of two classes the probability of the last of ``classes_``, or what else
    the model ranks by.

    Parameters
    ----------
    change : callable
        From a copy of the held-out rows to changed ones, as many and in the same order. Its name is shown.
    direction : {"up", "down"}
        Where predictions may move.
    tolerance : float
        By how much they may still move the other way.
    max_share : float
        The share of rows that may move the other way by more.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Notes
    -----
    Has no JSON, since the function has none. `failed`, `rows` and `examples` of the result count and point at rows.
    `observed`: verdict ("as expected", "unexpected", "not enough data" if the change changes no row), share, threshold
    and n.

    References
    ----------
    M. T. Ribeiro et al., ACL 2020, as for `Invariant` (the directional expectation test).

    Examples
    --------
    >>> def an_hour_late(frame): return frame.assign(dep_delay=frame["dep_delay"] + 60)
    >>> str(Directional(an_hour_late, "up"))
    'predictions go up, if anywhere, after an_hour_late'
    """

    direction: Literal["up", "down"] = attrs.field(default="up", validator=attrs.validators.in_(("up", "down")))
    tolerance: float = attrs.field(
        default=0.0, kw_only=True, validator=[attrs.validators.ge(0), attrs.validators.lt(math.inf)]
    )

    def __str__(self) -> str:
        return f"predictions go {self.direction}, if anywhere, after {self.changed}"

    @property
    def wrong(self) -> str:
        """Go the other way."""
        return f"go {'down' if self.direction == 'up' else 'up'}"

    def failing(self, before: Predictions, after: Predictions, task: Task) -> Array:
        """Tell which predictions move the wrong way."""
        was, now = (
            each.values()[1] if task.kind == "regression" else each.positive_rank()[1] for each in (before, after)
        )
        if was.ndim > 1:
            raise ValidationError(f"y has {task.outputs} outputs, of which each may move; check one by itself")
        moved = now - was if self.direction == "up" else was - now
        return np.asarray(moved < -self.tolerance)
