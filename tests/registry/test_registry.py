import random
import threading
import time
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from mlopskit.errors import (
    ConflictError,
    DamagedError,
    InvalidNameError,
    NotFoundError,
    NotTrustedError,
    SerializationError,
    SignatureError,
)
from mlopskit.records.report import CheckResult
from mlopskit.registry import history
from mlopskit.registry.gate import Gate
from mlopskit.registry.registry import Registry

NAME = "flight-delays"


@pytest.fixture
def three(registry):
    for number in (1, 2, 3):
        registry.register(NAME, {"depth": number}, by="ana")
    return registry


# -- registering -----------------------------------------------------------------------------


def test_a_version_is_what_was_registered(registry, model, flights):
    version = registry.register(
        NAME,
        model,
        sample=flights,
        run=SimpleNamespace(id="run-7"),
        metrics={"roc_auc": np.float64(0.7), "n": 3},
        params={"max_depth": np.int64(6)},
        tags={"team": "ops"},
        description="first",
        by="ana",
    )
    assert (version.name, version.number, version.by, version.run) == (NAME, 1, "ana", "run-7")
    assert version.metrics == {"roc_auc": 0.7, "n": 3.0}
    assert (version.params, version.tags, version.description) == ({"max_depth": 6}, {"team": "ops"}, "first")
    assert version.signature.names == ("distance", "hour")  # not the label
    assert sorted(version.artifacts) == ["model", "predictions", "sample"]
    assert Registry(registry.store).load(f"{NAME}/1").version == version


def test_numbers_count_up_also_from_other_objects(three):
    assert Registry(three.store).register(NAME, {}, run="an-id").number == 4
    assert three.register(NAME, {}).number == 5
    assert three.register("other", {}).number == 1


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "a b"])
def test_names_that_could_leave_the_store_are_refused(registry, name):
    with pytest.raises(InvalidNameError, match="name a model"):
        registry.register(name, {})
    with pytest.raises(InvalidNameError):
        registry.history(name)


def test_aliases_that_are_no_names_are_refused(three):
    with pytest.raises(InvalidNameError, match="name a alias"):
        three.set_alias(NAME, "../champion", 1)
    with pytest.raises(InvalidNameError):
        three.promote(NAME, 1, to="a/b")


@pytest.mark.parametrize("metrics", [{"auc": "0.7"}, {"auc": None}])
def test_metrics_that_are_no_numbers_are_refused(registry, metrics):
    with pytest.raises(SerializationError, match="'auc'"):
        registry.register(NAME, {}, metrics=metrics)


def test_params_that_json_can_not_keep_are_refused(registry):
    with pytest.raises(SerializationError, match="'depth' is a set"):
        registry.register(NAME, {}, params={"depth": {1}})


def test_a_sample_that_lacks_a_fitted_column_is_refused(registry, model, flights):
    with pytest.raises(SignatureError, match="hour"):
        registry.register(NAME, model, sample=flights[["distance"]])
    with pytest.raises(NotFoundError):
        registry.versions(NAME)


def test_four_processes_register_forty_versions_without_gap_or_twin(registry, start):
    script = f"for _ in range(10): print(registry.register({NAME!r}, {{}}).number)"
    processes = [start(script) for _ in range(4)]
    outputs = [process.communicate(timeout=120) for process in processes]
    numbers = [int(line) for output, _ in outputs for line in output.split()]
    assert sorted(numbers) == list(range(1, 41)), [error for _, error in outputs]
    assert list(registry.versions(NAME).index) == list(range(1, 41))
    assert registry.verify(NAME).ok


def test_a_killed_registration_leaves_no_half_version(registry, start):
    script = f"while True: print(registry.register({NAME!r}, {{'weights': [0.5] * 10_000}}), flush=True)"
    for attempt in range(4):
        process = start(script)
        process.stdout.readline()
        time.sleep(random.Random(attempt).uniform(0.02, 0.2))
        process.kill()
        process.wait()
    before = len(registry.versions(NAME))
    assert registry.register(NAME, {}).number == before + 1
    assert registry.verify(NAME).ok
    assert registry.load(f"{NAME}/{before}").estimator["weights"][-1] == 0.5


