"""One file with all that was recorded about a version, for those who must be able to check it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlopskit.records.json import to_json
from mlopskit.registry.card import Card
from mlopskit.registry.lineage import Lineage
from mlopskit.storage.archive import new_archive
from mlopskit.storage.verification import Verification

_EVIDENCE_FOR = """\
# What this is evidence for

This table says which record may serve as evidence for which requirement. It is no claim that the requirement is met:
that is for people to judge, who know the use of the model.

| requirement | record |
| --- | --- |
| EU AI Act, Article 11 and Annex IV: technical documentation | `card.md`, `lineage.json`, `version.json` |
| EU AI Act, Article 12: record-keeping | `history.json`, `log/`, `verification.json` |
| EU AI Act, Article 14: human oversight | `decisions.json`, `approvals.json`, the intended use in `card.md` |
| NIST AI RMF, Govern: roles and accountability | `history.json`, `approvals.json`, the owner in `card.md` |
| NIST AI RMF, Map: context and limits | the sections on use and limitations of `card.md` |
| NIST AI RMF, Measure: evaluation | `decisions.json`, the metrics in `version.json` |
| NIST AI RMF, Manage: decisions and rollback | `decisions.json`, `history.json` |

Each file's sha256 is in `SHA256SUMS`. The files below `log/` are the commits as they lie on the store: each carries the
sha256 of the one before it, so that a change to any but the last shows. Whether the last ones are still there is told
by comparing `verification.json` with a head that was published before.
"""


def write_evidence(
    path: Path, card: Card, lineage: Lineage, verification: Verification, log: Mapping[str, bytes], history: Any
) -> Path:
    """Write everything into one ZIP file; see `Registry.evidence`."""
    files = _files(card, lineage, verification, history) | {f"log/{name}": data for name, data in log.items()}
    sums = [f"{hashlib.sha256(data).hexdigest()}  {name}" for name, data in sorted(files.items())]
    with new_archive(path) as archive:
        for name, data in sorted(files.items()):
            archive.add(name, data)
        archive.add("SHA256SUMS", ("\n".join(sums) + "\n").encode())
    return path


def _files(card: Card, lineage: Lineage, verification: Verification, history: Any) -> dict[str, bytes]:
    version = card.version
    decisions = [to_json(decision) for decision in card.decisions]
    head = {"number": verification.head.number, "digest": verification.head.digest}
    approvals = [event for event in history if (event["operation"], event["version"]) == ("approve", version.number)]
    return {
        "README.md": _EVIDENCE_FOR.encode(),
        "card.md": card.markdown.encode(),
        "card.html": card.html.encode(),
        "version.json": _json(to_json(version)),
        "lineage.json": _json(lineage.to_json()),
        "decisions.json": _json(decisions),
        "approvals.json": _json([{"by": event["by"], "time": event["time"]} for event in approvals]),
        "history.json": _json(history),
        "verification.json": _json({"ok": verification.ok, "problems": list(verification.problems), "head": head}),
        "requirements.txt": _requirements(version.packages).encode(),
    }


def _requirements(packages: Mapping[str, str]) -> str:
    return "".join(f"{name}=={number}\n" for name, number in sorted(packages.items()))


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False).encode() + b"\n"
