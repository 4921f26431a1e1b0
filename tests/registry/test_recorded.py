"""Lineage, impact, cards, evidence: what a store can tell about its models."""

import hashlib
import json
import subprocess
import sys
from itertools import pairwise
from types import SimpleNamespace
from zipfile import ZipFile

import pandas as pd
import pytest

from mlopskit.errors import DamagedError, NotFoundError
from mlopskit.records.environment import Code, Environment
from mlopskit.records.event import StepFinished
from mlopskit.records.run import Dataset
from mlopskit.registry.gate import Gate
from mlopskit.storage.fingerprint import fingerprint
from mlopskit.tracking.tracker import Tracker
from mlopskit.validation import checks

NAME = "flight-delays"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>| [a](javascript:b) `c`"


@pytest.fixture
def run(store, flights):
    with Tracker(store).start_run("train") as run:
        run.log_dataset("train", flights)
        run.finish(steps=[StepFinished("model", "done", 1.5)])
    return run


@pytest.fixture
def told(registry, model, flights, run):
    """Two versions, of which the second was refused once, approved, and put in place."""
    registry.register(NAME, model, sample=flights, metrics={"roc_auc": 0.7}, run=run, by="ana")
    registry.promote(NAME, 1, by="ana")
    registry.register(
        NAME, model, sample=flights, metrics={"roc_auc": 0.8}, parent=f"{NAME}/1", data={"test": flights[:50]}, by="ana"
    )
    gate = Gate([checks.MinScore("roc_auc", 0.75), checks.Approvals(1)])
    assert not registry.promote(NAME, 2, gate=gate, by="ana").accepted
    registry.approve(NAME, 2, by="ben")
    assert registry.promote(NAME, 2, gate=gate, by="ana", reason="better").accepted
    return registry


# -- where it comes from ----------------------------------------------------------------------


def test_a_run_brings_its_code_data_and_steps_along(told, run, flights):
    lineage = told.lineage(f"{NAME}/1")
    assert lineage.version.run == run.id
    assert lineage.version.datasets == {"train": run.datasets["train"]}
    assert lineage.version.steps == (StepFinished("model", "done", 1.5),)
    assert lineage.version.code.commit == run.environment.code.commit
    assert lineage.version.packages["numpy"]
    assert lineage.to_json()["version"]["datasets"]["train"]["fingerprint"] == fingerprint(flights)
    assert "run" in repr(lineage)
    html = lineage._repr_html_()
    assert run.id in html
    assert fingerprint(flights) in html


def test_a_diff_stays_with_the_run(registry, model):
    code = Code(commit="ab12", dirty=True, diff="+ secret", untracked=("notes",))
    version = registry.register(NAME, model, run=SimpleNamespace(id="r", environment=Environment(code=code)))
    assert version.code == Code(commit="ab12", dirty=True)


def test_parents_are_followed_to_the_first(told, model):
    told.register("other", model, parent=f"{NAME}@champion")
    assert [str(each) for each in told.lineage("other/1").ancestors] == [f"{NAME}/2", f"{NAME}/1"]
    assert f"{NAME}/2" in told.lineage("other/1")._repr_html_()
    with pytest.raises(NotFoundError):
        told.register(NAME, model, parent=f"{NAME}/9")


def test_impact_finds_what_was_made_from_some_data_and_what_was_made_from_that(told, model, flights):
    told.register("other", model, parent=f"{NAME}/1")
    told.register("unrelated", model)
    found = told.impact(flights)
    assert found[["model", "version", "through"]].values.tolist() == [
        [NAME, 1, "train"],
        [NAME, 2, f"{NAME}/1"],
        ["other", 1, f"{NAME}/1"],
    ]
    assert found["aliases"].tolist() == ["", "champion", ""]
    assert told.impact(fingerprint(flights[:50]))["through"].tolist() == ["test"]
    assert told.impact("unknown").empty


def test_data_may_be_known_by_a_fingerprint_alone(registry, model):
    version = registry.register(NAME, model, data={"train": "ab12", "test": Dataset("cd34", 5, (), ())})
    assert {name: data.fingerprint for name, data in version.datasets.items()} == {"train": "ab12", "test": "cd34"}


# -- cards ------------------------------------------------------------------------------------


def test_a_card_fills_itself_and_lists_what_people_have_to_write(told):
    card = told.card(f"{NAME}@champion")
    assert card.missing == ("description", "intended_use", "out_of_scope", "limitations", "owner")
    for text in (
        "flight-delays/2",
        "named champion",
        "roc\\_auc",
        "0.8",
        "distance",
        "refused",
        "ben",
        "To be written",
    ):
        assert text in card.markdown
    assert "5 sections to be written" in repr(card)
    told.describe(NAME, 2, description="Says which flights will be late.", owner="ops", by="cleo")
    card = told.card(f"{NAME}@champion")
    assert "> Says which flights will be late." in card.markdown
    assert card.missing == ("intended_use", "out_of_scope", "limitations")
    assert "Says which flights" in card.html
    assert card.html.startswith("<!DOCTYPE html>")
    assert "Says which flights" in card._repr_html_()
    with pytest.raises(TypeError, match="no section 'purpose'"):
        told.describe(NAME, 2, purpose="none")


