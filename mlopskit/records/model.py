"""A registered model version, and what was decided about one."""

from __future__ import annotations

from typing import Any, Literal

import attrs

from mlopskit.records.report import CheckResult
from mlopskit.records.signature import Signature

Operation = Literal["promote", "set_alias", "rollback"]


@attrs.frozen
class ModelVersion:
    """One version of a model, as the registry knows it.

    Attributes
    ----------
    name : str
        The model's name.
    number : int
        1, 2, 3 and so on, without a gap.
    registered : str
        When, by the registering machine's clock: UTC, ISO 8601.
    by : str
        Who registered it.
    digest : str
        Digest of the model's bytes.
    artifacts : dict of str to dict
        What is kept of it: ``model``, and where they were given ``sample``, ``predictions`` and ``reference``.
    signature : Signature or None
        The columns it takes; None if it was registered without a sample.
    run : str or None
        The id of the tracked run that made it.
    metrics : dict of str to float
    params : dict of str to JSON-able
    tags : dict of str to str
    description : str
    python, sklearn : str
        The versions it was registered under.
    approved_by : tuple of str
        Who approved it, in order.
    """

    name: str
    number: int
    registered: str
    by: str
    digest: str
    artifacts: dict[str, dict[str, Any]]
    signature: Signature | None = None
    run: str | None = None
    metrics: dict[str, float] = attrs.field(factory=dict)
    params: dict[str, Any] = attrs.field(factory=dict)
    tags: dict[str, str] = attrs.field(factory=dict)
    description: str = ""
    python: str = ""
    sklearn: str = ""
    approved_by: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}/{self.number}"

    def __repr__(self) -> str:
        scores = "".join(f", {name}={value:.4g}" for name, value in self.metrics.items())
        return f"<ModelVersion {self}, registered {self.registered[:16]} by {self.by}{scores}>"

    def _repr_html_(self) -> str:
        from mlopskit import markup

        facts = {"registered": self.registered, "by": self.by, "run": self.run, "description": self.description}
        facts |= {"approved by": ", ".join(self.approved_by)} | {f"tag {name}": tag for name, tag in self.tags.items()}
        columns = self.signature.columns if self.signature else ()
        rows = [{"column": each.name, "kind": each.kind, "nullable": each.nullable} for each in columns]
        return markup.fragment(
            markup.section(str(self), markup.key_values({key: fact for key, fact in facts.items() if fact})),
            markup.key_values({**self.metrics, **self.params}),
            markup.table(rows, empty="Registered without a sample, so its columns are not known."),
        )


@attrs.frozen
class Decision:
    """That an alias was, or was not, given to a version; by whom and why.

    Attributes
    ----------
    model : str
    version : int
        The version it was about.
    alias : str
    accepted : bool
        Whether the alias now names the version.
    previous : int or None
        The version that the alias named before; None if it was new.
    operation : {"promote", "set_alias", "rollback"}
        How it came to the decision.
    by, reason, time : str
        Who, why, and when by that machine's clock (UTC, ISO 8601).
    results : tuple of CheckResult
        What the gate found; empty without a gate.

    Examples
    --------
    >>> from mlopskit.records.report import CheckResult
    >>> weak = CheckResult("better than the champion", "failed", "roc_auc gain 0.001, no evidence of gain")
    >>> print(Decision("flight-delays", 2, "champion", accepted=False, results=(weak,)))
    flight-delays/2 refused as champion: roc_auc gain 0.001, no evidence of gain
    """

    model: str
    version: int
    alias: str
    accepted: bool
    previous: int | None = None
    operation: Operation = "promote"
    by: str = ""
    reason: str = ""
    time: str = ""
    results: tuple[CheckResult, ...] = ()

    def __str__(self) -> str:
        verdict = "refused" if not self.accepted else "back" if self.operation == "rollback" else "accepted"
        place = f" in place of {self.model}/{self.previous}" if self.accepted and self.previous else ""
        why = "; ".join(self._objections) if not self.accepted else self.reason
        return f"{self.model}/{self.version} {verdict} as {self.alias}{place}{': ' if why else ''}{why}"

    def __repr__(self) -> str:
        return f"<Decision {self}>"

    def _repr_html_(self) -> str:
        from mlopskit import markup

        rows = [{"check": each.check, "status": each.status, "found": each.message} for each in self.results]
        verdict = markup.badge("ok" if self.accepted else "fail", "accepted" if self.accepted else "refused")
        facts = markup.key_values({"by": self.by, "reason": self.reason, "time": self.time})
        found = markup.table(rows, empty="Decided without a gate.")
        return markup.fragment(markup.paragraph(verdict, " ", str(self)), facts, found)

    @property
    def _objections(self) -> list[str]:
        return [each.message or f"{each.check} {each.status}" for each in self.results if not each.ok]
