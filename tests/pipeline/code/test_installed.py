import importlib
import subprocess
import sys
import types

import numpy as np
import pytest

from mlopskit.pipeline.code.installed import is_installed, is_installed_file, version_of


@pytest.mark.parametrize(
    "name",
    [
        "builtins",
        "sys",
        "json",
        "json.decoder",
        "types",
        "posixpath",
        "numpy",
        "numpy.random",
        "mlopskit.pipeline",
        "wave",
    ],
)
def test_installed(name):
    assert is_installed(name)


@pytest.mark.parametrize("name", [None, property(), "", "__main__", "__mp_main__", "no_such_module", "no_such.module"])
def test_not_installed(name):
    assert not is_installed(name)


def test_a_module_of_the_users_is_not_even_if_it_is_called_like_one_of_python(project, monkeypatch):
    monkeypatch.delitem(sys.modules, "this", raising=False)
    project.load({"steps": "import this", "this": "x = 1"})
    assert not is_installed("steps")
    assert not is_installed("this")


def test_a_module_of_the_users_is_not_before_it_is_imported(project):
    project.write("x = 1")
    assert not is_installed("steps")


def test_a_module_that_was_made_at_run_time_is_the_users(monkeypatch):
    monkeypatch.setitem(sys.modules, "made_at_run_time", types.ModuleType("made_at_run_time"))
    assert not is_installed("made_at_run_time")


def test_of_a_namespace_each_part_is_whose_folder_it_lies_in(tmp_path, monkeypatch):
    """A company's ``acme.core`` may be installed while ``acme.app`` is what is worked on."""
    for folder, name in (("site-packages", "core"), ("work", "app")):
        (tmp_path / folder / "acme_shared").mkdir(parents=True)
        (tmp_path / folder / "acme_shared" / f"{name}.py").touch()
        monkeypatch.syspath_prepend(tmp_path / folder)
    importlib.import_module("acme_shared.core")
    importlib.import_module("acme_shared.app")
    assert is_installed("acme_shared.core")
    assert not is_installed("acme_shared.app")


def test_code_in_a_folder_of_packages():
    assert is_installed_file("/usr/lib/python3/dist-packages/thing/code.py")
    assert is_installed_file("<frozen importlib._bootstrap>")
    assert not is_installed_file("/home/ana/site/code.py")


def test_a_version_that_is_stated_is_believed(monkeypatch):
    monkeypatch.setattr(np, "__version__", "9.9")
    assert version_of("numpy.linalg") == "9.9"


@pytest.mark.parametrize("name", ["attr", "sklearn", "dateutil", "numpy"])
def test_a_version_is_the_same_before_and_after_the_import(name):
    program = (
        "import importlib, sys; from mlopskit.pipeline.code.installed import version_of; "
        f"sys.modules.pop({name!r}, None); print(version_of({name!r})); "
        f"print({name!r} in sys.modules); importlib.import_module({name!r}); print(version_of({name!r}))"
    )
    before, imported, after = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout.split()
    assert before == after
    assert imported == "False"


def test_no_version_is_known_of_what_is_not_there():
    assert version_of("no_such_module") == ""
