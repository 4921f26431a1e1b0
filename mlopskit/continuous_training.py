"""`ContinuousTraining`: from the news that data has drifted to a decision about a new model, in one call."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import numpy as np
import pandas as pd

from mlopskit.drift.detector import DriftDetector
from mlopskit.errors import FingerprintError, MlopskitError, NotFoundError, PipelineError, ValidationError
from mlopskit.pipeline import Pipeline, Result
from mlopskit.records.drift import DriftReport
from mlopskit.records.model import Decision, ModelVersion
from mlopskit.records.trial import Trial
from mlopskit.registry import history
from mlopskit.registry.gate import Gate, Verdict
from mlopskit.registry.registry import Registry
from mlopskit.storage.canonical_json import can_encode
from mlopskit.storage.fingerprint import fingerprint

RESERVED = ("if_drifted", "by")
"""What `ContinuousTraining.run` takes itself, so that no step can have a parameter of that name."""

SPLIT = "split"
"""The step that is asked for training and held-out rows unless others are named."""


@attrs.frozen(repr=False)
class TrainingOutcome:
    """What came of one call.

    Attributes
    ----------
    retrained : bool
        Whether the pipeline was run, even if all of it came from the cache.
    reason : str
        Why, or why not.
    version : ModelVersion or None
        The version that the model is, new or known before; None if not retrained.
    decision : Decision or None
        Whether the alias was given to it.
    result : Result or None
        All that the pipeline gave.

    Examples
    --------
    >>> print(TrainingOutcome(retrained=False, reason="no drift"))
    not retrained: no drift
    """

    retrained: bool
    reason: str
    version: ModelVersion | None = None
    decision: Decision | None = None
    result: Result | None = attrs.field(default=None, eq=False)

    def __str__(self) -> str:
        return f"retrained: {self.decision}" if self.retrained else f"not retrained: {self.reason}"

    def __repr__(self) -> str:
        return f"<TrainingOutcome {self}>"


class ContinuousTraining:
    """Retrain, compare with the champion, decide, and put all of it on record.

    A call may be repeated at any time, also after it was killed halfway:

    - A model whose content equals that of the newest version, or of the alias's, is that version and is not
      registered again.
    - A refusal is recorded again only if the gate finds anything else than it did, or another champion.
    - An alias that was taken from a version, such as by a rollback, is not given back to it; promote it by hand.

    Two calls that train the same model at the same moment may both register it.

    Parameters
    ----------
    pipeline : Pipeline
        Its step `model` gives a fitted model.
    registry : Registry
    name : str
        The model's name in the registry.
    gate : Gate
        What a model must show before it takes the alias.
    model, scores : str, default "model" and "scores"
        The steps that give the model and a dict of its scores, which become the version's metrics.
    held_out : str, optional
        A step that gives the rows to compare models on; default ``"test"`` of what the step ``"split"`` gives.
    target : str, optional
        The column of labels. With it the gate gets the held-out rows, and the training rows if they have labels too.
        Without, the champion is put in place of the step `model` and scored by the very code, on the very rows, that
        scored the new model.
    groups : str, optional
        A column of the held-out rows that says which belong together, such as the day.
    sample : str, optional
        A step that gives the training rows; default ``"train"`` of what the step ``"split"`` gives. The signature,
        the smoke test and the drift reference of the version come from them; without, it has none of these. With
        `target`, checks of leakage, overfit and drift can stand in the gate.
    alias : str, default "champion"
        What the model is to become.

    Raises
    ------
    PipelineError
        If the pipeline has no step of a given name, or a step takes a parameter that `run` takes itself.
    ValueError
        If `held_out` or `groups` are given without `target`.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from mlopskit.registry.gate import Gate
    >>> def split(rows):
    ...     frame = pd.DataFrame({"hour": range(rows), "late": [hour > rows / 2 for hour in range(rows)]})
    ...     return {"train": frame[::2], "test": frame[1::2]}
    >>> def model(split): return LogisticRegression().fit(split["train"][["hour"]], split["train"]["late"])
    >>> def scores(model, split): return {"accuracy": model.score(split["test"][["hour"]], split["test"]["late"])}
    >>> def is_good(trial): return trial.scores["accuracy"] > 0.8
    >>> store = "memory://docs-continuous-training"
    >>> pipeline = Pipeline([split, model, scores], store=store)
    >>> training = ContinuousTraining(pipeline, Registry(store), "flight-delays", gate=Gate([is_good]))
    >>> print(training.run(rows=100))
    retrained: flight-delays/1 accepted as champion
    """

    def __init__(
        self,
        pipeline: Pipeline,
        registry: Registry,
        name: str,
        *,
        gate: Gate,
        model: str = "model",
        scores: str = "scores",
        held_out: str | None = None,
        target: str | None = None,
        groups: str | None = None,
        sample: str | None = None,
        alias: str = "champion",
    ) -> None:
        _check_steps(pipeline, [step for step in (model, scores, held_out, sample) if step is not None])
        if target is None and (held_out or groups):
            raise ValueError("held_out and groups describe rows with labels; say with target= which column those are")
        self.pipeline = pipeline
        self.registry = registry
        self.name = name
        self.gate = gate
        self.alias = alias
        self._model, self._scores = model, scores
        self._held_out, self._sample = held_out, sample
        self._target, self._groups = target, groups

    def run(self, *, if_drifted: DriftReport | None = None, by: str | None = None, **params: Any) -> TrainingOutcome:
        """Retrain, register and decide, unless nothing has drifted.

        Parameters
        ----------
        if_drifted : DriftReport, optional
            Do nothing unless it says that data has drifted.
        by : str, optional
            Who asks; default the name of this user.
        **params
            Of the pipeline. Those that JSON can keep, and paths, are recorded with the version.

        Returns
        -------
        TrainingOutcome

        Raises
        ------
        PipelineError
            If a step fails; nothing is registered. Also if the champion can not be scored by the step `scores`.
        ValidationError
            If there are no held-out rows, or they lack the column of labels or of groups.
        SignatureError
            If the training rows do not fit the model.
        ConflictError
            If somebody moved the alias meanwhile; run it again.
        """
        if if_drifted is not None and not if_drifted.drifted:
            return TrainingOutcome(retrained=False, reason="no drift")
        result = self.pipeline.run(**params)
        evidence = self._evidence(result)
        version = self._known_version(result[self._model]) or self._register(result, params, by)
        reason = if_drifted.summary() if if_drifted is not None else ""
        decision = self._decide(version, self._scored_alike(result, params), evidence, by=by, reason=reason)
        return TrainingOutcome(True, reason or "asked for", version, decision, result)

    def __repr__(self) -> str:
        return f"<ContinuousTraining {self.name}@{self.alias}: {self.pipeline!r}, {self.gate!r}>"

    def _known_version(self, model: Any) -> ModelVersion | None:
        """Find the model among those it most likely is: the newest version and the alias's."""
        try:
            newest = f"{self.name}/{self.registry.versions(self.name).index[-1]}"
            content = fingerprint(model)
        except (NotFoundError, FingerprintError):
            return None
        for reference in (newest, f"{self.name}@{self.alias}"):
            try:
                known = self.registry.load(reference)
                if fingerprint(known.estimator) == content:
                    return known.version
            except MlopskitError:  # gone, damaged or not trusted: not a version to build on
                continue
        return None

    def _register(self, result: Result, params: Mapping[str, Any], by: str | None) -> ModelVersion:
        model, rows = result[self._model], self._rows(result, self._sample, "train")
        features = None if rows is None else self._features(model, rows)
        return self.registry.register(
            self.name,
            model,
            sample=features,
            reference=None if features is None else DriftDetector().fit(features),
            run=result.run,
            metrics=result[self._scores],
            params=_recordable(params),
            by=by,
        )

    def _decide(
        self, version: ModelVersion, scored_alike: Callable[[Trial], Trial], evidence: Mapping[str, Any], **why: Any
    ) -> Decision:
        last = _last_word(self.registry, version, self.alias)
        if last is not None and (last.version != version.number or last.operation == "remove_alias"):
            return last
        gate = _Examination(self.gate, last, scored_alike)
        try:
            return self.registry.promote(self.name, version, to=self.alias, gate=gate, **evidence, **why)
        except _SameRefusal as repeated:
            return repeated.decision

    def _features(self, model: Any, rows: pd.DataFrame) -> pd.DataFrame:
        """Reduce rows to what the model was fitted on; one that does not know gets all but labels and groups."""
        others = (self._target, self._groups)
        fitted = getattr(model, "feature_names_in_", [column for column in rows.columns if column not in others])
        return rows[[column for column in fitted if column in rows.columns]]  # registering names those that lack

    def _evidence(self, result: Result) -> dict[str, Any]:
        """Give the rows that the gate may look at; each model takes its own columns of them."""
        if self._target is None:
            return {}
        rows = self._rows(result, self._held_out, "test")
        if rows is None:
            raise ValidationError(
                f"No step {SPLIT!r} gives a dict with a DataFrame 'test'; name the step with such rows by held_out=."
            )
        lacking = [column for column in (self._target, self._groups) if column and column not in rows]
        if lacking:
            raise ValidationError(f"The held-out rows have no column {', '.join(lacking)}; see target= and groups=.")
        seen = self._rows(result, self._sample, "train")
        return {
            "data": _labelled(rows, self._target),
            "train": None if seen is None or self._target not in seen else _labelled(seen, self._target),
            "groups": rows[self._groups] if self._groups else None,
        }

    def _rows(self, result: Result, step: str | None, part: str) -> pd.DataFrame | None:
        if step is not None:
            rows = result[step]
            if not isinstance(rows, pd.DataFrame):
                raise ValidationError(f"The step {step!r} gave a {type(rows).__name__}; rows are a DataFrame.")
            return rows
        if SPLIT not in result or not isinstance(result[SPLIT], Mapping):
            return None
        rows = result[SPLIT].get(part)
        return rows if isinstance(rows, pd.DataFrame) else None

    def _scored_alike(self, result: Result, params: Mapping[str, Any]) -> Callable[[Trial], Trial]:
        """Return what gives a trial the scores of both models by the step `scores`, unless there are labelled rows."""

        def scored(trial: Trial) -> Trial:
            if trial.champion is None or self._target is not None:
                return trial
            given = {step: result[step] for step in self._beside_the_model()}
            given[self._model] = trial.champion.estimator
            again = self.pipeline.run(self._scores, given=given, **params)
            return attrs.evolve(trial, scores=result[self._scores], champion_scores=again[self._scores])

        return scored

    def _beside_the_model(self) -> set[str]:
        """Name the outputs that meet the model on the way to the scores."""
        graph, after, beside = self.pipeline.graph, {self._model}, set[str]()
        for step in graph.steps.values():  # in an order in which each comes after what it needs
            needed = set(graph.needs[step.name].values())
            if needed & after:
                after |= set(step.results)
                beside |= needed
        return beside - after


