import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from mlopskit.continuous_training import ContinuousTraining, TrainingOutcome
from mlopskit.drift.detector import DriftDetector
from mlopskit.errors import ConflictError, NotFoundError, PipelineError, SignatureError, ValidationError
from mlopskit.pipeline import Pipeline, Step
from mlopskit.registry.gate import Gate
from mlopskit.registry.registry import Registry
from mlopskit.storage.store import Store
from mlopskit.tracking.tracker import Tracker
from mlopskit.validation.checks import (
    BetterThanChampion,
    MaxOverfit,
    NoDuplicatesAcross,
    NoGroupLeakage,
    NoTimeLeakage,
    StablePredictions,
)

NAME = "flight-delays"


def flights(month):
    draw = np.random.default_rng(month)
    frame = pd.DataFrame({"distance": draw.normal(size=400), "hour": draw.normal(size=400)})
    late = (frame["distance"] + frame["hour"] + draw.normal(size=400) > 0).astype(int)
    return frame.assign(day=np.repeat(np.arange(20), 20), late=late)


def split(flights):
    return {"train": flights.iloc[:200], "test": flights.iloc[200:]}


def model(split, columns=("distance",)):
    train = split["train"]
    return LogisticRegression().fit(train[list(columns)], train["late"])


def scores(model, split):
    test = split["test"]
    return {"roc_auc": float(roc_auc_score(test["late"], model.predict_proba(test[model.feature_names_in_])[:, 1]))}


STEPS = (flights, split, model, scores)
BETTER = (BetterThanChampion("roc_auc"),)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def registry(store):
    return Registry(store)


@pytest.fixture
def training(store, registry):
    return make(store, registry)


def make(store, registry, *, steps=STEPS, checks=BETTER, **options):
    return ContinuousTraining(Pipeline(steps, store=store), registry, NAME, gate=Gate(checks), **options)


def drift(*, moved):
    reference = flights(1)[["distance"]]
    return DriftDetector().fit(reference).detect(reference + 3.0 * moved)


def champion(registry):
    return registry.load(f"{NAME}@champion").version.number


def operations(registry):
    return registry.history(NAME)["operation"].tolist()


# -- the loop --------------------------------------------------------------------------------


def test_without_drift_nothing_happens(training, store):
    outcome = training.run(if_drifted=drift(moved=False), month=1)
    assert outcome == TrainingOutcome(retrained=False, reason="no drift")
    assert str(outcome) == "not retrained: no drift"
    assert (outcome.version, outcome.decision, outcome.result) == (None, None, None)
    assert not store.list()


def test_the_first_model_becomes_champion(training, registry):
    outcome = training.run(month=1, by="ana")
    assert outcome.retrained
    assert outcome.decision.accepted
    assert str(outcome) == "retrained: flight-delays/1 accepted as champion"
    assert outcome.version.metrics == outcome.result["scores"]
    assert outcome.version.params == {"month": 1}
    assert (outcome.version.by, outcome.decision.by) == ("ana", "ana")
    loaded = registry.load(f"{NAME}@champion")
    assert loaded.signature.names == ("distance",)
    assert loaded.predict({"distance": 3.0}).tolist() == [1]
    assert list(loaded.reference.profile_.columns) == ["distance"]
    assert loaded.reference.detect(flights(1)[["distance"]] + 3.0).drifted


def test_a_better_model_replaces_the_champion_and_says_why(training, registry):
    training.run(month=1)
    outcome = training.run(if_drifted=drift(moved=True), month=1, columns=("distance", "hour"))
    assert champion(registry) == 2
    assert outcome.reason == outcome.decision.reason == "1 of 1 column drifted: distance."
    assert str(outcome).startswith(
        "retrained: flight-delays/2 accepted as champion in place of flight-delays/1: 1 of 1"
    )


def test_a_model_that_is_no_better_is_refused(training, registry):
    training.run(month=1, columns=("distance", "hour"))
    outcome = training.run(month=1)
    assert not outcome.decision.accepted
    assert champion(registry) == 1
    assert "no evidence of gain" in str(outcome)
    assert registry.versions(NAME).index.tolist() == [1, 2]


