"""Where a version comes from, and what comes from some data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import attrs

from mlopskit.errors import NotFoundError
from mlopskit.records.json import to_json
from mlopskit.records.model import ModelVersion

if TYPE_CHECKING:
    from mlopskit.markup import Markup

_MOST_ANCESTORS = 100


@attrs.frozen(repr=False)
class Lineage:
    """What a version was made from.

    Attributes
    ----------
    version : ModelVersion
        With its run, code, data and steps.
    ancestors : tuple of ModelVersion
        The version it was made from, the one that was made from, and so on.
    """

    version: ModelVersion
    ancestors: tuple[ModelVersion, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return all of it as dicts, lists and scalars."""
        return {"version": _facts(self.version), "ancestors": [_facts(each) for each in self.ancestors]}

    def __repr__(self) -> str:
        parts = [f"{len(self.version.datasets)} datasets", f"{len(self.version.steps)} steps"]
        made = f"from {self.version.parent}, " if self.version.parent else ""
        return f"<Lineage of {self.version}: {made}run {self.version.run or 'unknown'}, {', '.join(parts)}>"

    def _repr_html_(self) -> str:
        from mlopskit import markup

        return markup.fragment(markup.section(f"Lineage of {self.version}", lineage_markup(self)))


def lineage_of(version: ModelVersion, find: Callable[[str], ModelVersion]) -> Lineage:
    """Follow a version's parents as far as they are known."""
    ancestors: list[ModelVersion] = []
    seen = {str(version)}
    parent = version.parent
    while parent and parent not in seen and len(ancestors) < _MOST_ANCESTORS:
        seen.add(parent)
        try:
            ancestors.append(find(parent))
        except NotFoundError:
            break
        parent = ancestors[-1].parent
    return Lineage(version, tuple(ancestors))


def affected(fingerprint: str, versions: Iterable[ModelVersion]) -> Iterator[dict[str, Any]]:
    """Yield the versions that were made from some data, and those that were made from these."""
    versions = list(versions)
    tainted: dict[str, str] = {}
    for version in versions:
        names = [name for name, dataset in version.datasets.items() if dataset.fingerprint == fingerprint]
        if names:
            tainted[str(version)] = ", ".join(names)
    found = True
    while found:
        found = False
        for version in versions:
            if str(version) not in tainted and version.parent in tainted:
                tainted[str(version)], found = version.parent, True
    for version in versions:
        if str(version) in tainted:
            yield {"model": version.name, "version": version.number, "through": tainted[str(version)]}


def lineage_markup(lineage: Lineage) -> Markup:
    """Show what went in: code, data, steps, ancestors."""
    from mlopskit.markup import join, key_values, section, table

    version, code = lineage.version, lineage.version.code
    facts = {"run": version.run, "parent": version.parent}
    if code:
        state = "" if code.dirty is None else "with uncommitted changes" if code.dirty else "as committed"
        facts |= {"commit": f"{code.commit} {state}".strip(), "script": code.script}
    parts: list[Any] = [key_values({name: value for name, value in facts.items() if value})]
    data = [
        {"data": name, "rows": each.rows, "columns": len(each.columns), "fingerprint": each.fingerprint}
        for name, each in version.datasets.items()
    ]
    steps = [
        {
            "step": each.step,
            "status": each.status,
            "seconds": each.seconds,
            "code": each.code[:12],
            "output": each.digest[:12],
        }
        for each in version.steps
    ]
    if data:
        parts.append(section("Data", table(data), level=4))
    if steps:
        parts.append(section("Steps", table(steps), level=4))
    if lineage.ancestors:
        rows = [{"version": str(each), "by": each.by, "registered": each.registered[:16]} for each in lineage.ancestors]
        parts.append(section("Made from", table(rows), level=4))
    return join(parts)


def _facts(version: ModelVersion) -> dict[str, Any]:
    known = to_json(version)
    names = ("name", "number", "registered", "by", "run", "parent", "code", "datasets", "steps", "packages", "python")
    return {name: known[name] for name in names}
