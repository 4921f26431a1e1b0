import attrs
import pytest

from mlopskit.records.model import CARD_SECTIONS, ModelVersion
from mlopskit.records.report import CheckResult
from mlopskit.records.trial import Trial
from mlopskit.records.validation import ValidationReport
from mlopskit.validation.checks import Approvals, CardComplete, ReportPassed

VERSION = ModelVersion("flight-delays", 1, "2026-03-01T00:00:00+00:00", "ana", "ab12", {})


def trial(**known):
    return Trial(model=None, version=attrs.evolve(VERSION, **known))


def test_the_authors_own_approval_does_not_count():
    assert Approvals(1).check(trial(approved_by=("ana",))).status == "failed"
    assert Approvals(1).check(trial(approved_by=("ana", "ben"))).status == "passed"


def test_approvals_are_of_different_people_and_perhaps_of_some_only():
    approved = trial(approved_by=("ben", "ben", "cleo"))
    assert Approvals(2).check(approved).status == "passed"
    assert Approvals(3).check(approved).status == "failed"
    result = Approvals(2, by=["cleo", "dan"]).check(approved)
    assert (result.status, result.observed["approved"]) == ("failed", ["cleo"])


def test_a_card_is_complete_when_every_section_is_written():
    result = CardComplete().check(trial(description="Delays."))
    assert result.status == "failed"
    assert result.observed["missing"] == [name for name in CARD_SECTIONS if name != "description"]
    written = dict.fromkeys(CARD_SECTIONS, "words")
    assert CardComplete().check(trial(written=written)).status == "passed"
    assert CardComplete().check(trial(written=written | {"owner": "  "})).observed["missing"] == ["owner"]


def test_a_model_that_is_not_registered_has_neither():
    assert Approvals().check(Trial(model=None)).status == "error"
    assert CardComplete().check(Trial(model=None)).status == "error"


class Drift:
    def __init__(self, drifted):
        self.drifted = drifted


def test_reports_of_data_and_of_drift_speak_for_themselves():
    bad = ValidationReport((CheckResult("origin is never missing", "failed"),))
    assert ReportPassed(ValidationReport(())).check(Trial(model=None)).ok
    assert not ReportPassed(bad).check(Trial(model=None)).ok
    assert ReportPassed(Drift(drifted=False)).check(Trial(model=None)).ok
    assert not ReportPassed(Drift(drifted=True), severity="error").check(Trial(model=None)).ok
    with pytest.raises(ValueError, match="takes a report"):
        ReportPassed(7)