def test_the_champion_is_scored_anew_by_the_same_code_on_the_same_rows(store, registry):
    trials = []
    training = make(store, registry, checks=[lambda trial: not trials.append(trial)])
    first = training.run(month=1)
    second = training.run(month=2)
    _, trial = trials
    expected = scores(first.result["model"], second.result["split"])
    assert trial.champion_scores == expected != first.version.metrics
    assert trial.scores == second.result["scores"]
    assert trial.X is None


def test_rows_that_can_not_be_read_again_are_still_the_same_for_both(store, registry):
    reads = []

    def flights(month):
        reads.append(month)
        return globals()["flights"](len(reads))

    def predictions(model, split):
        return model.predict_proba(split["test"][model.feature_names_in_])[:, 1]

    def scores(predictions, split):
        return {"roc_auc": float(roc_auc_score(split["test"]["late"], predictions))}

    trials = []
    steps = [Step(flights, cache=False), split, model, predictions, scores]
    training = make(store, registry, steps=steps, checks=[lambda trial: not trials.append(trial)])
    first, second = training.run(month=1), training.run(month=1)
    assert len(reads) == 2
    expected = globals()["scores"](first.result["model"], second.result["split"])
    assert trials[1].champion_scores == expected


def test_with_labels_the_gate_gets_the_held_out_rows(store, registry):
    trials = []
    checks = [lambda trial: not trials.append(trial), BetterThanChampion("roc_auc")]
    training = make(store, registry, checks=checks, target="late", groups="day")
    training.run(month=1)
    outcome = training.run(month=1, columns=("distance", "hour"))
    test = outcome.result["split"]["test"]
    pd.testing.assert_frame_equal(trials[1].X, test.drop(columns="late"))
    pd.testing.assert_series_equal(trials[1].y, test["late"])
    assert trials[1].groups.nunique() == 10
    assert outcome.decision.accepted  # and each model found its own columns
    assert outcome.decision.results[1].observed["groups"] == 10
    X_train, y_train = trials[1].train
    train = outcome.result["split"]["train"]
    pd.testing.assert_frame_equal(X_train, train.drop(columns="late"))
    pd.testing.assert_series_equal(y_train, train["late"])


@pytest.mark.parametrize(("max_depth", "verdict"), [(1, "no overfit"), (None, "overfit")])
def test_a_gate_finds_what_was_learned_by_heart(store, registry, max_depth, verdict):
    def model(split):
        train = split["train"]
        return DecisionTreeClassifier(max_depth=max_depth).fit(train[["distance", "hour"]], train["late"])

    def scores(model):
        return {}

    checks = [MaxOverfit(0.15, metric="accuracy"), NoTimeLeakage("day"), NoDuplicatesAcross(), StablePredictions()]
    training = make(store, registry, steps=[flights, split, model, scores], checks=checks, target="late", groups="day")
    overfit, *others = training.run(month=1).decision.results
    assert overfit.observed["verdict"] == verdict
    assert [result.status for result in others] == ["passed", "passed", "passed"]


def test_a_gate_finds_that_held_out_rows_were_trained_on(store, registry):
    def split(flights):
        return {"train": flights.iloc[:300], "test": flights.iloc[100:]}

    training = make(
        store, registry, steps=[flights, split, model, scores], checks=[NoGroupLeakage("day")], target="late"
    )
    decision = training.run(month=1).decision
    assert not decision.accepted
    assert decision.results[0].status == "failed"


def test_training_rows_without_labels_are_not_for_the_gate(store, registry):
    def train(split):
        return split["train"].drop(columns="late")

    trials = []
    training = make(
        store,
        registry,
        steps=[*STEPS, train],
        checks=[lambda trial: not trials.append(trial)],
        sample="train",
        target="late",
    )
    assert training.run(month=1).version.signature.names == ("distance",)
    assert trials[0].train is None


def test_rows_may_come_from_steps_of_their_own(store, registry):
    def train(flights):
        return flights.head(200)

    def unseen(flights):
        return flights.tail(200)

    def model(train):
        return LogisticRegression().fit(train[["hour"]], train["late"])

    def scores(model, unseen):
        return {"accuracy": model.score(unseen[["hour"]], unseen["late"])}

    trials = []
    training = make(
        store,
        registry,
        steps=[flights, train, unseen, model, scores],
        checks=[lambda trial: not trials.append(trial)],
        sample="train",
        held_out="unseen",
        target="late",
    )
    outcome = training.run(month=1)
    assert outcome.version.signature.names == ("hour",)
    assert len(trials[0].X) == 200


