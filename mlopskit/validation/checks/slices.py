"""Whether a model that is good on the whole has a part of the data where it is not."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import attrs
import numpy as np
import pandas as pd

from mlopskit.errors import ValidationError
from mlopskit.markup.values import is_missing
from mlopskit.records.report import CheckResult, Status
from mlopskit.records.trial import Trial
from mlopskit.validation.checks.models import ScoreCheck, has_rows, known_metric
from mlopskit.validation.chunk import Chunk
from mlopskit.validation.metrics import metric_named
from mlopskit.validation.predictions import contest

_FEWEST_ROWS = 100
_LISTED = 20


@attrs.frozen
class NoWorseSlice(ScoreCheck):
    """In no part of the held-out rows does the candidate fall behind.

    For each value of a column, the candidate's score on those rows is compared with the champion's on the same rows, or
    without a champion with the candidate's own score on all rows. These are estimates without an interval: a small
    tolerance on small slices also finds chance.

    Parameters
    ----------
    column : str
        The column of ``trial.X`` whose values make the slices; missing values are one of them.
    metric : str
        One of accuracy, brier, f1, log_loss, mean_absolute_error, mean_squared_error, r2, rmse and roc_auc.
    tolerance : float
        By how much a slice may be worse, in units of the metric.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    ValueError
        If the metric is unknown or the tolerance negative or not finite.

    Notes
    -----
    Slices of fewer than 100 rows, or on which the metric is undefined, have "not enough data" and no say; if none has a
    say, the check fails. `observed` of the result lists the slices by name, the worst first and at most 20; the message
    only counts them, since their names are values of the data.

    Examples
    --------
    >>> str(NoWorseSlice("origin", tolerance=0.02))
    'roc_auc is nowhere worse by more than 0.02 within origin'
    """

    column: str = attrs.field(validator=attrs.validators.instance_of(str))
    metric: str = attrs.field(default="roc_auc", validator=known_metric)
    tolerance: float = attrs.field(default=0.02, validator=[attrs.validators.ge(0), attrs.validators.lt(math.inf)])

    def __str__(self) -> str:
        return f"{self.metric} is nowhere worse by more than {self.tolerance:g} within {self.column}"

    def judge(self, trial: Trial) -> CheckResult:
        """Compare slice by slice."""
        if not has_rows(trial):
            raise ValidationError("there are no held-out rows to cut into slices")
        if not isinstance(trial.X, pd.DataFrame):
            raise ValidationError(f"the held-out rows are a {type(trial.X).__name__}; slices need a DataFrame")
        if problem := Chunk(trial.X).unreadable([self.column]):
            raise ValidationError(f"{problem} in the held-out rows")
        slices = sorted(self._slices(trial), key=_badness, reverse=True)
        judged = [found for found in slices if found["loss"] is not None]
        worse = [found for found in judged if found["loss"] > self.tolerance]
        observed = {
            "metric": self.metric, "direction": metric_named(self.metric).direction, "threshold": self.tolerance,
            "against": "own score on all rows" if trial.champion is None else "champion", "slices": slices[:_LISTED],
        }  # fmt: skip
        status: Status = "passed" if judged and not worse else "failed"
        message = _message(len(worse), len(judged), len(slices), _badness(slices[0]))
        return self.result(status, message, rows=len(trial.X), observed=observed)

    def _slices(self, trial: Trial) -> Iterator[dict[str, Any]]:
        metric, models = metric_named(self.metric), contest(trial)
        truth, predicted = metric.pair(models.candidate)
        champion = None if models.champion is None else metric.pair(models.champion)
        overall = metric.score(truth, predicted)
        codes, labels = pd.factorize(trial.X[self.column], use_na_sentinel=False)
        pieces = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes, minlength=len(labels)))[:-1])
        for label, rows in zip(labels, pieces, strict=True):
            found: dict[str, Any] = {
                "slice": "missing" if is_missing(label) else str(label), "rows": len(rows),
                "status": "not enough data", "candidate": None, "other": None, "loss": None,
            }  # fmt: skip
            if len(rows) >= _FEWEST_ROWS:
                score = metric.score(truth[rows], predicted[rows])
                other = overall if champion is None else metric.score(champion[0][rows], champion[1][rows])
                found |= self._verdict(score, other, metric.gain(other, score))
            yield found

    def _verdict(self, candidate: float, other: float, loss: float) -> dict[str, Any]:
        if not math.isfinite(loss):
            return {}
        status = "worse" if loss > self.tolerance else "no worse"
        return {"candidate": candidate, "other": other, "loss": loss, "status": status}


def _badness(found: dict[str, Any]) -> float:
    return -math.inf if found["loss"] is None else found["loss"]


def _message(worse: int, judged: int, slices: int, largest: float) -> str:
    if not judged:
        return f"not enough data: none of {slices} slices has {_FEWEST_ROWS} rows on which the metric is defined"
    found = (
        f"{worse} of {judged} slices are worse, the worst by {largest:.3g}"
        if worse
        else f"{judged} slices are no worse"
    )
    return found + (f"; {slices - judged} have not enough data" if slices > judged else "")
