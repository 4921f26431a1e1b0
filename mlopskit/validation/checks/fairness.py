"""Whether a classifier treats groups of people, or of anything else, alike."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from itertools import combinations
from typing import Any

import attrs
import numpy as np

from mlopskit.errors import ValidationError
from mlopskit.markup.values import is_missing
from mlopskit.records.report import CheckResult
from mlopskit.records.trial import Trial
from mlopskit.validation.bootstrap import Array, group_codes, resample, student_quantile
from mlopskit.validation.checks.interval import FEWEST_GROUPS, IntervalCheck
from mlopskit.validation.intervals import newcombe_interval, wilson_interval
from mlopskit.validation.label import Label, column_label, name_of, plain_label
from mlopskit.validation.predictions import contest
from mlopskit.validation.trial_rows import column_of, frame_of, held_out, pieces_of

_LISTED = 20
_MOST_GROUPS = 100


@attrs.frozen
class _Gap:
    """The difference between the shares of two groups, and where it lies up to chance."""

    size: float
    low: float
    high: float


@attrs.frozen
class ParityCheck(IntervalCheck):
    """A check that a share of the positive class is the same in every group, up to a tolerance.

    Of two classes the last of ``classes_`` is the positive one, as in scikit-learn.
    """

    column: Label = attrs.field(converter=plain_label, validator=column_label)
    tolerance: float = attrs.field(default=0.1, validator=[attrs.validators.gt(0), attrs.validators.lt(1)])

    @abstractmethod
    def counted(self, truth: Array) -> Array:
        """Return which rows are looked at, given whether each row truly is of the positive class."""

    def judge(self, trial: Trial) -> CheckResult:
        """Compare every pair of groups, with intervals that hold for all pairs together."""
        rows, _ = held_out(trial)
        column = column_of(frame_of(rows, "held-out", "groups"), self.column, "held-out")
        truth, positive = contest(trial).candidate.positive_label()
        codes, labels = pieces_of(column)
        if len(labels) > _MOST_GROUPS:
            raise ValidationError(
                f"the column {self.column!r} has {len(labels)} values; at most {_MOST_GROUPS} groups are compared, so "
                "join the rare ones"
            )
        if len(labels) < 2:
            raise ValidationError(f"the column {self.column!r} has one value in the held-out rows; nothing to compare")
        looked = self.counted(truth)
        rows_of = np.bincount(codes[looked], minlength=len(labels))
        hits_of = np.bincount(codes[looked & positive], minlength=len(labels))
        problem = self._problem(trial, rows_of)
        gaps = [] if problem else self._gaps(trial, codes[looked], positive[looked], looked)
        verdict = self._verdict(gaps)
        observed: dict[str, Any] = {
            "verdict": verdict, "threshold": self.tolerance, "n": int(looked.sum()),
            "groups": self._described(labels, rows_of, hits_of),
        }  # fmt: skip
        message = f"not enough data: {problem}"
        if gaps:
            widest = max(gaps, key=lambda gap: gap.size)
            observed |= {"gap": widest.size, "low": widest.low, "high": widest.high}
            words = f"the largest of {len(gaps)} gaps between groups is {widest.size:.3g} ({self._within(widest)})"
            message = words if verdict in ("fair", "unfair") else f"{verdict}: {words}"
        return self.result("passed" if verdict == "fair" else "failed", message, rows=len(truth), observed=observed)

    def _problem(self, trial: Trial, rows: Array) -> str:
        """Tell why there is no interval; empty if there is one."""
        if empty := int((rows == 0).sum()):
            return f"{empty} of {len(rows)} groups have no row to count"
        if trial.groups is not None and (clusters := group_codes(trial.groups, len(trial.X))[1]) < FEWEST_GROUPS:
            return f"{clusters} groups of rows that belong together, and at least {FEWEST_GROUPS} are needed"
        return ""

    def _gaps(self, trial: Trial, codes: Array, positive: Array, looked: Array) -> list[_Gap]:
        """Return the gap of each pair, from the higher share to the lower; all intervals hold at once (Bonferroni)."""
        rows, hits = np.bincount(codes), np.bincount(codes, weights=positive).astype(int)
        shares = hits / rows
        pairs = list(combinations(np.argsort(-shares, kind="stable").tolist(), 2))
        confidence = 1 - (1 - self.confidence) / len(pairs)
        widths = self._widths(trial, codes, positive, looked, confidence)
        gaps = []
        for a, b in pairs:
            size = float(shares[a] - shares[b])
            low, high = newcombe_interval(int(hits[a]), int(rows[a]), int(hits[b]), int(rows[b]), confidence)
            width = widths(a, b)
            gaps.append(_Gap(size, min(low, size - width), max(high, size + width)))
        return gaps

    def _widths(
        self, trial: Trial, codes: Array, positive: Array, looked: Array, confidence: float
    ) -> Callable[[int, int], float]:
        """Return half the interval of a gap when whole groups of rows are drawn; 0 if rows are independent.

        Newcombe's interval is too narrow for rows that belong together; Student's can be for shares near 0 or 1. The
        wider of both is used.
        """
        if trial.groups is None:
            return lambda _a, _b: 0.0
        clusters, count = group_codes(trial.groups, len(looked))
        cells = codes * count + clusters[looked]
        shape = codes.max() + 1, count
        rows = np.bincount(cells, minlength=shape[0] * count).reshape(shape)
        hits = np.bincount(cells, weights=positive, minlength=shape[0] * count).reshape(shape)

        def shares(counts: Array) -> Array:
            with np.errstate(invalid="ignore"):
                return np.asarray((hits @ counts) / (rows @ counts))

        draws = resample(shares, count, resamples=self.resamples, seed=self.seed)
        quantile = student_quantile((1 + confidence) / 2, count)
        return lambda a, b: quantile * float(np.nanstd(draws[:, a] - draws[:, b], ddof=1))

    def _verdict(self, gaps: list[_Gap]) -> str:
        """Call it fair or unfair if the intervals say so; if one is so wide that no gap could do, data is lacking."""
        if any(gap.low > self.tolerance for gap in gaps):
            return "unfair"
        if gaps and all(-self.tolerance <= gap.low and gap.high <= self.tolerance for gap in gaps):
            return "fair"
        narrow = all(gap.high - gap.low <= 2 * self.tolerance for gap in gaps)
        return "uncertain" if gaps and narrow else "not enough data"

    def _described(self, labels: Any, rows: Array, hits: Array) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for label, count, hit in zip(labels, rows, hits, strict=True):
            low, high = wilson_interval(int(hit), int(count), self.confidence) if count else (None, None)
            name = "missing" if is_missing(label) else str(label)
            share = float(hit / count) if count else None
            found.append({"group": name, "rows": int(count), "share": share, "low": low, "high": high})
        return sorted(found, key=lambda group: group["rows"], reverse=True)[:_LISTED]

    def _within(self, gap: _Gap) -> str:
        return f"{100 * self.confidence:g} % interval over all pairs {gap.low:.3g} to {gap.high:.3g}"


@attrs.frozen
class DemographicParity(ParityCheck):
    """The positive class is predicted equally often in every group.

    Parameters
    ----------
    column : str, int or tuple
        The column of ``trial.X`` whose values make the groups, at most 100; missing values are one of them.
    tolerance : float
        The largest difference between two groups' shares that passes.
    confidence, resamples, seed
        Of the intervals, which hold for all pairs of groups together: Newcombe's, and with ``groups=`` Student's with
        the standard error of drawing whole groups of rows, where that is wider.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    ValueError
        If the tolerance is not between 0 and 1.

    Notes
    -----
    It passes only if all intervals lie within the tolerance. `observed` of the result: verdict ("fair", "unfair",
    "uncertain", "not enough data" if an interval is wider than the tolerance on both sides), the largest gap with its
    interval, and each group's rows, share and Wilson interval. Groups are named there, never in the message.

    References
    ----------
    C. Dwork, M. Hardt, T. Pitassi, O. Reingold and R. Zemel, Fairness through awareness, ITCS 2012 (parity); R. G.
    Newcombe, Statistics in Medicine 17, 1998, and B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap,
    1993, section 12.4 (the intervals).

    Examples
    --------
    >>> str(DemographicParity("origin"))
    'the positive class is predicted equally often within origin, up to 0.1'
    """

    def __str__(self) -> str:
        return f"the positive class is predicted equally often within {name_of(self.column)}, up to {self.tolerance:g}"

    def counted(self, truth: Array) -> Array:
        """Look at all rows."""
        return np.ones(len(truth), dtype=bool)


@attrs.frozen
class EqualOpportunity(ParityCheck):
    """Those who truly are of the positive class are found equally often in every group.

    Parameters
    ----------
    column, tolerance, confidence, resamples, seed, severity
        As for `DemographicParity`.

    Notes
    -----
    Looks only at rows of the positive class, so that it needs more rows; else as `DemographicParity`.

    References
    ----------
    M. Hardt, E. Price and N. Srebro, Equality of opportunity in supervised learning, NeurIPS 2016.

    Examples
    --------
    >>> str(EqualOpportunity("origin", 0.05))
    'the positive class is found equally often within origin, up to 0.05'
    """

    def __str__(self) -> str:
        return f"the positive class is found equally often within {name_of(self.column)}, up to {self.tolerance:g}"

    def counted(self, truth: Array) -> Array:
        """Look at the rows of the positive class."""
        return truth
