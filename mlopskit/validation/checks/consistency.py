"""Whether a model gives the same answer to the same question, however and whenever it is asked."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from mlopskit.records.agreement import disagreeing
from mlopskit.records.report import CheckResult
from mlopskit.records.trial import Trial
from mlopskit.validation.asking import answer_of, methods_of
from mlopskit.validation.bootstrap import Array
from mlopskit.validation.checks.models import ScoreCheck, failing_rows
from mlopskit.validation.trial_rows import asked_rows, count_rows, taken

_SEED = 0


@attrs.frozen
class Deterministic(ScoreCheck):
    """The model says the same about the same rows every time.

    Parameters
    ----------
    repeats : int
        How often it is asked again.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Notes
    -----
    ``predict``, and ``predict_proba`` if there is one, are asked in this process; `SurvivesRoundTrip` asks in another.
    Numbers have to be equal to the last bit. `observed` of the result: verdict ("the same", "not the same"), n.

    Examples
    --------
    >>> str(Deterministic())
    'predictions are the same every time'
    """

    repeats: int = attrs.field(default=3, validator=[attrs.validators.instance_of(int), attrs.validators.ge(1)])

    def __str__(self) -> str:
        return "predictions are the same every time"

    def judge(self, trial: Trial) -> CheckResult:
        """Ask again."""
        rows = asked_rows(trial)
        failing = np.zeros(count_rows(rows), dtype=bool)
        for method in methods_of(trial.model):
            first = answer_of(trial.model, method, rows)
            for _ in range(self.repeats):
                failing |= disagreeing(answer_of(trial.model, method, rows), first, tolerance=0.0)
        return _verdict(self, rows, failing, "get another prediction when asked again")


@attrs.frozen
class RowByRow(ScoreCheck):
    """The model says the same about a row alone, in a batch, and in a batch of another order.

    Parameters
    ----------
    rows : int
        How many held-out rows are asked about one by one, drawn at random.
    tolerance : float
        By how much numbers may differ, relative to their size; sums are rounded otherwise in batches of other sizes.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Notes
    -----
    A model that looks at other rows of the batch, such as to fill or scale by their mean, predicts something else in
    production than it was tested for. `observed` of the result: verdict ("the same", "not the same"), n.

    Examples
    --------
    >>> str(RowByRow())
    'a row alone gets the prediction it gets in a batch'
    """

    rows: int = attrs.field(default=20, validator=[attrs.validators.instance_of(int), attrs.validators.ge(1)])
    tolerance: float = attrs.field(
        default=1e-6, kw_only=True, validator=[attrs.validators.ge(0), attrs.validators.lt(1)]
    )

    def __str__(self) -> str:
        return "a row alone gets the prediction it gets in a batch"

    def judge(self, trial: Trial) -> CheckResult:
        """Ask in three ways."""
        rows, random = asked_rows(trial), np.random.default_rng(_SEED)
        count = count_rows(rows)
        failing = np.zeros(count, dtype=bool)
        shuffled = random.permutation(count)
        alone = np.sort(random.choice(count, min(self.rows, count), replace=False))
        for method in methods_of(trial.model):
            batch = answer_of(trial.model, method, rows)
            other_order = answer_of(trial.model, method, taken(rows, shuffled))
            failing[shuffled] |= disagreeing(other_order, batch[shuffled], tolerance=self.tolerance)
            singles = np.concatenate([answer_of(trial.model, method, taken(rows, [place])) for place in alone])
            failing[alone] |= disagreeing(singles, batch[alone], tolerance=self.tolerance)
        return _verdict(self, rows, failing, "get another prediction alone or in another order")


def _verdict(check: ScoreCheck, rows: Any, failing: Array, words: str) -> CheckResult:
    failed, count = int(failing.sum()), len(failing)
    return check.result(
        "failed" if failed else "passed",
        f"{failed} of {count} rows {words}" if failed else "",
        **failing_rows(failing, rows),
        observed={"verdict": "not the same" if failed else "the same", "n": count},
    )
