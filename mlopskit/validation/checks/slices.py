"""Whether a model that is good on the whole has a part of the data where it is not."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np
import pandas as pd
from scipy.stats import t as student

from mlopskit.markup.values import is_missing
from mlopskit.records.report import CheckResult, Status
from mlopskit.records.trial import Trial
from mlopskit.validation.bootstrap import Array, Score, group_codes, percentile_interval, resample
from mlopskit.validation.checks.interval import FEWEST_GROUPS, IntervalCheck
from mlopskit.validation.checks.models import known_metric
from mlopskit.validation.label import Label, column_label, name_of, plain_label
from mlopskit.validation.metrics import Metric, metric_named
from mlopskit.validation.multiple_testing import holm
from mlopskit.validation.predictions import contest
from mlopskit.validation.trial_rows import column_of, frame_of, held_out, pieces_of

_FEWEST_ROWS = 100
_LEAST_DEFINED = 0.9  # of the draws, as for every interval
_LISTED = 20


@attrs.frozen
class NoWorseSlice(IntervalCheck):
    """In no part of the held-out rows does the candidate fall behind, beyond what chance explains.

    For each value of a column, the candidate's score on those rows is compared with the champion's on the same rows, or
    without a champion with the candidate's own score on all rows. `NoWeakSlice` searches through all columns.

    Parameters
    ----------
    column : str, int or tuple
        The column of ``trial.X`` whose values make the slices; missing values are one of them.
    metric : str
        One of accuracy, brier, f1, log_loss, mean_absolute_error, mean_squared_error, r2, rmse and roc_auc.
    tolerance : float
        By how much a slice may be worse, in units of the metric.
    confidence, resamples, seed
        Of the bootstrap interval of each loss; 1 - confidence also bounds the probability that any slice is called
        worse though none is.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    ValueError
        If the metric is unknown or the tolerance negative or not finite.

    Notes
    -----
    Both scores are computed again on the same draws of groups. A slice is *worse* if its loss exceeds the tolerance in
    a one-sided t-test with the standard error of those draws and as many groups as the slice has, corrected for the
    number of slices (Holm 1979). It is *uncertain* if only the estimate exceeds it; that does not fail.

    Slices of fewer than 100 rows or 10 groups (of roc_auc with rows of the rarer class, of f1 with rows of the positive
    one), or on which the metric is undefined, have "not enough data" and no say;
    if none has a say, the check fails. `observed` of the result: verdict ("worse", "uncertain", "no worse", "not enough
    data"), metric, direction, threshold, against, and the slices by name, the worst first and at most 20; the message
    only counts them, since their names are values of the data.

    References
    ----------
    B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap, Chapman & Hall, 1993, section 12.4.

    Examples
    --------
    >>> str(NoWorseSlice("origin", tolerance=0.02))
    'roc_auc is nowhere worse by more than 0.02 within origin'
    """

    column: Label = attrs.field(converter=plain_label, validator=column_label)
    metric: str = attrs.field(default="roc_auc", validator=known_metric)
    tolerance: float = attrs.field(default=0.02, validator=[attrs.validators.ge(0), attrs.validators.lt(math.inf)])

    def __str__(self) -> str:
        return f"{self.metric} is nowhere worse by more than {self.tolerance:g} within {name_of(self.column)}"

    def judge(self, trial: Trial) -> CheckResult:
        """Compare slice by slice."""
        rows, _ = held_out(trial)
        column = column_of(frame_of(rows, "held-out", "slices"), self.column, "held-out")
        slices = sorted(self._slices(trial, column), key=_badness, reverse=True)
        verdicts = [found["status"] for found in slices]
        verdict = next((each for each in ("worse", "uncertain", "no worse") if each in verdicts), "not enough data")
        status: Status = "passed" if verdict in ("uncertain", "no worse") else "failed"
        observed = {
            "verdict": verdict, "metric": self.metric, "direction": metric_named(self.metric).direction,
            "threshold": self.tolerance,
            "against": "own score on all rows" if trial.champion is None else "champion", "slices": slices[:_LISTED],
        }  # fmt: skip
        return self.result(status, _message(verdicts, _badness(slices[0])), rows=len(rows), observed=observed)

    def _slices(self, trial: Trial, column: pd.Series) -> list[dict[str, Any]]:
        metric, models = metric_named(self.metric), contest(trial)
        codes, groups = group_codes(trial.groups, len(column))
        candidate = metric.pair(models.candidate)
        champion = None if models.champion is None else metric.pair(models.champion)
        overall = metric.scorer(*candidate, codes, groups)
        slices = []
        for label, rows in _pieces(column):
            if len(rows) < _FEWEST_ROWS:
                slices.append(_Slice(label, len(rows)))
                continue
            other = None if champion is None else _part(metric, champion, rows, codes)
            touched = metric.counted_groups(candidate[0][rows], codes[rows])
            slices.append(_Slice(label, len(rows), touched, _part(metric, candidate, rows, codes), other))

        def losses(weights: Array, places: Sequence[int]) -> Array:
            """Say how far some slices fall behind; the score on all rows is computed once for them all."""
            whole = overall(weights) if champion is None else np.nan
            return np.array([slices[place].loss(metric, weights, whole) for place in places])

        whole = np.ones(groups)
        found = [each.describe(metric, whole, overall(whole)) for each in slices]
        self._test(found, losses, groups)
        return found

    def _test(self, found: list[dict[str, Any]], losses: Callable[[Array, Sequence[int]], Array], groups: int) -> None:
        """Draw the worst slices again, and all that could be too bad, and write down how sure that is."""
        judged = [place for place, each in enumerate(found) if each["loss"] is not None]
        judged.sort(key=lambda place: float(found[place]["loss"]), reverse=True)
        tested = [place for rank, place in enumerate(judged) if rank < _LISTED or self._exceeds(found[place])]
        if not tested:
            return
        draws = resample(lambda counts: losses(counts, tested), groups, resamples=self.resamples, seed=self.seed)
        often = np.isfinite(draws).mean(axis=0) >= _LEAST_DEFINED
        for place in np.array(tested)[~often]:
            found[place] |= {"status": "not enough data", "loss": None}
        tested = [place for place, kept in zip(tested, often, strict=True) if kept]
        defined = [part[np.isfinite(part)] for part in draws.T[often]]
        excess = np.array([found[place]["loss"] - self.tolerance for place in tested])
        touched = np.array([found[place]["groups"] for place in tested])
        p_values = holm(_one_sided(excess, np.array([part.std(ddof=1) for part in defined]), touched), len(judged))
        for place, part, p_value in zip(tested, defined, p_values, strict=True):
            low, high = percentile_interval(part, self.confidence, found[place]["groups"])
            found[place] |= {"low": low, "high": high, "p_value": float(p_value)}
            if self._exceeds(found[place]):
                found[place]["status"] = "worse" if p_value < 1 - self.confidence else "uncertain"

    def _exceeds(self, found: dict[str, Any]) -> bool:
        return bool(found["loss"] > self.tolerance)


def _undefined(_weights: Array) -> float:
    return np.nan


@attrs.frozen
class _Slice:
    """A slice, and the scores of both models on it as functions of the groups' weights."""

    label: Any
    rows: int
    groups: int = 0
    candidate: Score = _undefined
    champion: Score | None = None

    def other(self, weights: Array, whole: float) -> float:
        """Return the score to compare with: the champion's here, or without one the candidate's on all rows."""
        return whole if self.champion is None else self.champion(weights)

    def loss(self, metric: Metric, weights: Array, whole: float) -> float:
        return metric.gain(self.other(weights, whole), self.candidate(weights))

    def describe(self, metric: Metric, weights: Array, whole: float) -> dict[str, Any]:
        name = "missing" if is_missing(self.label) else str(self.label)
        found: dict[str, Any] = {
            "slice": name, "rows": self.rows, "groups": self.groups, "status": "not enough data",
            "candidate": None, "other": None, "loss": None, "low": None, "high": None, "p_value": None,
        }  # fmt: skip
        if self.groups < FEWEST_GROUPS or not math.isfinite(loss := self.loss(metric, weights, whole)):
            return found
        scores = {"candidate": self.candidate(weights), "other": self.other(weights, whole)}
        return found | scores | {"loss": loss, "status": "no worse"}


def _pieces(column: pd.Series) -> list[tuple[Any, Array]]:
    """Return each value, a missing one too, with the positions of its rows."""
    codes, labels = pieces_of(column)
    pieces = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes, minlength=len(labels)))[:-1])
    return list(zip(labels, pieces, strict=True))