# -- aliases and decisions -------------------------------------------------------------------


def test_an_alias_names_a_version_until_it_is_moved(three):
    decision = three.set_alias(NAME, "challenger", 2, by="ana")
    assert str(decision) == "flight-delays/2 accepted as challenger"
    assert three.load(f"{NAME}@challenger").version.number == 2
    three.set_alias(NAME, "challenger", f"{NAME}/3")
    assert three.load(f"{NAME}@challenger").version.number == 3
    three.promote(NAME, f"{NAME}@challenger")
    assert three.load(f"{NAME}@champion").version.number == 3


def test_setting_an_alias_where_it_is_writes_nothing(three):
    first = three.set_alias(NAME, "champion", 2, by="ana")
    assert three.set_alias(NAME, "champion", 2, by="ben") == first
    assert three.promote(NAME, 2, by="ben") == first
    assert len(three.history(NAME)) == 4


def test_what_does_not_exist_is_named(three):
    with pytest.raises(NotFoundError, match="has no version 9; it has 1 to 3"):
        three.set_alias(NAME, "champion", 9)
    with pytest.raises(NotFoundError, match="no alias 'champion'; it has none"):
        three.load(f"{NAME}@champion")
    with pytest.raises(NotFoundError, match="No model is named nothing"):
        three.load("nothing/1")
    with pytest.raises(NotFoundError, match="name@alias"):
        three.load(NAME)
    other = three.register("other", {})
    with pytest.raises(NotFoundError, match="other/1 is no version of flight-delays"):
        three.promote(NAME, other)
    with pytest.raises(NotFoundError):
        three.models().loc["other"], three.champion_at("nothing", "champion", "2026-01-01")


def test_approval_is_kept_once_per_person(three):
    three.approve(NAME, 2, by="ben")
    three.approve(NAME, 2, by="ben")
    assert three.approve(NAME, 2, by="eve").approved_by == ("ben", "eve")
    assert three.versions(NAME)["approved_by"].tolist() == ["", "ben, eve", ""]


def test_rollback_goes_further_back_each_time(three):
    for number in (1, 2, 3):
        three.promote(NAME, number)
    decision = three.rollback(NAME, "champion", by="ana", reason="storm week")
    assert str(decision) == "flight-delays/2 back as champion in place of flight-delays/3: storm week"
    assert three.rollback(NAME, "champion").version == 1
    with pytest.raises(NotFoundError, match="no version before 1"):
        three.rollback(NAME, "champion")
    three.promote(NAME, 3)
    assert three.rollback(NAME, "champion").version == 1
    with pytest.raises(NotFoundError, match="no alias 'canary'"):
        three.rollback(NAME, "canary")


def test_the_gate_sees_the_rows_that_the_candidate_was_fitted_on(registry, model, flights):
    registry.register("late", model)
    rows, labels = flights[["distance", "hour"]], flights["late"]
    seen = []
    gate = Gate([lambda trial: seen.append(trial.train) or True])
    registry.promote("late", 1, gate=gate, data=(rows[200:], labels[200:]), train=(rows[:200], labels[:200]))
    assert len(seen[0][0]) == len(seen[0][1]) == 200


def test_a_gate_that_accepts_lets_the_alias_move(registry, model, flights):
    for _ in range(2):
        registry.register(NAME, model, sample=flights, metrics={"roc_auc": 0.7})
    registry.promote(NAME, 1)
    seen = []
    gate = Gate([lambda trial: not seen.append(trial)])
    decision = registry.promote(
        NAME, 2, gate=gate, data=(flights, flights["late"]), groups=flights["hour"], by="ana", reason="better"
    )
    assert decision.accepted
    assert (decision.previous, decision.by, decision.reason) == (1, "ana", "better")
    assert decision.results[0].status == "passed"
    (trial,) = seen
    assert (trial.model.version.number, trial.champion.version.number) == (2, 1)
    assert len(trial.model.predict(trial.X)) == len(trial.y) == len(trial.groups)
    assert trial.scores == trial.champion_scores == {"roc_auc": 0.7}


