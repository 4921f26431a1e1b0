"""Whether the candidate says about held-out rows what it says about training rows, on the whole."""

from __future__ import annotations

import warnings
from typing import Any

import attrs
import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency, ks_2samp

from mlopskit.records.report import CheckResult
from mlopskit.records.trial import Trial
from mlopskit.validation.bootstrap import Array
from mlopskit.validation.checks.models import ScoreCheck
from mlopskit.validation.multiple_testing import holm
from mlopskit.validation.predictions import Predictions, contest
from mlopskit.validation.task import Task
from mlopskit.validation.trial_rows import held_out


@attrs.frozen
class StablePredictions(ScoreCheck):
    """Predictions for held-out rows are distributed as those for training rows.

    Numbers, and the probability of the last of two classes, are compared by the largest distance between both
    distribution functions (Kolmogorov-Smirnov); classes by half the sum of differences of their shares (total
    variation).

    Parameters
    ----------
    tolerance : float
        The largest distance that passes, between 0 and 1.
    alpha : float
        A larger distance is drift if chance makes it less often than this.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Notes
    -----
    A model that is sure of what it has learned by heart drifts as well; `MaxOverfit` tells which it is. Rows count as
    independent here. `observed` of the result: verdict ("stable", "drifted", "uncertain": further apart than the
    tolerance, but by chance perhaps), statistic, distance, p_value (of several outputs the furthest, Holm-corrected),
    threshold, task, n.

    References
    ----------
    J. L. Hodges, The significance probability of the Smirnov two-sample test, Arkiv för Matematik 3, 1958, and
    K. Pearson's chi-square test of homogeneity; both as in SciPy.

    Examples
    --------
    >>> str(StablePredictions())
    'predictions are distributed as on training rows, up to 0.1'
    """

    tolerance: float = attrs.field(default=0.1, validator=[attrs.validators.gt(0), attrs.validators.lt(1)])
    alpha: float = attrs.field(default=0.05, kw_only=True, validator=[attrs.validators.gt(0), attrs.validators.lt(1)])

    def __str__(self) -> str:
        return f"predictions are distributed as on training rows, up to {self.tolerance:g}"

    def judge(self, trial: Trial) -> CheckResult:
        """Compare both distributions."""
        _, labels = held_out(trial)
        task, models = Task.of(trial.model, labels), contest(trial)
        numbers = task.kind == "regression" or (task.classes == 2 and task.ranks)
        known, asked = (_predicted(each, task) for each in (models.training, models.candidate))
        compared = [
            (_distance_of_numbers if numbers else _distance_of_classes)(before, after)
            for before, after in zip(known.T, asked.T, strict=True)
        ]
        p_values = holm(np.array([p_value for _, p_value in compared]))
        furthest = int(np.argmax([distance for distance, _ in compared]))
        distance, p_value = compared[furthest][0], float(p_values[furthest])
        verdict = "stable" if distance <= self.tolerance else "drifted" if p_value < self.alpha else "uncertain"
        observed: dict[str, Any] = {
            "verdict": verdict, "statistic": "kolmogorov-smirnov" if numbers else "total variation",
            "distance": distance, "p_value": p_value, "threshold": self.tolerance, "task": str(task), "n": len(asked),
        }  # fmt: skip
        message = (
            f"{'uncertain: ' if verdict == 'uncertain' else ''}the distance is {distance:.3g} between {len(known)} "
            f"training and {len(asked)} held-out rows (p = {p_value:.2g})"
        )
        return self.result("passed" if verdict == "stable" else "failed", message, rows=len(asked), observed=observed)


def _predicted(predictions: Predictions, task: Task) -> Array:
    """Return what is predicted, one column per output."""
    if task.kind == "regression":
        found = predictions.values()[1]
    elif task.classes == 2 and task.ranks:
        found = predictions.positive_rank()[1]
    else:
        found = predictions.labels()[1]
    return found if found.ndim > 1 else found[:, np.newaxis]


def _distance_of_numbers(known: Array, asked: Array) -> tuple[float, float]:
    with warnings.catch_warnings():  # where the exact p-value can not be had, that of large samples is taken
        warnings.filterwarnings("ignore", message="ks_2samp", category=RuntimeWarning)
        found = ks_2samp(known, asked)
    return float(found.statistic), float(found.pvalue)


def _distance_of_classes(known: Array, asked: Array) -> tuple[float, float]:
    codes, classes = pd.factorize(np.concatenate([known, asked]))
    counts = np.stack([np.bincount(part, minlength=len(classes)) for part in np.split(codes, [len(known)])])
    shares = counts / counts.sum(axis=1, keepdims=True)
    distance = float(np.abs(shares[0] - shares[1]).sum() / 2)
    return distance, float(chi2_contingency(counts, correction=False).pvalue) if len(classes) > 1 else 1.0