def test_another_alias_can_be_trained_for(store, registry):
    outcome = make(store, registry, alias="challenger").run(month=1)
    assert outcome.decision.alias == "challenger"
    assert registry.load(f"{NAME}@challenger").version.number == 1


def test_a_tracked_run_goes_with_the_version(store, registry):
    pipeline = Pipeline(STEPS, store=store, tracker=Tracker(store, experiment=NAME))
    outcome = ContinuousTraining(pipeline, registry, NAME, gate=Gate(BETTER)).run(month=1)
    assert outcome.version.run == outcome.result.run.id


def test_params_are_recorded_as_far_as_json_can_keep_them(store, registry):
    def flights(path, month, frame):
        return globals()["flights"](month)

    training = make(store, registry, steps=[flights, split, model, scores])
    outcome = training.run(path=Path("flights.csv"), month=np.int64(1), frame=pd.DataFrame({"a": [1]}))
    assert outcome.version.params == {"path": "flights.csv", "month": 1}


# -- again -----------------------------------------------------------------------------------


def test_the_same_call_again_changes_nothing(training, registry):
    first = training.run(month=1)
    again = training.run(month=1)
    assert (again.version, again.decision) == (first.version, first.decision)
    assert again.result.cached
    assert operations(registry) == ["register", "promote"]


def test_a_refusal_is_recorded_once(training, registry):
    training.run(month=1, columns=("distance", "hour"))
    first = training.run(month=1)
    again = training.run(month=1)
    assert (again.version, again.decision) == (first.version, first.decision)
    assert operations(registry) == ["register", "promote"] * 2


def test_a_gate_that_changed_its_mind_decides_again(store, registry):
    make(store, registry).run(month=1, columns=("distance", "hour"))
    make(store, registry).run(month=1)
    outcome = make(store, registry, checks=[BetterThanChampion("roc_auc", min_gain=-1.0)]).run(month=1)
    assert outcome.decision.accepted
    assert outcome.version.number == champion(registry) == 2


def test_another_process_without_the_cache_finds_the_same_version(store, registry):
    first = make(store, registry).run(month=1)
    store.delete(*store.list("cache"))
    again = make(Store(store.url), Registry(store.url)).run(month=1)
    assert not again.result.cached
    assert again.version == first.version


def test_a_model_registered_by_hand_is_not_registered_again(store, registry):
    result = Pipeline(STEPS, store=store).run(month=1)
    registry.register(NAME, result["model"], sample=result["split"]["train"])
    registry.promote(NAME, 1)
    outcome = make(store, registry).run(month=1)
    assert outcome.version.number == 1
    assert operations(registry) == ["register", "promote"]


def test_the_champions_own_parameters_after_a_refusal_register_nothing(training, registry):
    training.run(month=1, columns=("distance", "hour"))
    training.run(month=1)
    outcome = training.run(month=1, columns=("distance", "hour"))
    assert outcome.version.number == 1
    assert len(registry.versions(NAME)) == 2


def test_a_call_that_died_after_registering_is_completed(training, registry, monkeypatch):
    class Killed(BaseException):
        pass

    def promote(*_, **__):
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(registry, "promote", promote)
        with pytest.raises(Killed):
            training.run(month=1)
    assert operations(registry) == ["register"]
    outcome = training.run(month=1)
    assert outcome.decision.accepted
    assert operations(registry) == ["register", "promote"]


def test_a_process_killed_between_registering_and_promoting_can_be_run_again(store, registry):
    script = (
        "import os, runpy, signal, sys\n"
        "these = runpy.run_path(sys.argv[1])\n"
        "these['Registry'].promote = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)\n"
        "these['make'](these['Store'](sys.argv[2]), these['Registry'](sys.argv[2])).run(month=1)"
    )
    command = [sys.executable, "-c", script, __file__, store.url]
    assert subprocess.run(command, cwd=Path(__file__).parents[1], check=False).returncode == -signal.SIGKILL
    assert operations(registry) == ["register"]
    assert make(store, registry).run(month=1).decision.accepted
    assert operations(registry) == ["register", "promote"]


def test_a_rollback_is_not_overruled(training, registry):
    training.run(month=1)
    training.run(month=1, columns=("distance", "hour"))
    registry.rollback(NAME, "champion", by="ana", reason="storm week")
    outcome = training.run(month=1, columns=("distance", "hour"))
    assert champion(registry) == 1
    assert outcome.version.number == 2
    assert str(outcome) == "retrained: flight-delays/1 back as champion in place of flight-delays/2: storm week"


