import json
import subprocess
import sys
import uuid

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlopskit.packages import imported_packages
from mlopskit.records.json import to_json
from mlopskit.tracking import environment, git
from mlopskit.tracking.environment import current_environment, masked
from mlopskit.tracking.git import code_at, without_credentials

SECRETS = [
    "--password=hunter2",
    "db.password=hunter2",
    "API_KEY=hunter2",
    "https://ana:hunter2@host/x",
    "--token:hunter2",
]


@pytest.mark.parametrize("word", SECRETS)
def test_secrets_on_the_command_line_are_masked(word):
    assert "hunter2" not in " ".join(masked(["train.py", word]))


@pytest.mark.parametrize("option", ["--password", "--api-key", "-token", "--aws-secret-access-key"])
def test_the_word_after_a_secrets_name_is_masked(option):
    assert masked([option, "hunter2", "6"]) == (option, "***", "6")


@given(st.lists(st.text()))
def test_any_words_can_be_kept(words):
    assert len(masked(words)) == len(words)


def test_no_variable_that_is_not_listed_is_kept(monkeypatch):
    secret = uuid.uuid4().hex  # one that is in no uncommitted file either
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    found = current_environment()
    assert secret not in json.dumps(to_json(found))
    assert found.variables["OMP_NUM_THREADS"] == "3"


def test_versions_are_those_of_what_is_imported():
    found = imported_packages()
    assert found["numpy"] == np.__version__
    assert found["pandas"] == pd.__version__


def test_what_can_not_be_found_out_is_empty(monkeypatch):
    def fails(*_):
        raise RuntimeError

    for name in ("imported_packages", "_machine", "_code", "_variables"):
        monkeypatch.setattr(environment, name, fails)
    found = current_environment()
    assert (found.packages, found.code.commit, found.machine.cpus) == ({}, "", 0)


@pytest.fixture
def project(tmp_path):
    def run_git(*words):
        identity = ["-c", "user.name=ana", "-c", "user.email=ana@example.com"]
        subprocess.run(["git", *identity, *words], cwd=tmp_path, check=True, capture_output=True)

    run_git("init", "-b", "main")
    (tmp_path / "train.py").write_text("depth = 4\n")
    run_git("add", ".")
    run_git("commit", "-m", "first")
    run_git("remote", "add", "origin", "https://ana:hunter2@git.example.com/flights.git?token=hunter2")
    git._asked.clear()
    return tmp_path


def test_a_clean_repository_is_known_by_its_commit(project):
    code = code_at(project)
    assert len(code.commit) == 40
    assert (code.branch, code.dirty, code.diff, code.untracked) == ("main", False, "", ())
    assert code.remote == "https://git.example.com/flights.git"


def test_what_is_not_committed_is_kept_as_a_diff(project):
    (project / "train.py").write_text("depth = 6\n")
    (project / "new.py").write_text("password = 'hunter2'\n")
    code = code_at(project)
    assert code.dirty
    assert "-depth = 4\n+depth = 6" in code.diff
    assert code.untracked == ("new.py",)
    assert "hunter2" not in repr(code)


def test_without_git_nothing_is_known_and_nothing_fails(project, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert code_at(project).commit == ""


def test_addresses_lose_their_credentials():
    assert without_credentials("https://a:b@c@host/x") == "https://host/x"


def test_a_run_reads_back_what_it_ran_with(tracker):
    with tracker.start_run() as run:
        pass
    found = tracker.get_run(run.id).environment
    assert found.python.version == ".".join(map(str, sys.version_info[:3]))
    assert found.packages["numpy"] == np.__version__
