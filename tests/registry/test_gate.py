import numpy as np
import pytest

from mlopskit.errors import ValidationError
from mlopskit.records.report import CheckResult
from mlopskit.records.trial import Trial
from mlopskit.registry.gate import Gate

TRIAL = Trial(model=None)


class Better:
    def __init__(self, result):
        self.result = result

    def check(self, trial):
        return self.result


def verdict_of(*checks):
    verdict = Gate(checks).decide(TRIAL)
    return verdict.accepted, [result.status for result in verdict.results]


def test_a_gate_without_checks_is_an_error():
    with pytest.raises(ValueError, match="without checks"):
        Gate([])


@pytest.mark.parametrize("check", [Better, 3, "roc_auc > 0.7"])
def test_what_is_no_check_is_an_error(check):
    with pytest.raises(TypeError, match="no check"):
        Gate([check])


def test_every_check_is_asked_also_after_a_failure():
    assert verdict_of(lambda trial: False, lambda trial: np.bool_(True)) == (False, ["failed", "passed"])


def test_objects_and_functions_mix():
    passed = CheckResult("better", "passed")
    assert verdict_of(Better(passed), lambda trial: passed, lambda trial: True) == (True, ["passed"] * 3)


def test_skipped_and_warnings_let_pass():
    skipped, warned = CheckResult("a", "skipped"), CheckResult("b", "failed", severity="warn")
    assert verdict_of(Better(skipped), Better(warned)) == (True, ["skipped", "failed"])


@pytest.mark.parametrize("answer", [None, 1, "yes", [True]])
def test_an_answer_that_is_no_verdict_refuses(answer):
    assert verdict_of(lambda trial: answer) == (False, ["error"])


def test_a_check_that_raises_refuses_without_showing_data():
    def broken(trial):
        return float("JFK")

    (result,) = Gate([broken]).decide(TRIAL).results
    assert result.status == "error"
    assert "broken raised ValueError at test_gate.py:" in result.message
    assert "JFK" not in result.message


def test_mlopskits_own_messages_are_shown():
    def unlabelled(trial):
        raise ValidationError("y has no labels")

    (result,) = Gate([unlabelled]).decide(TRIAL).results
    assert result.message == "unlabelled raised ValidationError: y has no labels"


def test_numpy_numbers_can_be_recorded_and_other_things_refuse():
    found = Gate([Better(CheckResult("a", "passed", observed={"gain": np.float64(0.5)}))]).decide(TRIAL)
    assert type(found.results[0].observed["gain"]) is float
    assert verdict_of(Better(CheckResult("a", "passed", observed={"gain": {1}}))) == (False, ["error"])


def test_labels_of_rows_are_not_put_on_record():
    found = CheckResult("no leak", "failed", failed=1, rows=9, examples=(3,), labels=("Ana",))
    (result,) = Gate([Better(found)]).decide(TRIAL).results
    assert (result.examples, result.labels) == ((3,), ())


def test_a_gate_shows_its_checks():
    def is_small(trial):
        return True

    assert repr(Gate([is_small, Better(None)])) == "Gate([is_small, Better])"