def test_an_alias_that_was_removed_is_not_given_back(training, registry):
    training.run(month=1)
    registry.remove_alias(NAME, "champion", by="ana", reason="storm week")
    outcome = training.run(month=1)
    assert registry.history(NAME)["operation"].tolist()[-1] == "remove_alias"
    assert str(outcome) == "retrained: flight-delays/1 no longer champion: storm week"


def test_a_newest_version_that_is_damaged_is_registered_anew(training, store, registry):
    training.run(month=1, columns=("distance", "hour"))
    refused = training.run(month=1).version
    digest = refused.artifacts["sample"]["digest"]
    store.delete(*[name for name in store.list("blobs") if digest in name.replace("/", "")])
    with pytest.raises(NotFoundError, match="sample of flight-delays/2 can not be loaded"):
        registry.load(refused)
    outcome = training.run(month=1)
    assert outcome.version.number == 3
    assert registry.load(outcome.version).predict({"distance": 3.0}).tolist() == [1]


# -- what goes wrong -------------------------------------------------------------------------


def test_a_failed_step_registers_nothing(store, registry):
    def scores(model):
        raise RuntimeError

    with pytest.raises(PipelineError, match="scores"):
        make(store, registry, steps=[flights, split, model, scores]).run(month=1)
    assert registry.models().empty


def test_a_moved_alias_is_a_conflict_and_the_call_can_be_repeated(store, registry):
    training = make(store, registry)
    training.run(month=1)
    registry.register(NAME, training.pipeline.run(month=3)["model"], sample=flights(3))

    def meanwhile(trial):
        if trial.champion.version.number == 1:
            Registry(store).promote(NAME, 2)
        return True

    busy = make(store, registry, checks=[meanwhile])
    with pytest.raises(ConflictError):
        busy.run(month=2)
    assert busy.run(month=2).decision.previous == 2
    assert len(registry.versions(NAME)) == 3


def test_steps_that_are_not_there_are_named(store, registry):
    with pytest.raises(PipelineError, match="no step 'fit'; it has flights, split, model, scores"):
        make(store, registry, model="fit")


@pytest.mark.parametrize("parameter", ["by", "if_drifted"])
def test_a_parameter_that_run_takes_itself_is_refused(store, registry, parameter):
    namespace = {}
    exec(f"def flights({parameter}): ...", namespace)
    with pytest.raises(PipelineError, match=f"'flights' takes '{parameter}'"):
        make(store, registry, steps=[namespace["flights"], split, model, scores])


@pytest.mark.parametrize("option", ["held_out", "groups"])
def test_rows_without_labels_are_refused(store, registry, option):
    with pytest.raises(ValueError, match="target="):
        make(store, registry, **{option: "split"})


def test_missing_columns_of_the_held_out_rows_are_named(store, registry):
    with pytest.raises(ValidationError, match="no column arrival, week"):
        make(store, registry, target="arrival", groups="week").run(month=1)
    assert registry.models().empty


def test_held_out_rows_that_are_nowhere_are_asked_for(store, registry):
    def halves(flights):
        return flights.head(200)

    def model(halves):
        return LogisticRegression().fit(halves[["hour"]], halves["late"])

    def scores(model):
        return {}

    with pytest.raises(ValidationError, match="held_out="):
        make(store, registry, steps=[flights, halves, model, scores], target="late").run(month=1)
    with pytest.raises(ValidationError, match="'model' gave a LogisticRegression"):
        make(store, registry, steps=[flights, halves, model, scores], target="late", held_out="model").run(month=1)
    outcome = make(store, registry, steps=[flights, halves, model, scores]).run(month=1)
    assert outcome.version.signature is None


def test_training_rows_that_do_not_fit_the_model_are_refused(store, registry):
    def model(flights):
        return LogisticRegression().fit(flights[["hour"]].rename(columns={"hour": "minute"}), flights["late"])

    def scores(model):
        return {}

    with pytest.raises(SignatureError, match="minute"):
        make(store, registry, steps=[flights, split, model, scores]).run(month=1)


def test_its_repr_says_what_it_trains(training):
    assert repr(training).startswith("<ContinuousTraining flight-delays@champion: Pipeline('pipeline': flights")
