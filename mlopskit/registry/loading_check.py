"""Whether a version loads where it is to be used: in a clean process that has nothing of the program that made it."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

from mlopskit.clean_process import SECONDS, run_clean
from mlopskit.records.report import CheckResult
from mlopskit.registry import loading
from mlopskit.storage.store import Store

_LONGEST = 300


def check_loading(store: Store, version: str, *, trust: bool, seconds: float = SECONDS) -> CheckResult:
    """Load a version by `run_clean`: no current folder, no PYTHONPATH, no user's packages.

    Returns
    -------
    CheckResult
        *Passed* if it loads there, gives the predictions it was registered with, and refuses input that does not fit.
        Otherwise the message names what is missing.
    """
    name = f"{version} loads in a clean process"
    ended = run_clean(Path(loading.__file__), pickle.dumps((store, version, trust)), seconds=seconds)
    if ended.code is None:
        return CheckResult(name, "failed", f"it did not load within {seconds:g} s")
    try:
        said = json.loads(ended.answer)
    except ValueError:
        return CheckResult(name, "failed", f"the process ended with code {ended.code} and said nothing")
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
    if said["sample"] and not said["refuses"]:
        return CheckResult(name, "failed", "it takes input that does not fit its signature")
    found = "the same predictions for the sample" if said["sample"] else "registered without a sample to predict"
    return CheckResult(name, "passed", found)
