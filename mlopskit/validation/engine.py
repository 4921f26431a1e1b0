"""All checks of a suite over a frame at once: chunk by chunk, mergeable, and none stops the others."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from mlopskit.errors import MlopskitError, ValidationError
from mlopskit.records.report import CheckResult
from mlopskit.records.trial import Trial
from mlopskit.records.validation import ValidationReport
from mlopskit.validation.checks.check import Check, FrameCheck
from mlopskit.validation.checks.models import ModelCheck
from mlopskit.validation.checks.parameters import few
from mlopskit.validation.chunk import Chunk
from mlopskit.validation.trial_rows import count_rows

_INSTALLED = {"site-packages", "mlopskit"}
"""Folders of files that are not the user's."""


class Evaluation:
    """The state of several checks after some rows.

    Parameters
    ----------
    checks : sequence of Check
        Those of models are skipped.
    """

    def __init__(self, checks: Sequence[Check]):
        self.rows = 0
        self.chunks = 0
        self._results = [_Progress(check) if isinstance(check, FrameCheck) else _skipped(check) for check in checks]
        self._progress = [each for each in self._results if isinstance(each, _Progress)]

    def update(self, frame: pd.DataFrame) -> None:
        """Look at further rows."""
        chunk = Chunk(frame)
        for progress in self._progress:
            progress.update(chunk)
        self.rows += len(frame)
        self.chunks += 1

    def merge(self, later: Evaluation) -> None:
        """Add what another evaluation of the same checks found in the rows after these."""
        for progress, other in zip(self._progress, later._progress, strict=True):
            progress.merge(other)
        self.rows += later.rows
        self.chunks += later.chunks

    def finish(self) -> ValidationReport:
        """Return all verdicts."""
        results = [each.finish(self.chunks) if isinstance(each, _Progress) else each for each in self._results]
        return ValidationReport(tuple(results), self.rows)


def _skipped(check: Check) -> CheckResult:
    return check.result("skipped", "looks at a model; use validate_model")


class _Progress:
    """One check's state, or why it could not run."""

    def __init__(self, check: FrameCheck):
        self.check = check
        self.state = check.start()
        self.problem = ""

    def update(self, chunk: Chunk) -> None:
        self.problem = self.problem or chunk.unreadable(self.check.reads)
        if self.problem:
            return
        try:
            self.state = self.check.update(self.state, chunk)
        except Exception as error:  # noqa: BLE001 - whatever the rows did to one check, the others shall run
            named = few(chunk.dtypes(self.check.reads))
            self.problem = f"can not run on {named or 'these rows'}: {_reason(error)}"

    def merge(self, later: _Progress) -> None:
        self.problem = self.problem or later.problem
        if self.problem:
            return
        try:
            self.state = self.check.merge(self.state, later.state)
        except Exception as error:  # noqa: BLE001 - see update
            self.problem = f"can not join what it found in two parts of the rows: {_reason(error)}"

    def finish(self, chunks: int) -> CheckResult:
        if self.problem or not chunks:
            return self.check.result("error", self.problem or "there was no frame to look at")
        try:
            return _result(self.check, self.check.finish(self.state))
        except Exception as error:  # noqa: BLE001 - see update
            named = few(map(repr, self.check.reads))
            return self.check.result("error", f"can not conclude on {named or 'these rows'}: {_reason(error)}")


def evaluate_model(checks: Sequence[Check], trial: Trial) -> ValidationReport:
    """Run the checks of models; those of rows are skipped."""
    return ValidationReport(tuple(_judge(check, trial) for check in checks), _rows(trial.X))


def _judge(check: Check, trial: Trial) -> CheckResult:
    if not isinstance(check, ModelCheck):
        return check.result("skipped", "looks at rows; use validate")
    try:
        return _result(check, check.check(trial))
    except Exception as error:  # noqa: BLE001 - whatever the model did to one check, the others shall run
        return check.result("error", f"can not run: {_reason(error)}")


def _rows(X: Any) -> int:  # noqa: N803
    try:
        return 0 if X is None else count_rows(X)
    except ValidationError:  # which every check then says by itself
        return 0


def _reason(error: Exception) -> str:
    """Only mlopskit's own messages are known to be free of data values; of others, tell what and in which file."""
    if isinstance(error, MlopskitError):
        return str(error)
    own = [
        place for place in traceback.extract_tb(error.__traceback__) if not _INSTALLED & set(Path(place.filename).parts)
    ]
    where = f" in {Path(own[-1].filename).name}, line {own[-1].lineno}" if own else ""
    return f"{type(error).__name__}{where}"


def _result(check: Check, found: object) -> CheckResult:
    if isinstance(found, CheckResult):
        return found
    kind = type(found).__name__
    return check.result("error", f'it returned a {kind}; a check returns self.result("passed"), or another status')