def test_a_refusal_is_on_record_and_changes_nothing(three):
    three.promote(NAME, 1)
    weak = CheckResult("better", "failed", "roc_auc gain 0.001 [-0.002, 0.004], no evidence of gain")
    decision = three.promote(NAME, 2, gate=Gate([lambda trial: weak]), by="ana")
    assert str(decision) == (
        "flight-delays/2 refused as champion: roc_auc gain 0.001 [-0.002, 0.004], no evidence of gain"
    )
    assert three.load(f"{NAME}@champion").version.number == 1
    last = Registry(three.store).history(NAME).iloc[-1]
    assert (last["operation"], last["version"], last["previous"], last["accepted"]) == ("promote", 2, 1, False)
    assert last["results"] == "better: failed (roc_auc gain 0.001 [-0.002, 0.004], no evidence of gain)"


def test_a_refused_version_is_no_target_of_a_rollback(three):
    three.promote(NAME, 1)
    three.promote(NAME, 2, gate=Gate([lambda trial: False]))
    three.promote(NAME, 3)
    assert three.rollback(NAME, "champion").version == 1


def test_a_decision_against_a_replaced_champion_is_a_conflict(three):
    three.promote(NAME, 1)

    def meanwhile(trial):
        Registry(three.store).promote(NAME, 3)
        return True

    with pytest.raises(ConflictError, match=r"moved to version 3 .* against version 1"):
        three.promote(NAME, 2, gate=Gate([meanwhile]))
    assert three.load(f"{NAME}@champion").version.number == 3


def test_an_alias_that_went_away_and_came_back_is_a_conflict_too(three):
    three.promote(NAME, 1)

    def meanwhile(trial):
        other = Registry(three.store)
        other.promote(NAME, 3)
        other.rollback(NAME, "champion")
        return True

    with pytest.raises(ConflictError):
        three.promote(NAME, 2, gate=Gate([meanwhile]))


def test_of_two_promotions_at_once_one_is_a_conflict(three):
    barrier, outcomes = threading.Barrier(2), []

    def promote(number):
        gate = Gate([lambda trial: barrier.wait(30) >= 0])
        try:
            outcomes.append(Registry(three.store).promote(NAME, number, gate=gate).accepted)
        except ConflictError:
            outcomes.append("conflict")

    threads = [threading.Thread(target=promote, args=(number,)) for number in (2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes, key=str) == [True, "conflict"]
    assert three.history(NAME)["operation"].tolist().count("promote") == 1


# -- looking back ----------------------------------------------------------------------------


def test_the_tables_tell_what_there_is(three):
    three.register("other", {}, metrics={"auc": 0.5}, params={"depth": 2}, tags={"team": "ops"})
    three.promote(NAME, 2)
    models = three.models()
    assert models["versions"].to_dict() == {NAME: 3, "other": 1}
    assert models.loc[NAME, "aliases"] == "champion = 2"
    assert three.versions(NAME)["aliases"].tolist() == ["", "champion", ""]
    assert three.versions("other")[["metrics.auc", "params.depth", "tags.team"]].values.tolist() == [[0.5, 2, "ops"]]
    history = three.history(NAME)
    assert history["operation"].tolist() == ["register"] * 3 + ["promote"]
    assert history.index.tolist() == [1, 2, 3, 4]
    assert history["by"].tolist()[:3] == ["ana"] * 3


def test_an_empty_registry_has_empty_tables(registry):
    assert registry.models().empty
    with pytest.raises(NotFoundError, match="No model is named"):
        registry.versions(NAME)


def test_the_champion_of_a_past_moment_is_known(three):
    before = datetime.now(UTC)
    three.promote(NAME, 1)
    between = three.promote(NAME, 2).time
    three.promote(NAME, 3, gate=Gate([lambda trial: False]))
    three.rollback(NAME, "champion")
    assert three.champion_at(NAME, "champion", before) is None
    assert three.champion_at(NAME, "champion", between).number == 2
    assert three.champion_at(NAME, "champion", "2999-01-01T12:00Z").number == 1
    assert three.champion_at(NAME, "champion", before.replace(tzinfo=None)) is None


# -- damage and trust ------------------------------------------------------------------------


def test_an_edited_commit_is_found(three):
    path = three.store.local_path(f"registry/{NAME}/log/00000002.json")
    path.write_bytes(path.read_bytes().replace(b'"actor":"ana"', b'"actor":"eve"'))
    found = three.verify(NAME)
    assert not found.ok
    assert "commit 2" in found.problems[0]
    with pytest.raises(DamagedError):
        Registry(three.store).versions(NAME)


def test_a_flipped_byte_is_found_and_the_model_refused(registry, model, flights):
    version = registry.register(NAME, model, sample=flights)
    assert registry.verify(NAME).ok
    digest = version.artifacts["model"]["digest"]
    path = registry.store.local_path(f"blobs/{digest[:2]}/{digest}")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)
    with pytest.raises(DamagedError, match="The model of flight-delays/1 can not be loaded"):
        registry.load(f"{NAME}/1")
    (problem,) = registry.verify(NAME).problems
    assert problem.startswith("the model of flight-delays/1: ")


