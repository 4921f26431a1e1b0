"""A registered model version, and what was decided about one."""

from __future__ import annotations

from typing import Any, Literal

import attrs

from mlopskit.records.environment import Code
from mlopskit.records.event import StepFinished
from mlopskit.records.report import CheckResult
from mlopskit.records.run import Dataset
from mlopskit.records.signature import Signature

Operation = Literal["promote", "set_alias", "remove_alias", "rollback"]

CARD_SECTIONS = {
    "description": "what the model does, in a sentence or two",
    "intended_use": "who may use it, for which decisions, and who watches over it",
    "out_of_scope": "what it must not be used for",
    "limitations": "where it is known to be weak, and for whom",
    "owner": "who answers for it, and how to reach them",
}
"""What only a person can write about a model, and what that is."""


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
    kind : str
        What it is: ``model``, or whatever else was registered, such as ``dataset``.
    packages : dict of str to str
        Version of each distribution that was imported when it was registered.
    datasets : dict of str to Dataset
        The data it was made from, by name.
    code : Code or None
        The program that made it; None if it is not known.
    steps : tuple of StepFinished
        How each step went, if a pipeline made it.
    parent : str
        The version it was made from, such as ``"flight-delays/3"``; empty if from none.
    same_as : int or None
        The first version with the very same bytes; None if there is none before.
    written : dict of str to str
        What people wrote about it later, by section of its card; see `CARD_SECTIONS`.
    deleted : str
        When it was deleted; empty if it was not.
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
    kind: str = "model"
    packages: dict[str, str] = attrs.field(factory=dict)
    datasets: dict[str, Dataset] = attrs.field(factory=dict)
    code: Code | None = None
    steps: tuple[StepFinished, ...] = ()
    parent: str = ""
    same_as: int | None = None
    written: dict[str, str] = attrs.field(factory=dict)
    deleted: str = ""

    @property
    def unwritten(self) -> tuple[str, ...]:
        """The sections of its card that a person still has to write."""
        return tuple(section for section in CARD_SECTIONS if not self.words(section))

    def words(self, section: str) -> str:
        """Return what is written in a section of its card; empty if nothing is."""
        written = self.written.get(section, "").strip()
        return written or (self.description.strip() if section == "description" else "")

    def __str__(self) -> str:
        return f"{self.name}/{self.number}"

    def __repr__(self) -> str:
        scores = "".join(f", {name}={value:.4g}" for name, value in self.metrics.items())
        same = f", same bytes as {self.name}/{self.same_as}" if self.same_as else ""
        gone = ", deleted" if self.deleted else ""
        return f"<ModelVersion {self}, registered {self.registered[:16]} by {self.by}{scores}{same}{gone}>"

    def _repr_html_(self) -> str:
        from mlopskit import markup

        facts = {"registered": self.registered, "by": self.by, "run": self.run, "description": self.description}
        facts |= {"approved by": ", ".join(self.approved_by)} | {f"tag {name}": tag for name, tag in self.tags.items()}
        facts |= {"same bytes as": f"{self.name}/{self.same_as}" if self.same_as else "", "parent": self.parent}
        facts |= {"deleted": self.deleted}
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
    operation : {"promote", "set_alias", "remove_alias", "rollback"}
        How it came to the decision.
    by, reason, time : str
        Who, why, and when by that machine's clock (UTC, ISO 8601).
    results : tuple of CheckResult
        What the gate found; empty without a gate.
    forced : bool
        Whether it was accepted though the gate had refused it.

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
    forced: bool = False

    def __str__(self) -> str:
        if self.operation == "remove_alias":
            return f"{self.model}/{self.version} no longer {self.alias}{': ' if self.reason else ''}{self.reason}"
        verdict = "refused" if not self.accepted else "back" if self.operation == "rollback" else "accepted"
        verdict = "forced" if self.forced else verdict
        place = f" in place of {self.model}/{self.previous}" if self.accepted and self.previous else ""
        why = "; ".join(self._objections) if not self.accepted else self.reason
        return f"{self.model}/{self.version} {verdict} as {self.alias}{place}{': ' if why else ''}{why}"

    def __repr__(self) -> str:
        return f"<Decision {self}>"

    def _repr_html_(self) -> str:
        from mlopskit import markup

        rows = [
            {
                "check": each.check,
                "status": each.status,
                "found": markup.escape(each.message),
            }  # whole, with its interval
            for each in self.results
        ]
        verdict = markup.badge("ok" if self.accepted else "fail", "accepted" if self.accepted else "refused")
        said = {"by": self.by, "reason": self.reason, "time": f"{self.time[:19].replace('T', ' ')} UTC"}
        facts = markup.key_values({name: text for name, text in said.items() if text})
        found = markup.table(rows, empty="Decided without a gate.")
        return markup.fragment(markup.paragraph(verdict, " ", str(self)), facts, found)

    @property
    def _objections(self) -> list[str]:
        return [each.message or f"{each.check} {each.status}" for each in self.results if not each.ok]
