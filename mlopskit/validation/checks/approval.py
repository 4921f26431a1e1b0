"""What people and reports must have said before a model is put in place."""

from __future__ import annotations

from typing import Any

import attrs

from mlopskit.errors import ValidationError
from mlopskit.records.model import ModelVersion
from mlopskit.records.report import CheckResult
from mlopskit.records.trial import Trial
from mlopskit.validation.checks.models import ModelCheck, ScoreCheck


@attrs.frozen
class Approvals(ScoreCheck):
    """Enough people have approved of the version, other than whoever registered it.

    Parameters
    ----------
    count : int
        How many different people.
    by : tuple of str
        Who counts; empty: everybody.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Examples
    --------
    >>> str(Approvals(2))
    'approved by 2 people besides the author'
    """

    count: int = attrs.field(default=1, validator=attrs.validators.ge(1))
    by: tuple[str, ...] = attrs.field(default=(), converter=tuple, kw_only=True)

    def __str__(self) -> str:
        among = f" among {', '.join(self.by)}" if self.by else ""
        return f"approved by {self.count} {'person' if self.count == 1 else 'people'} besides the author{among}"

    def judge(self, trial: Trial) -> CheckResult:
        """Count who approved."""
        version = _version(trial)
        counted = sorted(set(version.approved_by) - {version.by})
        if self.by:
            counted = [each for each in counted if each in self.by]
        observed = {"approved": counted, "n": len(counted), "threshold": self.count}
        message = f"approved by {', '.join(counted) or 'nobody'}"
        return self.result("passed" if len(counted) >= self.count else "failed", message, observed=observed)


@attrs.frozen
class CardComplete(ScoreCheck):
    """Everything that only a person can say about the model has been written, with `Registry.describe`.

    Parameters
    ----------
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Examples
    --------
    >>> str(CardComplete())
    'the card is complete'
    """

    def __str__(self) -> str:
        return "the card is complete"

    def judge(self, trial: Trial) -> CheckResult:
        """Look for what is not written."""
        missing = _version(trial).unwritten
        message = f"not written yet: {', '.join(missing)}" if missing else ""
        return self.result("failed" if missing else "passed", message, observed={"missing": list(missing)})


@attrs.frozen
class ReportPassed(ModelCheck):
    """A report that was made elsewhere, of the data or of drift, found nothing wrong.

    Parameters
    ----------
    report : ValidationReport or DriftReport
        Something with ``ok``, or with ``drifted``.
    name : str
        What it is a report of.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    ValueError
        If it is no report.

    Examples
    --------
    >>> from mlopskit.records.validation import ValidationReport
    >>> ReportPassed(ValidationReport(()), name="training data").check(Trial(model=None)).ok
    True
    """

    report: Any = attrs.field()
    name: str = "data"

    @report.validator
    def _is_report(self, _attribute: Any, report: Any) -> None:
        if not (hasattr(report, "ok") or hasattr(report, "drifted")):
            raise ValueError(f"ReportPassed takes a report with ok or drifted, not a {type(report).__name__}")

    def __str__(self) -> str:
        return f"the report of the {self.name} is good"

    def check(self, trial: Trial) -> CheckResult:  # noqa: ARG002 - whatever the model is
        """Ask the report."""
        good = bool(self.report.ok) if hasattr(self.report, "ok") else not self.report.drifted
        return self.result("passed" if good else "failed", repr(self.report).partition("\n")[0])


def _version(trial: Trial) -> ModelVersion:
    if trial.version is None:
        raise ValidationError("this model is not registered, so nobody can have said anything about it")
    return trial.version