def test_another_users_pickle_needs_consent(registry, monkeypatch):
    monkeypatch.setenv("MLOPSKIT_KEY", "the key of somebody else")
    registry.register(NAME, SimpleNamespace(predict=len))
    assert registry.load(f"{NAME}/1").predict([{}]) == 1
    monkeypatch.setenv("MLOPSKIT_KEY", "my own key, not that one")
    with pytest.raises(NotTrustedError, match="model of flight-delays/1"):
        registry.load(f"{NAME}/1")
    with pytest.raises(NotTrustedError):
        registry.promote(NAME, 1, gate=Gate([lambda trial: True]))
    assert registry.load(f"{NAME}/1", trust=True).predict([{}]) == 1
    assert registry.promote(NAME, 1, gate=Gate([lambda trial: True]), trust=True).accepted


def test_a_scikit_learn_model_that_another_user_kept_with_skops_needs_no_consent(registry, flights, monkeypatch):
    pytest.importorskip("skops")
    labels = flights["late"].map({0: "on time", 1: "late"})
    model = LogisticRegression(max_iter=1000).fit(flights[["hour"]], labels)
    monkeypatch.setenv("MLOPSKIT_KEY", "the key of somebody else")
    registry.register(NAME, model, sample=flights, serializer="skops")
    Registry(registry.store, serializer="skops").register(NAME, model, sample=flights)
    registry.register(NAME, model, sample=flights)
    monkeypatch.setenv("MLOPSKIT_KEY", "my own key, not that one")
    for number in (1, 2):
        assert registry.load(f"{NAME}/{number}").predict({"hour": 22}).tolist() == ["late"]
    with pytest.raises(NotTrustedError):
        registry.load(f"{NAME}/3")
    with pytest.raises(SerializationError, match="can not be kept with skops"):
        registry.register(NAME, {"no": "estimator"}, serializer="skops")


# -- changes on top ---------------------------------------------------------------------------


def test_identical_content_registered_twice_says_so(registry, model, flights):
    first = registry.register(NAME, model, sample=flights)
    second = registry.register(NAME, model, sample=flights)
    third = registry.register(NAME, {"depth": 3})
    assert [each.same_as for each in (first, second, third)] == [None, 1, None]
    assert "same bytes as flight-delays/1" in repr(second)


def test_other_kinds_are_kept_the_same_way_and_load_as_they_were(registry, flights):
    version = registry.register("flights", flights, kind="dataset", by="ana")
    assert (version.kind, version.number) == ("dataset", 1)
    assert registry.load("flights/1").equals(flights)
    assert registry.impact(flights)[["model", "through"]].values.tolist() == [["flights", "flights"]]
    registry.set_alias("flights", "current", 1)
    assert registry.models().loc["flights", "kind"] == "dataset"
    with pytest.raises(ConflictError, match="is a dataset, and this is a model"):
        registry.register("flights", {})
    assert registry.register("threshold", 5, kind="dataset").datasets["threshold"].rows == 0
    with pytest.raises(InvalidNameError):
        registry.register("x", {}, kind="../y")


