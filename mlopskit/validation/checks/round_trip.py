"""Whether a model is the same after it was saved and loaded elsewhere, and how it takes input it was not made for."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import attrs
import cloudpickle
import numpy as np

from mlopskit.clean_process import run_clean
from mlopskit.records.report import CheckResult
from mlopskit.records.trial import Trial
from mlopskit.validation import questioning
from mlopskit.validation.asking import answer_of, methods_of
from mlopskit.validation.bootstrap import Array
from mlopskit.validation.checks.models import ScoreCheck
from mlopskit.validation.checks.parameters import few
from mlopskit.validation.input_cases import Case, input_cases
from mlopskit.validation.trial_rows import asked_rows, count_rows, taken

_ROWS = 1000


@attrs.frozen
class SurvivesRoundTrip(ScoreCheck):
    """Saved and loaded in a clean process, the model predicts the same, and takes no wrong input in silence.

    The process has no current folder, no PYTHONPATH and no user's packages, as for ``python -I``. There the model is
    asked about

    - the held-out rows, at most 1,000 of them: the same predictions;
    - one row, and 10,000: the same predictions; no rows: no predictions, or a refusal;
    - an extra column, and columns in another order: the same predictions, or a refusal;
    - each column missing, and texts in each column of numbers: a refusal, unless predictions are the same without it;
    - a value never seen in each column of texts or categories, and a missing one in each column: whole predictions, or
      a refusal.

    Parameters
    ----------
    seconds : float
        How long all of it may take.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    ValueError
        If the time is not positive.

    Notes
    -----
    The model is saved with cloudpickle. To refuse is to raise any exception. Columns are looked at, the first 30 of
    them, if the rows are a DataFrame. `observed` of the result: verdict ("survives", "can not be saved", "can not be
    loaded", "too slow", "does not survive") and findings: what the model did, by name of the input.

    Examples
    --------
    >>> str(SurvivesRoundTrip())
    'saved and loaded, the model predicts the same and takes no wrong input in silence'
    """

    seconds: float = attrs.field(default=300.0, kw_only=True, validator=attrs.validators.gt(0))

    def __str__(self) -> str:
        return "saved and loaded, the model predicts the same and takes no wrong input in silence"

    def judge(self, trial: Trial) -> CheckResult:
        """Save, load and ask."""
        rows = asked_rows(trial)
        rows = taken(rows, np.arange(min(count_rows(rows), _ROWS)))
        answers = _asked_here(trial.model, rows)
        try:
            saved = cloudpickle.dumps(trial.model)
        except Exception as error:  # noqa: BLE001 - whatever keeps it from being saved is the finding
            return self._failed("can not be saved", f"cloudpickle raised {type(error).__name__}")
        cases, method = list(input_cases(rows)), list(answers)[-1]
        questions = [(each, rows) for each in answers] + [(method, case.rows) for case in cases]
        ended = run_clean(Path(questioning.__file__), pickle.dumps((saved, questions)), seconds=self.seconds)
        said = _read(ended.answer)
        if not said or said[0]:
            return self._failed("can not be loaded", _why(said[0] if said else {}, ended.code))
        if ended.code is None:
            return self._failed("too slow", f"{len(said) - 1} of {len(questions)} answers in {self.seconds:g} s")
        return self._judged(said[1:], answers, cases, method, count_rows(rows))

    def _judged(
        self, said: list[dict[str, Any]], answers: dict[str, Array], cases: list[Case], method: str, rows: int
    ) -> CheckResult:
        plain = [Case(f"{each} of the same rows", None, np.arange(rows), "same") for each in answers]
        expected = [*answers.values(), *[answers[method]] * len(cases)]
        said = [*said, {}]  # a question that ended the process has no answer; those after it were not put
        judged = [
            (case, *case.judge(each, before))
            for case, each, before in zip([*plain, *cases], said, expected, strict=False)
        ]
        findings = {case.name: words for case, _, words in judged}
        wrong = [f"{case.name} ({words})" for case, allowed, words in judged if not allowed]
        observed = {"verdict": "does not survive" if wrong else "survives", "findings": findings}
        message = f"{len(wrong)} of {len(findings)} kinds of input: {few(wrong)}" if wrong else ""
        return self.result("failed" if wrong else "passed", message, rows=rows, observed=observed)

    def _failed(self, verdict: str, why: str) -> CheckResult:
        return self.result("failed", f"it {verdict}: {why}", observed={"verdict": verdict, "findings": {}})


def _asked_here(model: Any, rows: Any) -> dict[str, Array]:
    """Return what the model answers in this process, by method."""
    return {method: answer_of(model, method, rows) for method in methods_of(model)}


def _read(answer: bytes) -> list[dict[str, Any]]:
    """Return all that was written whole before the process ended."""
    said, stream = [], io.BytesIO(answer)
    while stream.tell() < len(answer):
        try:
            said.append(pickle.load(stream))
        except (EOFError, pickle.UnpicklingError):
            break
    return said


def _why(said: dict[str, Any], code: int | None) -> str:
    if module := said.get("module"):
        return (
            f"it needs the module {module}, which can not be imported in a clean process: install its package, or move "
            "the code that the model uses into one that is installed"
        )
    if "raised" in said:
        return f"{said['raised']} in a clean process"
    return "the time was up" if code is None else f"the process ended with code {code}"
