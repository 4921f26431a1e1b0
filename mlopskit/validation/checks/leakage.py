"""Whether the candidate could know what it must not: all kinds of leakage in one check."""

from __future__ import annotations

from typing import Any

import attrs

from mlopskit.records.report import CheckResult
from mlopskit.records.trial import Trial
from mlopskit.validation.checks.feature_power import SingleFeaturePower
from mlopskit.validation.checks.models import ScoreCheck
from mlopskit.validation.checks.split_overlap import NoDuplicatesAcross, NoGroupLeakage, NoTimeLeakage
from mlopskit.validation.label import Label, column_label, plain_label


@attrs.frozen
class NoLeakage(ScoreCheck):
    """Nothing gives the labels of the held-out rows away: no column alone, no copied row, no group, no later time.

    Parameters
    ----------
    time : str, int or tuple, optional
        The column that says when a row was; with it, no held-out row may be earlier than the last training row.
    group : str, int or tuple, optional
        The column that says what a row belongs to; with it, no group may have rows on both sides.
    max_power : float
        How much of the label a single column may explain; see `SingleFeaturePower`.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Notes
    -----
    `observed` of the result: verdict ("leak", "no leak", "not enough data"; none if a part could not run) and, by part,
    its status, message and what it observed. The parts are checks of their own, for other tolerances:
    `SingleFeaturePower`, `NoDuplicatesAcross`, `NoTimeLeakage` and `NoGroupLeakage`.

    References
    ----------
    S. Kaufman, S. Rosset, C. Perlich and O. Stitelman, Leakage in data mining: formulation, detection, and avoidance,
    ACM TKDD 6, 2012; S. Kapoor and A. Narayanan, Leakage and the reproducibility crisis in machine-learning-based
    science, Patterns 4, 2023 (the kinds).

    Examples
    --------
    >>> str(NoLeakage(time="time_hour"))
    'nothing leaks from the label or the training rows'
    """

    time: Label | None = attrs.field(
        default=None, kw_only=True, converter=attrs.converters.optional(plain_label),
        validator=attrs.validators.optional(column_label),
    )  # fmt: skip
    group: Label | None = attrs.field(
        default=None, kw_only=True, converter=attrs.converters.optional(plain_label),
        validator=attrs.validators.optional(column_label),
    )  # fmt: skip
    max_power: float = attrs.field(
        default=0.8, kw_only=True, validator=[attrs.validators.gt(0), attrs.validators.lt(1)]
    )

    def __str__(self) -> str:
        return "nothing leaks from the label or the training rows"

    def judge(self, trial: Trial) -> CheckResult:
        """Run every part; none stops the others."""
        parts: list[ScoreCheck] = [SingleFeaturePower(self.max_power), NoDuplicatesAcross()]
        parts += [NoTimeLeakage(self.time)] if self.time is not None else []
        parts += [NoGroupLeakage(self.group)] if self.group is not None else []
        found = {type(part).__name__: _outcome(part, trial) for part in parts}
        worst = min(map(_rank, found.values()))
        told = [result for result in found.values() if _rank(result) == worst]
        status, verdict = told[0].status, told[0].observed.get("verdict")
        observed: dict[str, Any] = {
            name: {"status": result.status, "message": result.message, **result.observed}
            for name, result in found.items()
        }
        if status != "error":
            observed = {"verdict": verdict, **observed}
        message = "; ".join(dict.fromkeys(result.message for result in told))
        examples, labels = next(((result.examples, result.labels) for result in told if result.examples), ((), ()))
        rows = max(result.rows for result in found.values())
        return self.result(status, message, rows=rows, examples=examples, labels=labels, observed=observed)


def _rank(result: CheckResult) -> int:
    """Order results, the worst first: a leak, what could not run, what could not be told, nothing."""
    leak = result.observed.get("verdict") == "leak"
    return 0 if leak else {"error": 1, "failed": 2}.get(result.status, 3)


def _outcome(part: ScoreCheck, trial: Trial) -> CheckResult:
    try:
        return part.check(trial)
    except Exception as error:  # noqa: BLE001 - whatever the rows did to one part, the others shall run
        return part.result("error", f"{type(part).__name__} can not run: {type(error).__name__}")
