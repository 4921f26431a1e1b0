"""`Registry`: numbered versions of models, the aliases that name them, and every decision about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

from mlopskit.errors import NotFoundError
from mlopskit.records.json import to_json
from mlopskit.records.model import Decision, ModelVersion
from mlopskit.records.trial import Trial
from mlopskit.registry import history
from mlopskit.registry.gate import Gate, Verdict
from mlopskit.registry.history import State
from mlopskit.registry.model import Model, environment, load_model
from mlopskit.registry.registration import checked_metrics, checked_params, keep_model, refuse_other_bytes, run_id
from mlopskit.storage.artifacts import Artifacts, artifact_from_json
from mlopskit.storage.commit import Change, this_user
from mlopskit.storage.log import CommitLog
from mlopskit.storage.store import Store, StoreLike, checked_part
from mlopskit.storage.verification import Verification

if TYPE_CHECKING:
    import pandas as pd

AnyVersion = int | str | ModelVersion
"""A number, ``"flight-delays/4"``, ``"flight-delays@champion"``, or what `Registry.register` returned."""


class Registry:
    """Models on a store: registered as numbered versions, named by aliases, and promoted only through a gate.

    Every model has a hash-chained log of commits, below ``registry/<name>`` on the store. A version's files are
    written before the one commit that makes it a version, so that of a killed registration nothing is seen.

    Parameters
    ----------
    store : Store, str, path or None
        As for `Store`.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> import pandas as pd
    >>> X = pd.DataFrame({"distance": [200.0, 1400.0, 2500.0]})
    >>> registry = Registry("memory://docs-registry")
    >>> version = registry.register("flight-delays", LinearRegression().fit(X, [1, 7, 12]), sample=X, by="ana")
    >>> print(registry.promote("flight-delays", version, by="ana"))
    flight-delays/1 accepted as champion
    >>> model = registry.load("flight-delays@champion")
    >>> float(model.predict({"distance": 1400})[0].round(1))
    6.8
    """

    def __init__(self, store: StoreLike = None) -> None:
        self.store = Store.of(store)
        self._artifacts = Artifacts(self.store)
        self._logs: dict[str, CommitLog[State]] = {}

    def register(
        self,
        name: str,
        model: Any,
        *,
        sample: Any = None,
        reference: Any = None,
        run: Any = None,
        metrics: Mapping[str, float] | None = None,
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        description: str = "",
        by: str | None = None,
    ) -> ModelVersion:
        """Keep a fitted model as the next version; 1, 2, 3 with no gap or twin, whoever else registers.

        Writes the model, and where given the first 100 rows of the sample, the predictions for them and the
        reference; then one commit.

        Parameters
        ----------
        name : str
            The model's name: letters, digits, ``.``, ``_`` and ``-``.
        model : object
            Fitted; anything with `predict`.
        sample : DataFrame or 2-D array, optional
            Rows as in training; columns the model was not fitted on, such as the label, are left out. The signature is
            learned from it, and on every load the model must give the same predictions for it again.
        reference : object, optional
            Kept with the version, such as a fitted drift detector.
        run : Run or str, optional
            The tracked run that made the model, or its id.
        metrics, params, tags : mapping, optional
            Numbers, JSON-able values, and texts.
        description : str, default ""
        by : str, optional
            Who registers; default the name of this user.

        Raises
        ------
        InvalidNameError
            If the name can not be part of a path.
        SignatureError
            If the sample does not fit the model.
        SerializationError
            If the model, the reference, a metric or a param can not be kept.
        """
        log = self._log(name)
        facts = {
            "name": name,
            "run": run_id(run),
            "metrics": checked_metrics(metrics),
            "params": checked_params(params),
            "tags": {str(key): str(tag) for key, tag in (tags or {}).items()},
            "description": description,
            **environment(),
        }
        spares = self._artifacts.blobs.spares
        kept = keep_model(model, sample, reference, self._artifacts)
        while not spares(kept):
            kept = keep_model(model, sample, reference, self._artifacts)
        commit = log.commit(lambda _: Change("register", facts | kept), actor=by)
        while not spares(kept):  # garbage was collected just now: what the commit names is kept again
            refuse_other_bytes(kept, keep_model(model, sample, reference, self._artifacts))
        state = log.state()
        return history.version_of(state, name, history.event_of(state, commit)["version"])

    def set_alias(self, name: str, alias: str, version: AnyVersion, *, by: str | None = None) -> Decision:
        """Let an alias name a version, whatever it named before and without a gate.

        Raises
        ------
        NotFoundError
            If there is no such version.
        """
        checked_part(alias, kind="alias")

        def intent(state: State) -> Change | None:
            number = history.number_of(state, name, version)
            arguments = {"alias": alias, "version": number}
            return None if history.target(state, alias) == number else Change("set_alias", arguments)

        return self._decide(name, alias, intent, by)

    def approve(self, name: str, version: AnyVersion, *, by: str | None = None) -> ModelVersion:
        """Record that somebody approves of a version; approving twice changes nothing.

        Raises
        ------
        NotFoundError
            If there is no such version.
        """
        log, by = self._log(name), by or this_user()
        number = history.number_of(log.state(), name, version)

        def intent(state: State) -> Change | None:
            approved = by in history.version_of(state, name, number).approved_by
            return None if approved else Change("approve", {"version": number})

        log.commit(intent, actor=by)
        return history.version_of(log.state(), name, number)

    def promote(
        self,
        name: str,
        version: AnyVersion,
        *,
        to: str = "champion",
        gate: Gate | None = None,
        data: tuple[Any, Any] | None = None,
        groups: Any = None,
        by: str | None = None,
        reason: str = "",
        trust: bool = False,
    ) -> Decision:
        """May this version take the alias? Ask the gate, and record what was decided, also a refusal.

        Parameters
        ----------
        name, version
            The candidate.
        to : str, default "champion"
            The alias it is to take. If it has it already, nothing is asked or written.
        gate : Gate, optional
            Without one the version is accepted as it is.
        data : (DataFrame, Series), optional
            Held-out rows and their labels. Without them the gate has the registered metrics of both versions only.
        groups : Series, optional
            Which rows belong together, such as the day.
        by, reason : str, optional
            Who decides, and why.
        trust : bool, default False
            As for `load`, of the candidate and the champion.

        Returns
        -------
        Decision
            Accepted, or refused with the gate's results.

        Raises
        ------
        ConflictError
            If the alias was moved while the gate looked: the decision would rest on another champion.
        NotFoundError
            If there is no such version.
        """
        log, alias = self._log(name), checked_part(to, kind="alias")
        seen = log.state()
        number = history.number_of(seen, name, version)
        if history.target(seen, alias) == number:
            return history.standing(seen, name, alias)
        verdict = Verdict(())
        if gate is not None:
            verdict = gate.decide(self._trial(seen, name, number, alias, data, groups, trust=trust))
        arguments = {
            "alias": alias,
            "version": number,
            "accepted": verdict.accepted,
            "reason": reason,
            "results": [to_json(result) for result in verdict.results],
        }

        def intent(state: State) -> Change:
            history.refuse_if_moved(state, seen, name, alias)
            return Change("promote", arguments)

        return self._decide(name, alias, intent, by)

    def rollback(self, name: str, alias: str = "champion", *, by: str | None = None, reason: str = "") -> Decision:
        """Give an alias back to the version that had it before; once more goes further back.

        Raises
        ------
        NotFoundError
            If the alias does not exist, or no version had it before.
        ConflictError
            If somebody else moved the alias just now.
        """
        seen = self._log(name).state()
        current = history.number_of(seen, name, f"{name}@{alias}")
        earlier = seen["aliases"][alias]["targets"][:-1]
        if not earlier:
            raise NotFoundError(
                f"{alias} of {name} has named no version before {current} to go back to; use set_alias or promote."
            )

        def intent(state: State) -> Change:
            history.refuse_if_moved(state, seen, name, alias)
            return Change("rollback", {"alias": alias, "version": earlier[-1], "reason": reason})

        return self._decide(name, alias, intent, by)

    def load(self, version: str | ModelVersion, *, trust: bool = False) -> Model:
        """Load a model, verified.

        Parameters
        ----------
        version : str or ModelVersion
            ``"flight-delays@champion"`` or ``"flight-delays/4"``.
        trust : bool, default False
            True consents to running the code that the model brings along; see `mlopskit.storage.consent`.

        Raises
        ------
        NotFoundError
            If there is no such model, version or alias.
        NotTrustedError
            If loading it could run code and nobody trusted has signed it.
        DamagedError
            If its bytes are not what was written, or it no longer gives its registered predictions.

        Warns
        -----
        UserWarning
            If it was registered with another Python or scikit-learn.
        """
        name = history.split(str(version))[0]
        state = self._log(name).state()
        known = history.version_of(state, name, history.number_of(state, name, version))
        return load_model(known, self._artifacts, trust=trust)

    def models(self) -> pd.DataFrame:
        """List the models: name, number of versions, aliases, when the last version came."""
        import pandas as pd

        folders = self.store.list("registry", recursive=False)
        names = [folder.rstrip("/").rpartition("/")[2] for folder in folders]
        rows = [history.summary(self._log(name).state(), name) for name in names]
        frame = pd.DataFrame(rows, columns=["name", "versions", "aliases", "registered"]).set_index("name")
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

    def verify(self, name: str) -> Verification:
        """Read the whole history and every file of every version again; runs nothing of them.

        Where the history itself is broken, the versions can not be believed and only its own problems are reported.

        Returns
        -------
        Verification
            `ok`, and `problems`: a sentence for each.

        Raises
        ------
        NotFoundError
            If there is no such model.
        """
        found = history.open_log(self.store, checked_part(name, kind="model")).verify()
        if not found.ok:
            return found
        return attrs.evolve(found, problems=tuple(self._damage(self._known(name), name)))

    def __repr__(self) -> str:
        return f"Registry({str(self.store)!r})"

    def _log(self, name: str) -> CommitLog[State]:
        checked_part(name, kind="model")
        return self._logs.setdefault(name, history.open_log(self.store, name))

    def _known(self, name: str) -> State:
        state = self._log(name).state()
        history.refuse_unknown(state, name)
        return state

    def _decide(self, name: str, alias: str, intent: Callable[[State], Change | None], by: str | None) -> Decision:
        log = self._log(name)
        commit = log.commit(intent, actor=by)
        state = log.state()
        if commit is None:
            return history.standing(state, name, alias)
        return history.decision_of(name, history.event_of(state, commit))

    def _trial(self, state: State, name: str, number: int, alias: str, data: Any, groups: Any, *, trust: bool) -> Trial:
        """Put the candidate beside the version that has the alias now."""
        candidate = load_model(history.version_of(state, name, number), self._artifacts, trust=trust)
        current, champion = history.target(state, alias), None
        if current is not None:
            champion = load_model(history.version_of(state, name, current), self._artifacts, trust=trust)
        rows, labels = data or (None, None)
        return Trial(
            model=candidate,
            champion=champion,
            X=rows,
            y=labels,
            groups=groups,
            scores=candidate.version.metrics,
            champion_scores=champion.version.metrics if champion else {},
        )

    def _damage(self, state: State, name: str) -> Iterator[str]:
        seen = set()
        for number in range(1, len(state["versions"]) + 1):
            version = history.version_of(state, name, number)
            for part, kept in version.artifacts.items():
                artifact = artifact_from_json(kept)
                if artifact not in seen:
                    seen.add(artifact)
                    yield from (f"the {part} of {version}: {problem}" for problem in self._artifacts.verify(artifact))
