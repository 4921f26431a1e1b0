"""`RecordedModels`: what a store knows about its models; read only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from mlopskit.records.model import ModelVersion
from mlopskit.registry import history
from mlopskit.registry.card import Card
from mlopskit.registry.history import State
from mlopskit.registry.lineage import Lineage, affected, lineage_of
from mlopskit.registry.provenance import dataset_of
from mlopskit.storage.artifacts import Artifacts, artifact_from_json
from mlopskit.storage.commit import Head
from mlopskit.storage.log import CommitLog
from mlopskit.storage.store import Store, StoreLike, checked_part
from mlopskit.storage.verification import Verification

if TYPE_CHECKING:
    import pandas as pd

AnyVersion = int | str | ModelVersion
"""A number, ``"flight-delays/4"``, ``"flight-delays@champion"``, or what `Registry.register` returned."""


class RecordedModels:
    """Versions, aliases, decisions and where all of it came from; `Registry` is one that also writes.

    Parameters
    ----------
    store : Store, str, path or None
        As for `Store`.
    """

    def __init__(self, store: StoreLike = None) -> None:
        self.store = Store.of(store)
        self._artifacts = Artifacts(self.store)
        self._logs: dict[str, CommitLog[State]] = {}

    def version(self, version: str | ModelVersion) -> ModelVersion:
        """Say all that is known about a version.

        Parameters
        ----------
        version : str or ModelVersion
            ``"flight-delays@champion"`` or ``"flight-delays/4"``.

        Raises
        ------
        NotFoundError
            If there is no such model, version or alias.
        """
        name = history.split(str(version))[0]
        state = self._log(name).state()
        return history.version_of(state, name, history.number_of(state, name, version))

    def card(self, version: str | ModelVersion) -> Card:
        """What should one know about this version before using it? A notebook shows it; `markdown` and `html` are text.

        Raises
        ------
        NotFoundError
            If there is no such version.
        """
        known = self.version(version)
        state = self._log(known.name).state()
        decisions = [
            history.decision_of(known.name, event)
            for event in state["history"]
            if event["version"] == known.number and event["alias"]
        ]
        return Card(known, tuple(history.aliases_of(state, known.number)), tuple(decisions))

    def lineage(self, version: str | ModelVersion) -> Lineage:
        """What was this version made from? Its run, code, data, pipeline steps and the versions it came from.

        Raises
        ------
        NotFoundError
            If there is no such version.
        """
        return lineage_of(self.version(version), self.version)

    def impact(self, data: str | pd.DataFrame) -> pd.DataFrame:
        """Which versions were made from this data, or from a version that was? Of all models on the store.

        Parameters
        ----------
        data : str or DataFrame
            A fingerprint, or the data itself.

        Returns
        -------
        DataFrame
            One row a version: ``model``, ``version``, ``through`` (name of the data, or the parent) and ``aliases``.
        """
        import pandas as pd

        wanted = dataset_of(data).fingerprint
        states = {name: self._log(name).state() for name in self._names()}
        versions = (
            history.version_of(state, name, number)
            for name, state in states.items()
            for number in range(1, len(state["versions"]) + 1)
        )
        rows = [
            row | {"aliases": ", ".join(history.aliases_of(states[row["model"]], row["version"]))}
            for row in affected(wanted, versions)
        ]
        return pd.DataFrame(rows, columns=["model", "version", "through", "aliases"])

    def evidence(self, version: str | ModelVersion, path: str | os.PathLike[str]) -> Path:
        """Write one ZIP file with all that is on record about a version, for those who must check it.

        It has the card, lineage, evaluations and decisions, approvals, the model's whole history and its commits, what
        `verify` found, the packages, a sha256 of each file, and a table of what may be evidence for which article of
        the EU AI Act or function of the NIST AI RMF. The same record gives the same bytes.

        Parameters
        ----------
        version : str or ModelVersion
        path : str or path
            A file that does not exist yet.

        Raises
        ------
        FileExistsError
            If there is something already.
        NotFoundError
            If there is no such version.
        """
        from mlopskit.registry.evidence import write_evidence

        card, lineage = self.card(version), self.lineage(version)
        log = self._log(card.version.name)
        names = self.store.list(f"{log.folder}/log")
        commits = {name.rpartition("/")[2]: data for name, data in self.store.read_many(names).items()}
        verification = self.verify(card.version.name)
        return write_evidence(Path(path), card, lineage, verification, commits, log.state()["history"])

    def head(self, name: str) -> Head:
        """Return number and digest of a model's last commit; publish it elsewhere, and `verify` against it later.

        Raises
        ------
        NotFoundError
            If there is no such model.
        """
        self._known(name)
        return self._log(name).head()

    def models(self) -> pd.DataFrame:
        """List what is registered: name, kind, number of versions, aliases, when the last version came."""
        import pandas as pd

        rows = [history.summary(self._log(name).state(), name) for name in self._names()]
        frame = pd.DataFrame(rows, columns=["name", "kind", "versions", "aliases", "registered"]).set_index("name")
        return frame.assign(registered=pd.to_datetime(frame["registered"], utc=True, format="ISO8601"))

    def versions(self, name: str) -> pd.DataFrame:
        """List a model's versions, with a column for each metric, param and tag.

        Raises
        ------
        NotFoundError
            If there is no such model.
        """
        return history.versions_frame(self._known(name), name)

    def history(self, name: str) -> pd.DataFrame:
        """List everything that happened to a model, in order: who did what, when, why, and what the gate found.

        Raises
        ------
        NotFoundError
            If there is no such model.
        """
        return history.history_frame(self._known(name))

    def champion_at(self, name: str, alias: str, time: str | datetime) -> ModelVersion | None:
        """Say which version an alias named at some time; None if it named none yet.

        Parameters
        ----------
        name, alias : str
        time : str or datetime
            ISO 8601, such as ``"2026-03-01T12:00Z"``; without a time zone it is UTC.

        Raises
        ------
        NotFoundError
            If there is no such model.
        """
        state = self._known(name)
        number = history.target_at(state, alias, time)
        return None if number is None else history.version_of(state, name, number)

    def verify(self, name: str, *, head: Head | None = None) -> Verification:
        """Read the whole history and every file of every version again; runs nothing of them.

        Where the history itself is broken, the versions can not be believed and only its own problems are reported.

        Parameters
        ----------
        name : str
        head : Head, optional
            What `head` returned before: whether it is still part of the history shows whether its end was cut off.

        Returns
        -------
        Verification
            `ok`, and `problems`: a sentence for each.

        Raises
        ------
        NotFoundError
            If there is no such model.
        """
        found = history.open_log(self.store, checked_part(name, kind="model")).verify(head)
        if not found.ok:
            return found
        return attrs.evolve(found, problems=tuple(self._damage(self._known(name), name)))

    def __repr__(self) -> str:
        return f"Registry({str(self.store)!r})"

    def _repr_html_(self) -> str:
        from mlopskit.markup import fragment, section, table

        rows = [history.summary(self._log(name).state(), name) for name in self._names()]
        shown = [row | {"registered": (row["registered"] or "")[:16].replace("T", " ")} for row in rows]
        return fragment(section(f"Registry in {self.store}", table(shown, empty="Nothing is registered yet."), level=3))

    def _names(self) -> list[str]:
        folders = self.store.list("registry", recursive=False)
        return [folder.rstrip("/").rpartition("/")[2] for folder in folders]

    def _reference(self, name: str, version: AnyVersion) -> str:
        return f"{name}/{history.number_of(self._log(name).state(), name, version)}"

    def _log(self, name: str) -> CommitLog[State]:
        checked_part(name, kind="model")
        return self._logs.setdefault(name, history.open_log(self.store, name))

    def _known(self, name: str) -> State:
        state = self._log(name).state()
        history.refuse_unknown(state, name)
        return state

    def _damage(self, state: State, name: str) -> Iterator[str]:
        seen = set()
        for number in range(1, len(state["versions"]) + 1):
            version = history.version_of(state, name, number)
            for part, kept in version.artifacts.items():
                artifact = artifact_from_json(kept)
                if artifact not in seen:
                    seen.add(artifact)
                    yield from (f"the {part} of {version}: {problem}" for problem in self._artifacts.verify(artifact))
