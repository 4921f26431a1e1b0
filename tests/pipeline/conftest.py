import importlib
import itertools
import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from mlopskit.pipeline.code import code_of
from mlopskit.storage.store import Store

_numbers = itertools.count()


@pytest.fixture(params=["local", "memory"])
def store(request, tmp_path):
    return Store(tmp_path / "store" if request.param == "local" else f"memory://pipeline-tests-{next(_numbers)}")


@pytest.fixture
def local_store(tmp_path):
    return Store(tmp_path / "store")


class Recorder:
    """A tracker that remembers what it was told, and whose observers have a run."""

    def __init__(self):
        self.events = []

    def observe(self):
        return Observer(self.events)


class Observer:
    run = "the tracked run"

    def __init__(self, events):
        self._events = events

    def __call__(self, event):
        self._events.append(event)


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def status():
    """What became of each step of a result."""
    return lambda result: dict(zip(result.steps["step"], result.steps["status"], strict=True))


class Project:
    """Modules of a user's in a folder that can be imported from, edited, and imported as by a new process."""

    def __init__(self, folder):
        folder.mkdir()
        self.folder = folder
        self._names = set()

    def write(self, modules):
        """Write modules by name; text alone is that of ``steps``, and ``lib__helpers`` stands for ``lib.helpers``."""
        for name, text in ({"steps": modules} if isinstance(modules, str) else modules).items():
            *packages, module = name.split("__")
            for depth in range(len(packages)):
                package = self.folder.joinpath(*packages[: depth + 1])
                package.mkdir(exist_ok=True)
                (package / "__init__.py").touch()
                self._names.add(".".join(packages[: depth + 1]))
            self.folder.joinpath(*packages, f"{module}.py").write_text(textwrap.dedent(text))
            self._names.add(".".join([*packages, module]))

    def load(self, modules=None):
        """Return the module ``steps``, imported anew."""
        if modules is not None:
            self.write(modules)
        self.forget()
        return importlib.import_module("steps")

    def forget(self):
        for name in self._names:
            sys.modules.pop(name, None)
        importlib.invalidate_caches()


@pytest.fixture
def project(tmp_path, monkeypatch):
    project = Project(tmp_path / "project")
    monkeypatch.syspath_prepend(project.folder)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # two edits in one second would look alike
    yield project
    project.forget()


def version(modules, side):
    """Choose what stands before (1) or after (2) the bar wherever there is ``<before|after>``."""
    modules = {"steps": modules} if isinstance(modules, str) else modules
    return {name: re.sub(r"<([^<>|]*)\|([^<>|]*)>", rf"\{side}", text) for name, text in modules.items()}


@pytest.fixture
def edit(project):
    """Digest ``steps.step``, whose argument ``x`` is filled, before and after an edit."""

    def digest(modules):
        return code_of(project.load(modules).step, filled=["x"]).digest

    def digests(modules):
        before = digest(version(modules, 1))
        assert digest(version(modules, 1)) == before
        return before, digest(version(modules, 2))

    return digests


ELSEWHERE = """
import json, pathlib, sys, types

sys.dont_write_bytecode = True
from mlopskit.pipeline.code import code_of

def imported(folder):
    import steps
    return steps.step

def started(folder):
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    exec(compile((folder / "steps.py").read_text(), "steps.py", "exec"), vars(module))
    return module.step

digests = []
for folder in map(pathlib.Path, sys.argv[2:]):
    sys.path.insert(0, str(folder))
    digests.append(code_of(globals()[sys.argv[1]](folder)).digest)
    sys.path.remove(str(folder))
    for name, module in [*sys.modules.items()]:
        if (getattr(module, "__file__", None) or "").startswith(str(folder)):
            del sys.modules[name]
print(json.dumps(digests))
"""


@pytest.fixture
def other_processes(tmp_path):
    """Digest the same in processes with other hash seeds, one of which is started with the module itself."""

    def digests(cases):
        folders = [tmp_path / str(number) for number in range(len(cases))]
        for folder, modules in zip(folders, cases, strict=True):
            Project(folder).write(version(modules, 1))
        for seed, way in enumerate(["imported", "imported", "started"]):
            environment = {**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": str(Path(__file__).parents[2])}
            command = [sys.executable, "-c", ELSEWHERE, way, *map(str, folders)]
            done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
            yield json.loads(done.stdout)

    return digests