def _labelled(rows: pd.DataFrame, target: str) -> tuple[pd.DataFrame, pd.Series]:
    return rows.drop(columns=target), rows[target]


class _SameRefusal(Exception):  # noqa: N818 - never leaves this module
    """The gate finds what it found before, about the same two models."""

    def __init__(self, decision: Decision) -> None:
        self.decision = decision


class _Examination(Gate):
    """A gate that sees both models scored alike, and does not let the registry record the same refusal twice."""

    def __init__(self, gate: Gate, last: Decision | None, scored_alike: Callable[[Trial], Trial]) -> None:
        super().__init__(gate.checks)
        self._last = last
        self._scored_alike = scored_alike

    def decide(self, trial: Trial) -> Verdict:
        verdict = super().decide(self._scored_alike(trial))
        champion = trial.champion.version.number if trial.champion is not None else None
        last = self._last
        if last and not verdict.accepted and (last.results, last.previous) == (verdict.results, champion):
            raise _SameRefusal(last)
        return verdict


def _last_word(registry: Registry, version: ModelVersion, alias: str) -> Decision | None:
    """Return the last decision that gave the alias to the version, refused it, or took it away again."""
    events = history.open_log(registry.store, version.name).state()["history"]
    for event in reversed(events):
        taken_away = event["accepted"] and event["previous"] == version.number
        if event["alias"] == alias and (event["version"] == version.number or taken_away):
            return history.decision_of(version.name, event)
    return None


def _check_steps(pipeline: Pipeline, names: list[str]) -> None:
    steps, parameters = pipeline.graph.steps, pipeline.graph.parameters
    for name in names:
        if name not in steps and name not in pipeline.graph.owners:
            raise PipelineError(
                f"The pipeline has no step {name!r}; it has {', '.join(steps)}. Say which one is meant."
            )
    for name in RESERVED:
        if name in parameters:
            raise PipelineError(f"Step {parameters[name][0]!r} takes {name!r}, as does run itself; rename it.")


def _recordable(params: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: _plain(value) for name, value in params.items()}
    return {name: value for name, value in plain.items() if can_encode(value)}


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    return os.fspath(value) if isinstance(value, os.PathLike) else value
