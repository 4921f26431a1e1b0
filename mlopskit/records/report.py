"""What a check found, and what a suite of checks found."""

from __future__ import annotations

from typing import Any, Literal

import attrs

Status = Literal["passed", "failed", "error", "skipped"]
Severity = Literal["error", "warn"]


@attrs.frozen
class CheckResult:
    """The outcome of one check.

    Attributes
    ----------
    check : str
        The check and its parameters in words, such as ``"distance is between 0 and 6000"``.
    status : {"passed", "failed", "error", "skipped"}
        *error* means that the check could not run, which is neither a pass nor a failure.
    message : str
        What was found, with counts but never with data values.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.
    failed, rows : int
        Rows that failed, of how many that were looked at.
    examples : tuple of int
        Positions of the first failing rows, at most 10; of chunks, counted from the first row of all.
    labels : tuple
        What the index calls these rows, a tuple each if it has several levels, None if that is missing; empty if they
        have no index. As it may name people, it is in no message and no ``repr``.
    observed : dict of str to JSON-able
        Numbers behind the verdict: a score, an interval, a threshold, n.
    """

    check: str
    status: Status
    message: str = ""
    severity: Severity = "error"
    failed: int = 0
    rows: int = 0
    examples: tuple[int, ...] = ()
    labels: tuple[Any, ...] = attrs.field(default=(), kw_only=True, repr=False)
    observed: dict[str, Any] = attrs.field(factory=dict)

    @property
    def ok(self) -> bool:
        """Whether this result lets a report or a gate pass."""
        return self.status in ("passed", "skipped") or (self.status == "failed" and self.severity == "warn")

    @property
    def outcome(self) -> str:
        """The status, but "warned" of a failure that is only reported."""
        return "warned" if self.status == "failed" and self.severity == "warn" else self.status

    def _repr_html_(self) -> str:
        from mlopskit import markup

        verdict = markup.badge("ok" if self.status == "passed" else "fail" if not self.ok else "warn", self.status)
        return markup.fragment(markup.paragraph(verdict, " ", self.check, ": " if self.message else "", self.message))
