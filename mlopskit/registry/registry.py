"""`Registry`: numbered versions of models, the aliases that name them, and every decision about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from mlopskit.errors import ConflictError, NotFoundError
from mlopskit.records.json import to_json
from mlopskit.records.model import CARD_SECTIONS, Decision, ModelVersion
from mlopskit.records.report import CheckResult
from mlopskit.records.trial import Trial
from mlopskit.registry import history
from mlopskit.registry.gate import Gate, Verdict
from mlopskit.registry.history import State
from mlopskit.registry.model import Model, load_model, load_value
from mlopskit.registry.provenance import dataset_of, provenance, warn_of_local_classes
from mlopskit.registry.recorded import AnyVersion, RecordedModels
from mlopskit.registry.registration import checked_metrics, checked_params, keep_model, refuse_other_bytes
from mlopskit.storage.commit import Change, this_user
from mlopskit.storage.store import StoreLike, checked_part


class Registry(RecordedModels):
    """Models on a store: registered as numbered versions, named by aliases, and promoted only through a gate.

    Every model has a hash-chained log of commits, below ``registry/<name>`` on the store. A version's files are
    written before the one commit that makes it a version, so that of a killed registration nothing is seen.

    Parameters
    ----------
    store : Store, str, path or None
        As for `Store`.
    serializer : str, optional
        How models are kept unless `register` says otherwise: ``"skops"`` refuses whatever would need consent to load.

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

    def __init__(self, store: StoreLike = None, *, serializer: str | None = None) -> None:
        super().__init__(store)
        self.serializer = serializer

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
        data: Mapping[str, Any] | None = None,
        parent: str | ModelVersion | None = None,
        kind: str = "model",
        serializer: str | None = None,
        by: str | None = None,
    ) -> ModelVersion:
        """Keep a fitted model as the next version; 1, 2, 3 with no gap or twin, whoever else registers.

        Writes the model, and where given the first 100 rows of the sample, the predictions for them and the
        reference; then one commit. A version with the very same bytes as one before says so in `same_as`.

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
            The tracked run that made the model, or its id. A Run brings its code, data and steps along.
        metrics, params, tags : mapping, optional
            Numbers, JSON-able values, and texts.
        description : str, default ""
        data : mapping of str to DataFrame, Dataset or str, optional
            What the model was made from, by name: frames are identified by their content, and not kept; a text
            is a fingerprint.
        parent : str or ModelVersion, optional
            The version that it was made from, such as ``"flight-delays/3"``.
        kind : str, default "model"
            What it is. Anything but a model, such as a ``"dataset"``, is kept the same way and loads as it was.
        serializer : str, optional
            How to keep it; default what the registry was opened with, else by type. With ``"skops"`` a model of
            scikit-learn loads without consent, if skops can represent it; else it is refused.
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
        ConflictError
            If the versions before are of another kind.
        NotFoundError
            If there is no such parent.

        Warns
        -----
        UserWarning
            If a part of the model is of a class that other programs can not import.
        """
        log, kind, serializer = self._log(name), checked_part(kind, kind="kind"), serializer or self.serializer
        warn_of_local_classes(model)
        if kind == "dataset":
            data = {name: dataset_of(model), **(data or {})}
        facts = {
            "name": name,
            "kind": kind,
            "parent": str(self.version(parent)) if parent else "",
            "metrics": checked_metrics(metrics),
            "params": checked_params(params),
            "tags": {str(key): str(tag) for key, tag in (tags or {}).items()},
            "description": description,
            **provenance(run, data),
        }
        history.refuse_other_kind(log.state(), name, kind)
        spares = self._artifacts.blobs.spares
        kept = keep_model(model, sample, reference, self._artifacts, serializer)
        while not spares(kept):  # asked before the commit as well, so that hardly ever one names what is gone
            kept = keep_model(model, sample, reference, self._artifacts, serializer)

        def intent(state: State) -> Change:
            history.refuse_other_kind(state, name, kind)
            return Change("register", facts | kept)

        commit = log.commit(intent, actor=by)
        while not spares(kept):  # garbage was collected just now: what the commit names is kept again
            refuse_other_bytes(kept, keep_model(model, sample, reference, self._artifacts, serializer))
        state = log.state()
        return history.version_of(state, name, history.event_of(state, commit)["version"])

    def set_alias(
        self, name: str, alias: str, version: AnyVersion, *, by: str | None = None, reason: str = ""
    ) -> Decision:
        """Let an alias name a version, whatever it named before and without a gate.

        Raises
        ------
        NotFoundError
            If there is no such version.
        ConflictError
            If the version was deleted.
        """
        checked_part(alias, kind="alias")

        def intent(state: State) -> Change | None:
            number = history.number_of(state, name, version)
            history.refuse_deleted(state, name, number)
            arguments = {"alias": alias, "version": number, "reason": reason}
            return None if history.target(state, alias) == number else Change("set_alias", arguments)

        return self._decide(name, alias, intent, by)

    def remove_alias(self, name: str, alias: str, *, by: str | None = None, reason: str = "") -> Decision:
        """Let an alias name nothing any more; what it named stays in the history, and `rollback` begins anew.

        Raises
        ------
        NotFoundError
            If there is no such alias.
        """

        def intent(state: State) -> Change:
            number = history.number_of(state, name, f"{name}@{alias}")
            return Change("remove_alias", {"alias": alias, "version": number, "reason": reason})

        return self._decide(name, alias, intent, by)

    def describe(
        self,
        name: str,
        version: AnyVersion,
        *,
        by: str | None = None,
        tags: Mapping[str, str] | None = None,
        **words: str,
    ) -> ModelVersion:
        """Write about a version, in place of what was written before; the version itself never changes.

        Parameters
        ----------
        name, version
            Which one.
        by : str, optional
            Who writes.
        tags : mapping of str to str, optional
            Tags to add or overwrite.
        **words : str
            Sections of its card: ``description``, ``intended_use``, ``out_of_scope``, ``limitations``, ``owner``.

        Raises
        ------
        NotFoundError
            If there is no such version.
        TypeError
            If the card has no such section.
        """
        if unknown := sorted(words.keys() - CARD_SECTIONS.keys()):
            raise TypeError(f"A card has no section {unknown[0]!r}; it has {', '.join(CARD_SECTIONS)}.")
        written = {section: str(text) for section, text in words.items()}
        marks = {str(key): str(tag) for key, tag in (tags or {}).items()}
        for operation, what, field in (("describe", written, "written"), ("set_tags", marks, "tags")):
            if what:
                self._change(name, version, operation, {field: what}, by)
        return self.version(self._reference(name, version))

    def delete_version(
        self, name: str, version: AnyVersion, *, by: str | None = None, reason: str = ""
    ) -> ModelVersion:
        """Take a version out of use for good: it can not be loaded, promoted or rolled back to, and stays on record.

        Its number is never used again. Its files stay, as evidence.

        Raises
        ------
        NotFoundError
            If there is no such version.
        ConflictError
            If an alias names it; or if it was deleted already.
        """

        def refuse(state: State, number: int) -> None:
            history.refuse_deleted(state, name, number)
            if aliases := history.aliases_of(state, number):
                raise ConflictError(f"{name}/{number} is {', '.join(aliases)}; give that to another version first.")

        self._change(name, version, "delete", {"reason": reason}, by, refuse)
        return self.version(self._reference(name, version))

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
            history.refuse_deleted(state, name, number)
            approved = by in state["versions"][number - 1]["approved_by"]
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
        train: tuple[Any, Any] | None = None,
        groups: Any = None,
        by: str | None = None,
        reason: str = "",
        force: bool = False,
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
        train : (DataFrame, Series), optional
            The rows that the candidate was fitted on, and their labels; checks of leakage, overfit and drift need them.
        groups : Series, optional
            Which rows belong together, such as the day.
        by, reason : str, optional
            Who decides, and why.
        force : bool, default False
            True accepts the version also if the gate refuses it; that, and the reason, are on record.
        trust : bool, default False
            As for `load`, of the candidate and the champion.

        Returns
        -------
        Decision
            Accepted, or refused with the gate's results.

        Raises
        ------
        ConflictError
            If the alias was moved while the gate looked: the decision would rest on another champion. If the version
            was deleted.
        NotFoundError
            If there is no such version.
        ValueError
            If it is forced without a reason.
        """
        if force and not reason.strip():
            raise ValueError("A promotion is forced for a reason; say it with reason=, it goes on record.")
        log, alias = self._log(name), checked_part(to, kind="alias")
        seen = log.state()
        number = history.number_of(seen, name, version)
        history.refuse_deleted(seen, name, number)
        if history.target(seen, alias) == number:
            return history.standing(seen, name, alias)
        verdict = Verdict(())
        if gate is not None:
            trial = self._trial(seen, name, number, alias, data, groups, trust=trust)
            verdict = gate.decide(attrs.evolve(trial, train=train))
        arguments = {
            "alias": alias,
            "version": number,
            "accepted": verdict.accepted or force,
            "forced": force and not verdict.accepted,
            "reason": reason,
            "results": [to_json(result) for result in verdict.results],
        }

        def intent(state: State) -> Change:
            history.refuse_if_moved(state, seen, name, alias)
            history.refuse_deleted(state, name, number)
            return Change("promote", arguments)

        return self._decide(name, alias, intent, by)

    def rollback(self, name: str, alias: str = "champion", *, by: str | None = None, reason: str = "") -> Decision:
        """Give an alias back to the version that had it before; once more goes further back.

        Raises
        ------
        NotFoundError
            If the alias does not exist, or no version had it before.
        ConflictError
            If somebody else moved the alias, or deleted the version, just now.
        """
        seen = self._log(name).state()
        current = history.number_of(seen, name, f"{name}@{alias}")
        earlier = history.before(seen, alias)
        if earlier is None:
            raise NotFoundError(
                f"{alias} of {name} has named no version before {current} to go back to; use set_alias or promote."
            )

        def intent(state: State) -> Change:
            history.refuse_if_moved(state, seen, name, alias)
            history.refuse_deleted(state, name, earlier)
            return Change("rollback", {"alias": alias, "version": earlier, "reason": reason})

        return self._decide(name, alias, intent, by)

    def load(self, version: str | ModelVersion, *, trust: bool = False) -> Model:
        """Load a model, verified; what was registered as another kind comes back as it was.

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
        known = self.version(version)
        if known.deleted:
            raise ConflictError(f"{known} was deleted on {known.deleted[:10]} and can not be loaded; choose another.")
        if known.kind != "model":
            return load_value(known, self._artifacts, trust=trust)  # type: ignore[no-any-return]
        return load_model(known, self._artifacts, trust=trust)

    def check_loading(self, version: str | ModelVersion, *, trust: bool = False) -> CheckResult:
        """Would this version load elsewhere? Loads it in a clean process: ``python -I``, in an empty folder.

        Returns
        -------
        CheckResult
            *Passed* if it loads, gives the predictions it was registered with and refuses input that does not fit its
            signature; else the message says why not, and names a module that is missing.

        Raises
        ------
        NotFoundError
            If there is no such version.
        """
        from mlopskit.registry.loading_check import check_loading

        return check_loading(self.store, str(self.version(version)), trust=trust)

    def _change(
        self,
        name: str,
        version: AnyVersion,
        operation: str,
        arguments: dict[str, Any],
        by: str | None,
        refuse: Callable[[State, int], None] = lambda _state, _number: None,
    ) -> None:
        """Commit something about a version, unless `refuse` raises."""

        def intent(state: State) -> Change:
            number = history.number_of(state, name, version)
            refuse(state, number)
            return Change(operation, {"version": number, **arguments})

        self._log(name).commit(intent, actor=by)

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
            version=candidate.version,
        )