def _part(metric: Metric, pair: tuple[Array, Array], rows: Array, codes: Array) -> Score:
    """Score some rows as a function of the weights of all groups; only those of these rows are looked at."""
    touched, local = np.unique(codes[rows], return_inverse=True)
    score = metric.scorer(pair[0][rows], pair[1][rows], local, len(touched))
    return lambda weights: score(weights[touched])


def _one_sided(excess: Array, error: Array, groups: Array) -> Array:
    """Return the p-values of exceeding zero; without any spread, what is seen is certain.

    The standard errors are those of draws of few groups, which vary too little; see `student_quantile`.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(error > 0, excess / error * np.sqrt((groups - 1) / groups), np.sign(excess) * np.inf)
    return np.asarray(student.sf(np.nan_to_num(t, nan=0.0), groups - 1))


def _badness(found: dict[str, Any]) -> float:
    return -math.inf if found["loss"] is None else found["loss"]


def _message(verdicts: list[str], largest: float) -> str:
    worse, few = verdicts.count("worse"), verdicts.count("not enough data")
    judged = len(verdicts) - few
    if not judged:
        return f"not enough data: none of {few} slices has {_FEWEST_ROWS} rows on which the metric is defined"
    found = (
        f"{worse} of {judged} slices are worse, the worst by {largest:.3g}"
        if worse
        else f"{judged} slices are no worse"
    )
    if uncertain := verdicts.count("uncertain"):
        found += f"; {uncertain} uncertain, worse by estimate but not beyond chance"
    return found + (f"; {few} have not enough data" if few else "")