def test_hostile_text_is_text_in_every_output(registry, model, flights):
    renamed = flights.rename(columns={"hour": HOSTILE})
    fitted = type(model)(max_iter=1000).fit(renamed[["distance", HOSTILE]], renamed["late"])
    registry.register(
        NAME,
        fitted,
        sample=renamed,
        metrics={HOSTILE: 1},
        params={HOSTILE: HOSTILE},
        tags={HOSTILE: HOSTILE},
        description=HOSTILE,
        data={HOSTILE: HOSTILE},
        run=HOSTILE,
        by=HOSTILE,
    )
    registry.describe(NAME, 1, owner=HOSTILE, limitations=HOSTILE, by=HOSTILE)
    registry.approve(NAME, 1, by=HOSTILE)
    decision = registry.promote(NAME, 1, by=HOSTILE, reason=HOSTILE)
    card = registry.card(f"{NAME}/1")
    shown = [card.html, card.markdown, card._repr_html_(), registry.lineage(f"{NAME}/1")._repr_html_()]
    shown += [registry._repr_html_(), decision._repr_html_(), registry.version(f"{NAME}/1")._repr_html_()]
    shown += [registry.history(NAME)._repr_html_(), registry.versions(NAME)._repr_html_()]
    for text in shown:
        assert "<script" not in text
        assert "<img" not in text
    assert "](javascript" not in card.markdown


# -- evidence ---------------------------------------------------------------------------------


def test_evidence_is_complete_reproducible_and_checks_itself(told, tmp_path):
    path = told.evidence(f"{NAME}/2", tmp_path / "evidence.zip")
    again = told.evidence(f"{NAME}@champion", tmp_path / "again.zip")
    assert path.read_bytes() == again.read_bytes()
    with ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    sums = dict(line.split("  ")[::-1] for line in files.pop("SHA256SUMS").decode().splitlines())
    assert sums == {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    decisions = json.loads(files["decisions.json"])
    assert [decision["accepted"] for decision in decisions] == [False, True]
    assert decisions[0]["results"][1]["status"] == "failed"
    assert [each["by"] for each in json.loads(files["approvals.json"])] == ["ben"]
    assert json.loads(files["verification.json"])["ok"]
    assert json.loads(files["verification.json"])["head"]["number"] == told.head(NAME).number
    assert json.loads(files["lineage.json"])["ancestors"][0]["number"] == 1
    assert "numpy==" in files["requirements.txt"].decode()
    assert "Article 12" in files["README.md"].decode()
    commits = sorted(name for name in files if name.startswith("log/"))
    assert len(commits) == told.head(NAME).number
    for earlier, later in pairwise(commits):
        assert json.loads(files[later])["prev"] == hashlib.sha256(files[earlier]).hexdigest()
    with pytest.raises(FileExistsError):
        told.evidence(f"{NAME}/2", path)


def test_evidence_tells_what_verification_found(told, tmp_path):
    digest = told.version(f"{NAME}/2").artifacts["model"]["digest"]
    told.store.replace(f"blobs/{digest[:2]}/{digest}", b"other")
    with ZipFile(told.evidence(f"{NAME}/2", tmp_path / "evidence.zip")) as archive:
        found = json.loads(archive.read("verification.json"))
    assert not found["ok"]
    assert "the model of" in found["problems"][0]


# -- heads ------------------------------------------------------------------------------------


def test_a_tail_that_was_cut_off_shows_against_a_published_head(told):
    head = told.head(NAME)
    assert told.verify(NAME, head=head).ok
    told.store.delete(f"registry/{NAME}/log/{head.number:08}.json")
    told.store.delete(*(name for name in told.store.list(f"registry/{NAME}") if "/log/" not in name))
    assert type(told)(told.store).verify(NAME).ok
    assert not type(told)(told.store).verify(NAME, head=head).ok
    with pytest.raises(NotFoundError):
        told.head("unknown")


def test_an_edited_record_is_named(told):
    name = f"registry/{NAME}/log/00000002.json"
    told.store.replace(name, told.store.read(name).replace(b"champion", b"sneaky00"))
    found = type(told)(told.store).verify(NAME)
    assert not found.ok
    assert "commit 2 " in found.problems[0] or "commit 3 " in found.problems[0]
    with pytest.raises(DamagedError):
        type(told)(told.store).version(f"{NAME}@champion")


# -- loading elsewhere ------------------------------------------------------------------------


def test_a_model_is_loaded_in_a_clean_process(told):
    result = told.check_loading(f"{NAME}@champion")
    assert (result.status, result.message) == ("passed", "the same predictions for the sample")
    assert "loads in a clean process: the same predictions" in result._repr_html_()


def test_a_module_that_is_not_installed_is_named(registry, tmp_path, monkeypatch):
    (tmp_path / "loose_code.py").write_text(
        "class Model:\n    def predict(self, rows):\n        return [0] * len(rows)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import loose_code

    registry.register(NAME, loose_code.Model())
    result = registry.check_loading(f"{NAME}/1")
    assert result.status == "failed"
    assert result.observed["module"] == "loose_code"


def test_what_is_not_trusted_does_not_load_elsewhere_either(registry, monkeypatch):
    registry.register(NAME, {1, 2})
    monkeypatch.setenv("MLOPSKIT_KEY", "the key of another person")
    assert "NotTrustedError" in registry.check_loading(f"{NAME}/1").message
    assert registry.check_loading(f"{NAME}/1", trust=True).ok


def test_a_class_of_the_program_that_runs_is_reported(store):
    program = (
        "import sys\nfrom mlopskit import Registry\nclass Own:\n    def predict(self, X): return X\n"
        "Registry(sys.argv[1]).register('flight-delays', Own())"
    )
    process = subprocess.run([sys.executable, "-c", program, store.url], capture_output=True, text=True, check=True)
    assert "UserWarning: Own is defined in the program that runs" in process.stderr


def test_the_registry_shows_itself(told, registry):
    html = told._repr_html_()
    assert NAME in html
    assert "champion = 2" in html
    assert "Nothing is registered yet." in type(told)("memory://empty-registry")._repr_html_()
    assert isinstance(registry.models(), pd.DataFrame)
