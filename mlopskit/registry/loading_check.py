"""Whether a version loads where it is to be used: in a clean process that has nothing of the program that made it."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import tempfile
from typing import Any

from mlopskit.records.report import CheckResult
from mlopskit.storage.store import Store

_SECONDS = 120
_LONGEST = 300
_PROGRAM = """
import json, pickle, sys, traceback
said = {}
try:
    store, version, trust = pickle.loads(sys.stdin.buffer.read())
    from mlopskit.registry.registry import Registry
    model = Registry(store).load(version, trust=trust)
    said = {"loaded": True, "sample": "sample" in getattr(getattr(model, "version", None), "artifacts", ())}
    if said["sample"]:
        import pandas as pd
        from mlopskit.errors import SignatureError
        try:
            model.predict(pd.DataFrame({"no such column": [1]}))
        except SignatureError:
            said["refuses"] = True
except BaseException as error:
    cause = error
    while cause is not None and not (isinstance(cause, ImportError) and cause.name):
        cause = cause.__cause__ or cause.__context__
    said = {"error": f"{type(error).__name__}: {error}", "module": getattr(cause, "name", None)}
print("\\n" + json.dumps(said))
"""


def check_loading(store: Store, version: str, *, trust: bool, seconds: float = _SECONDS) -> CheckResult:
    """Load a version with ``python -I`` in an empty folder: no current folder, no PYTHONPATH, no user's packages.

    Returns
    -------
    CheckResult
        *Passed* if it loads there, gives the predictions it was registered with, and refuses input that does not fit.
        Otherwise the message names what is missing.
    """
    name = f"{version} loads in a clean process"
    with tempfile.TemporaryDirectory() as folder:
        try:
            process = subprocess.run(
                [sys.executable, "-I", "-c", _PROGRAM],
                input=pickle.dumps((store, version, trust)),
                capture_output=True,
                cwd=folder,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return CheckResult(name, "failed", f"it did not load within {seconds:g} s")
    lines = process.stdout.decode(errors="replace").strip().splitlines()
    try:
        said = json.loads(lines[-1])
    except (IndexError, ValueError):
        return CheckResult(name, "failed", f"the process ended with code {process.returncode} and said nothing")
    return _verdict(name, said)


def _verdict(name: str, said: dict[str, Any]) -> CheckResult:
    if said.get("module"):
        module = said["module"]
        return CheckResult(
            name,
            "failed",
            f"it needs the module {module}, which can not be imported there: install its package, or move the code "
            "that the model uses into one that is installed",
            observed={"module": module},
        )
    if "error" in said:
        return CheckResult(name, "failed", said["error"][:_LONGEST])
    if said["sample"] and not said.get("refuses"):
        return CheckResult(name, "failed", "it takes input that does not fit its signature")
    found = "the same predictions for the sample" if said["sample"] else "registered without a sample to predict"
    return CheckResult(name, "passed", found)
