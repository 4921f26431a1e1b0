"""`Gate`: what a model must show before it may take an alias; nothing passes by accident."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeAlias

import attrs

from mlopskit.errors import MlopskitError
from mlopskit.records.report import CheckResult
from mlopskit.records.trial import Trial
from mlopskit.storage.canonical_json import can_encode


class Check(Protocol):
    """Anything that judges a trial, such as `mlopskit.checks.BetterThanChampion`."""

    def check(self, trial: Trial) -> CheckResult:
        """Return the verdict."""


AnyCheck: TypeAlias = Check | Callable[[Trial], "bool | CheckResult"]


@attrs.frozen
class Verdict:
    """What a gate found: one result per check, and whether all of them let the candidate pass."""

    results: tuple[CheckResult, ...]

    @property
    def accepted(self) -> bool:
        """Whether no check failed or could not run; a failure of severity *warn* does not count."""
        return all(result.ok for result in self.results)


class Gate:
    """What a candidate must show before it may replace the champion.

    Every check is asked, also after one has failed. A check that raises, or answers with anything but a bool or a
    `CheckResult`, refuses the candidate; one that is *skipped*, as there is no champion to compare with, does not.

    Parameters
    ----------
    checks : sequence of checks or functions
        Objects with ``check(trial)``, or plain functions of a `Trial` that return True or False.

    Raises
    ------
    ValueError
        If there are no checks, since such a gate would let everything pass.
    TypeError
        If one of them is no check.

    Examples
    --------
    >>> def has_data(trial): return trial.X is not None
    >>> verdict = Gate([has_data]).decide(Trial(model=None))
    >>> verdict.accepted, verdict.results[0].check, verdict.results[0].status
    (False, 'has_data', 'failed')
    """

    def __init__(self, checks: Sequence[AnyCheck]) -> None:
        self.checks = tuple(checks)
        if not self.checks:
            raise ValueError("A gate without checks lets everything pass; give it one, or promote without a gate.")
        for check in self.checks:
            if isinstance(check, type) or not (hasattr(check, "check") or callable(check)):
                raise TypeError(f"{_name(check)} is no check; give an instance with check(trial), or a function.")

    def decide(self, trial: Trial) -> Verdict:
        """Ask every check; writes nothing and never raises for what a check does."""
        return Verdict(tuple(_ask(check, trial) for check in self.checks))

    def __repr__(self) -> str:
        return f"Gate([{', '.join(map(_name, self.checks))}])"


def _ask(check: AnyCheck, trial: Trial) -> CheckResult:
    try:
        answer: object = check.check(trial) if hasattr(check, "check") else check(trial)
    except Exception as error:  # noqa: BLE001 - whatever a check does, it must not let a candidate pass
        return CheckResult(_name(check), "error", f"{_name(check)} raised {_description(error)}")
    if isinstance(answer, CheckResult):
        return _recordable(answer)
    if isinstance(answer, bool) or type(answer).__name__ in ("bool", "bool_"):  # NumPy's, whatever it is called
        passed = bool(answer)
        return CheckResult(_name(check), "passed" if passed else "failed", f"{_name(check)} is {str(passed).lower()}")
    message = f"{_name(check)} returned a {type(answer).__qualname__} instead of a bool or a CheckResult"
    return CheckResult(_name(check), "error", message)


def _recordable(result: CheckResult) -> CheckResult:
    """Make NumPy's numbers Python's; what still can not be put on record does not count as a verdict.

    The history is for good: rows are told by their positions in it, never by their labels, which may name people.
    """
    result = attrs.evolve(result, labels=())
    observed = {name: value.item() if hasattr(value, "item") else value for name, value in result.observed.items()}
    if can_encode(observed):
        return attrs.evolve(result, observed=observed)
    return attrs.evolve(result, status="error", message="its observed values have no JSON", observed={})


def _name(check: object) -> str:
    if hasattr(check, "__name__"):
        return str(check.__name__)
    return str(check) if type(check).__str__ is not object.__str__ else type(check).__qualname__


def _description(error: Exception) -> str:
    """Describe an error; only mlopskit's own messages are known to hold no data."""
    if isinstance(error, MlopskitError):
        return f"{type(error).__name__}: {error}"
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"
