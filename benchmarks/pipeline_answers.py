"""Does a pipeline tool give stale answers, or run what need not? One process before a change, one after it.

``python benchmarks/pipeline_answers.py TOOL PHASE`` writes every program of the catalogues to the working directory,
as it is before (PHASE 0) or after (PHASE 1) its change, runs it with the tool on a cache folder that both phases share,
and prints a line of JSON for each: what the tool answered, what the same code answers without it, whether it ran.
`judged` compares the two.
"""

import contextlib
import importlib
import io
import json
import logging
import os
import sys
import tempfile
import warnings
from pathlib import Path
from typing import NamedTuple

from pipeline_edits import EDITS, NEUTRAL
from pipeline_inputs import CHANGES, EQUAL
from pipeline_peers import TOOLS, Tool, one_by_one
from processes import run


class Question(NamedTuple):
    """One case: a program, how its values reach it, and whether the change can change the answer."""

    kind: str
    name: str
    case: object
    changes: bool

    @property
    def key(self) -> str:
        return f"{self.kind}: {self.name}"


KINDS = {
    "code": (EDITS, NEUTRAL),
    "parameter": (CHANGES, EQUAL),
    "output": (CHANGES, EQUAL),
}
QUESTIONS = [
    Question(kind, case.name, case, changes)
    for kind, (changing, same) in KINDS.items()
    for cases, changes in ((changing, True), (same, False))
    for case in cases
]


class Verdict(NamedTuple):
    """How one tool did: a word for each question, and why it failed where it did."""

    words: dict[str, str]
    reasons: dict[str, str]

    def count(self, word: str, kind: str, *, changes: bool) -> int:
        keys = [each.key for each in QUESTIONS if (each.kind, each.changes) == (kind, changes)]
        return sum(self.words.get(key) == word for key in keys)


def judged(tool: str, timeout: float) -> Verdict:
    """Run both phases of one tool, each in a process of its own."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        before, after = (phase_of(tool, phase, Path(folder), timeout) for phase in (0, 1))
    words, reasons = {}, {}
    for question in QUESTIONS:
        first, second = before.get(question.key), after.get(question.key)
        if first is None or second is None:
            words[question.key], reasons[question.key] = "failed", "its process ended before it"
            continue
        if "expected" in first and (first["expected"] != second.get("expected")) != question.changes:
            raise ValueError(f"The catalogue is wrong: {question.key}: {first} {second}")
        words[question.key] = word_for(question, first, second)
        if words[question.key] == "failed":
            reasons[question.key] = first.get("error") or second.get("error") or "it did not run in an empty folder"
    return Verdict(words, reasons)


def word_for(question: Question, first: dict, second: dict) -> str:
    """Say "stale", "needless" or "right"; "failed" if the tool can not answer at all."""
    if "error" in first or "error" in second or not first["ran"]:
        return "failed"
    if second["answer"] != second["expected"]:
        return "stale"
    return "needless" if second["ran"] and not question.changes else "right"


def phase_of(tool: str, phase: int, folder: Path, timeout: float) -> dict[str, dict]:
    """Return what the process of one phase said, as far as it got."""
    printed, _ = run("pipeline_answers.py", tool, str(phase), folder=folder, timeout=timeout)
    lines = [json.loads(line[4:]) for line in printed.splitlines() if line.startswith("say ")]
    return {line.pop("key"): line for line in lines}


# -- one phase, in a process of its own --------------------------------------------------------


def asked(tool: type[Tool], question: Question, package: str, phase: int) -> dict:
    """Run one program with the tool and without."""
    question.case.write(Path(package), edited=bool(phase))
    module = importlib.import_module(f"{package}.steps")
    functions = [module.make, module.step] if hasattr(module, "make") else [module.step]
    inputs = {"x": 3, **getattr(module, "GIVEN", {})}
    if question.kind == "parameter":
        functions, inputs = [module.step], {"make": module.make(phase)}
    elif question.kind == "output":
        inputs = {"which": phase}
    with contextlib.redirect_stdout(io.StringIO()):
        expected = one_by_one(functions, lambda function: function)(inputs)
    said = {"expected": repr(expected)}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        try:
            said["answer"] = repr(tool(Path("caches") / package).ask(functions, inputs))
        except Exception as error:
            said["error"] = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return said | {"ran": "RAN" in printed.getvalue()}


def main(name: str, phase: str) -> None:
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    sys.path.insert(0, str(Path.cwd()))
    for number, question in enumerate(QUESTIONS):
        said = asked(TOOLS[name], question, f"case_{number:03}", int(phase))
        print("say " + json.dumps({"key": question.key, **said}), flush=True)
    os._exit(0)  # threads and processes that a library leaves behind are not waited for


if __name__ == "__main__":
    main(*sys.argv[1:])