def test_an_alias_can_be_removed_and_begins_anew(three):
    three.set_alias(NAME, "champion", 1, by="ana")
    three.set_alias(NAME, "champion", 2, by="ana")
    decision = three.remove_alias(NAME, "champion", by="ben", reason="storm week")
    assert str(decision) == "flight-delays/2 no longer champion: storm week"
    with pytest.raises(NotFoundError, match="no alias"):
        three.load(f"{NAME}@champion")
    with pytest.raises(NotFoundError):
        three.remove_alias(NAME, "champion")
    with pytest.raises(NotFoundError):
        three.rollback(NAME, "champion")
    assert three.champion_at(NAME, "champion", datetime.now(UTC)) is None
    three.set_alias(NAME, "champion", 3)
    with pytest.raises(NotFoundError, match="no version before"):
        three.rollback(NAME, "champion")
    assert three.history(NAME)["operation"].tolist()[-2:] == ["remove_alias", "set_alias"]


def test_a_deleted_version_is_out_of_use_and_on_record(three):
    three.set_alias(NAME, "champion", 1)
    three.set_alias(NAME, "champion", 2)
    three.set_alias(NAME, "champion", 3)
    with pytest.raises(ConflictError, match="is champion"):
        three.delete_version(NAME, 3)
    deleted = three.delete_version(NAME, 2, by="ben", reason="leaks")
    assert deleted.deleted
    assert "deleted" in repr(deleted)
    for act in (
        lambda: three.load(f"{NAME}/2"),
        lambda: three.set_alias(NAME, "challenger", 2),
        lambda: three.promote(NAME, 2),
        lambda: three.approve(NAME, 2),
        lambda: three.delete_version(NAME, 2),
    ):
        with pytest.raises(ConflictError, match="deleted"):
            act()
    assert three.rollback(NAME, "champion").version == 1
    with pytest.raises(NotFoundError):
        three.rollback(NAME, "champion")
    assert three.register(NAME, {}).number == 4
    assert three.history(NAME).iloc[6][["operation", "version", "reason"]].tolist() == ["delete", 2, "leaks"]
    assert three.verify(NAME).ok


def test_words_and_tags_come_on_top_and_change_nothing_of_the_version(three):
    before = three.version(f"{NAME}/2")
    after = three.describe(NAME, 2, limitations="winter only", tags={"stage": "dev"}, by="ben")
    assert (after.written, after.tags) == ({"limitations": "winter only"}, {"stage": "dev"})
    assert after.artifacts == before.artifacts
    assert three.describe(NAME, 2, limitations="none").written == {"limitations": "none"}
    assert three.history(NAME)["reason"].tolist()[-3:] == ["limitations", "stage", "limitations"]
    with pytest.raises(NotFoundError):
        three.describe(NAME, 9, limitations="none")


def test_a_forced_promotion_needs_a_reason_and_is_on_record(three):
    def never(trial):
        return False

    with pytest.raises(ValueError, match="for a reason"):
        three.promote(NAME, 2, gate=Gate([never]), force=True)
    decision = three.promote(NAME, 2, gate=Gate([never]), force=True, by="ana", reason="the old one leaks")
    assert decision.accepted
    assert decision.forced
    assert decision.results[0].status == "failed"
    assert str(decision) == "flight-delays/2 forced as champion: the old one leaks"
    assert three.history(NAME).iloc[-1]["forced"]
    assert not three.promote(NAME, 3, gate=Gate([lambda trial: True]), force=True, reason="to be safe").forced


def test_the_gate_sees_who_approved(three):
    from mlopskit.validation import checks

    gate = Gate([checks.Approvals(1)])
    assert not three.promote(NAME, 1, gate=gate).accepted
    three.approve(NAME, 1, by="ana")  # who registered it
    assert not three.promote(NAME, 1, gate=gate).accepted
    three.approve(NAME, 1, by="ben")
    assert three.promote(NAME, 1, gate=gate).accepted


def test_a_version_that_is_deleted_just_now_is_not_gone_back_to(three, monkeypatch):
    three.set_alias(NAME, "champion", 1)
    three.set_alias(NAME, "champion", 2)
    before = history.before

    def then_deleted(state, alias):
        found = before(state, alias)
        Registry(three.store).delete_version(NAME, found)
        return found

    monkeypatch.setattr(history, "before", then_deleted)
    with pytest.raises(ConflictError, match="was deleted"):
        three.rollback(NAME, "champion")
    assert three.version(f"{NAME}@champion").number == 2
