"""Whether somewhere in the data, nobody said where, a model is weak."""

from __future__ import annotations

import math
from typing import Any

import attrs
import numpy as np
import pandas as pd

from mlopskit.errors import ValidationError
from mlopskit.records.report import CheckResult
from mlopskit.records.trial import Trial
from mlopskit.validation.bootstrap import Array, group_codes
from mlopskit.validation.checks.models import ScoreCheck
from mlopskit.validation.checks.parameters import few
from mlopskit.validation.label import Label, column_label, name_of, plain_labels
from mlopskit.validation.metrics import metric_named
from mlopskit.validation.multiple_testing import holm
from mlopskit.validation.predictions import contest
from mlopskit.validation.slice_search import Slices, search
from mlopskit.validation.task import Task
from mlopskit.validation.trial_rows import column_of, frame_of, held_out, pieces_of

_LISTED = 20
_ROW_METRICS = ("accuracy", "brier", "log_loss", "mean_absolute_error", "mean_squared_error")


def _columns(within: Any) -> tuple[Label, ...]:
    if isinstance(within, str | int):
        raise TypeError(
            f"NoWeakSlice: within is a tuple of columns, not {within!r} alone; give ({within!r},), or metric="
        )
    return plain_labels(within)


@attrs.frozen
class NoWeakSlice(ScoreCheck):
    """No value of a column, and no pair of values, marks rows on which the model errs more, beyond chance.

    All columns are searched, or those named. Numbers and moments are cut at their quintiles. With a champion, a slice
    is weak if the candidate errs more there than the champion; without one, if it errs more there than elsewhere.

    Parameters
    ----------
    within : tuple of str, int or tuple
        The columns to search; empty: all.
    metric : str, optional
        A mean over rows: accuracy, brier, log_loss, mean_absolute_error or mean_squared_error. Default accuracy of
        classes and mean_absolute_error of numbers.
    min_effect : float
        How much worse still passes, in standard deviations of the candidate's loss over all rows. Some rows are harder
        than others for any model; 0.2 is a small effect.
    alpha : float
        The largest probability that anything is found though no slice is weak, over the whole search.
    depth : {1, 2}
        How many columns may cut together.
    min_rows : int
        Fewer rows are no slice.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    ValueError
        If the metric is no mean over rows, or a number out of its range.
    TypeError
        If `within` is a single column, or holds what is no label of one.

    Notes
    -----
    Each slice gets a one-sided t-test with a standard error that lets rows of a group move together, corrected by
    Holm's method for all slices that were looked at. A pair whose one column alone marks a weak slice is no further
    finding. `observed` of the result: verdict ("weak", "uncertain", "no weak
    slice", "not enough data"), metric, against, threshold (in units of the loss), searched, and of the 20 most
    suspicious slices the name, support (share of rows), gap, effect, interval and corrected p-value. Messages name
    columns only.

    References
    ----------
    Y. Chung et al., Slice Finder: automated data slicing for model validation, ICDE 2019; S. Holm, A simple
    sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6, 1979; J. Cohen, Statistical
    power analysis for the behavioral sciences, 1988 (what a small effect is).

    Examples
    --------
    >>> str(NoWeakSlice())
    'there is no weak slice'
    """

    within: tuple[Label, ...] = attrs.field(
        default=(), converter=_columns, validator=attrs.validators.deep_iterable(column_label)
    )
    metric: str | None = attrs.field(
        default=None, kw_only=True, validator=attrs.validators.optional(attrs.validators.in_(_ROW_METRICS))
    )
    min_effect: float = attrs.field(
        default=0.2, kw_only=True, validator=[attrs.validators.ge(0), attrs.validators.lt(math.inf)]
    )
    alpha: float = attrs.field(default=0.05, kw_only=True, validator=[attrs.validators.gt(0), attrs.validators.lt(1)])
    depth: int = attrs.field(default=2, kw_only=True, validator=attrs.validators.in_((1, 2)))
    min_rows: int = attrs.field(default=100, kw_only=True, validator=attrs.validators.ge(2))

    def __str__(self) -> str:
        within = f" within {few(map(name_of, self.within))}" if self.within else ""
        return f"there is no weak slice{within}"

    def judge(self, trial: Trial) -> CheckResult:
        """Search, and correct for how much was looked at."""
        frame, loss, spread, metric = self._measured(trial)
        codes, _ = group_codes(trial.groups, len(frame))
        alone = trial.champion is None
        slices = search(frame, loss, codes, versus_rest=alone, min_rows=self.min_rows, depth=self.depth)
        observed: dict[str, Any] = {
            "verdict": "not enough data", "metric": metric, "against": "the other rows" if alone else "champion",
            "threshold": self.min_effect * spread, "searched": len(slices.pieces), "slices": [],
        }  # fmt: skip
        if not slices.pieces:
            message = f"not enough data: no slice and its rest have {self.min_rows} rows each"
            return self.result("failed", message, rows=len(frame), observed=observed)
        listed = self._listed(slices, spread, len(frame))
        weak = [found for found in listed if found["status"] == "weak"]
        doubtful = any(found["status"] == "uncertain" for found in listed)
        observed["slices"] = listed[:_LISTED]
        observed["verdict"] = "weak" if weak else "uncertain" if doubtful else "no weak slice"
        message = f"none of {len(slices.pieces)} slices is weak beyond chance"
        if weak:
            message = (
                f"{len(weak)} of {len(slices.pieces)} slices are weak; the clearest, cut by {weak[0]['columns']}, has "
                f"{weak[0]['rows']} rows that are {weak[0]['gap']:.3g} worse (p = {weak[0]['p_value']:.2g})"
            )
        return self.result("failed" if weak else "passed", message, rows=len(frame), observed=observed)

    def _measured(self, trial: Trial) -> tuple[pd.DataFrame, Array, float, str]:
        """Return the columns to search, how wrong each row is, how much that varies, and the metric."""
        rows, labels = held_out(trial)
        frame = frame_of(rows, "held-out", "slices")
        frame = pd.DataFrame({name: column_of(frame, name, "held-out") for name in self.within or frame.columns})
        for name in self.within:
            pieces_of(frame[name])  # those that nobody asked for are left out of the search instead
        name = self.metric or (
            "accuracy" if Task.of(trial.model, labels).kind == "classification" else "mean_absolute_error"
        )
        metric, models = metric_named(name), contest(trial)
        if metric.row_loss is None:
            raise ValidationError(f"{name} is no mean over rows; choose from {', '.join(_ROW_METRICS)}")
        loss = metric.row_loss(*metric.pair(models.candidate))
        spread = float(np.std(loss))
        if models.champion is not None:
            loss = loss - metric.row_loss(*metric.pair(models.champion))
        return frame, loss, spread, name

    def _listed(self, slices: Slices, spread: float, rows: int) -> list[dict[str, Any]]:
        """Describe the slices, the clearest first."""
        tolerance = self.min_effect * spread
        corrected = holm(slices.p_values(tolerance))
        low, high = slices.intervals(1 - self.alpha)
        order = np.lexsort((-slices.gaps, corrected))
        status = self._statuses(slices, corrected, tolerance)
        return [
            {
                "slice": " and ".join(slices.pieces[each]), "columns": slices.columns[each],
                "rows": int(slices.rows[each]), "support": float(slices.rows[each] / rows),
                "gap": float(slices.gaps[each]),
                "effect": float(slices.gaps[each] / spread) if spread else 0.0, "low": float(low[each]),
                "high": float(high[each]), "p_value": float(corrected[each]),
                "status": status[each],
            }
            for each in sorted(order, key=lambda each: status[each] != "weak")
        ]  # fmt: skip

    def _statuses(self, slices: Slices, corrected: Array, tolerance: float) -> list[str]:
        weak = corrected < self.alpha
        alone = {piece for piece, found in zip(slices.pieces, weak, strict=True) if found and len(piece) == 1}
        found = []
        for piece, is_weak, gap in zip(slices.pieces, weak, slices.gaps, strict=True):
            if len(piece) > 1 and any((part,) in alone for part in piece):
                found.append("within a weak slice")
            else:
                found.append("weak" if is_weak else "uncertain" if gap > tolerance else "no worse")
        return found
