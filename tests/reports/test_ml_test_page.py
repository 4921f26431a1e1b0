import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from mlopskit import Gate, Registry, checks
from mlopskit.errors import NotFoundError
from mlopskit.records.trial import Trial
from mlopskit.records.validation import ValidationReport
from mlopskit.reports import ml_test_score
from mlopskit.reports.ml_test_rubric import TESTS, Recorded, found_by

SHOWN = [
    checks.BetterThanDummy(),
    checks.BetterThanDummy("roc_auc", 0.1),
    checks.NoWorseSlice("origin"),
    checks.NoWeakSlice(),
    checks.DemographicParity("sex"),
    checks.EqualOpportunity("sex"),
    checks.ReportPassed(ValidationReport(()), name="data"),
    checks.ReportPassed(ValidationReport(()), name="drift"),
    checks.RobustTo("noise"),
    checks.RobustTo("missing"),
    checks.MaxLatency(20),
    checks.BetterThanChampion("roc_auc"),
]


@pytest.fixture
def registry(tmp_path):
    return Registry(tmp_path / "store")


@pytest.fixture
def rows():
    random = np.random.default_rng(0)
    X = pd.DataFrame({"x": random.normal(size=400)})
    return X, (X["x"] + random.normal(size=400) > 0).astype(int)


def answers(score):
    return {each.test: (each.answer, each.evidence) for each in score.answers}


def test_there_are_seven_tests_in_each_section():
    sections = [test.section for test in TESTS]
    assert {name: sections.count(name) for name in sections} == {
        "Data": 7, "Model": 7, "Infrastructure": 7, "Monitoring": 7
    }  # fmt: skip


def test_an_unexamined_version_proves_little(registry):
    registry.register("flight-delays", {"any": "value"}, by="ana")
    score = ml_test_score(registry, "flight-delays/1")
    found = answers(score)
    assert found["Feature expectations are captured in a schema"] == ("no", "registered without a sample")
    assert found["Model quality is validated before serving"] == ("unknown", "it never got an alias")
    assert set(score.sections.values()) == {0}


def test_what_is_on_record_answers(registry, rows):
    X, y = rows
    model = LogisticRegression().fit(X, y)
    gate = Gate([checks.BetterThanDummy(), checks.MaxLatency(1000, calls=20), checks.NoWeakSlice(min_rows=50)])
    for _ in range(2):
        version = registry.register("flight-delays", model, sample=X.head(), by="ana")
    registry.approve("flight-delays", 2, by="ben")
    registry.promote("flight-delays", 1, to="champion", by="ana")
    assert answers(ml_test_score(registry, "flight-delays/1"))["Model quality is validated before serving"][0] == "no"
    assert registry.promote("flight-delays", version, to="champion", gate=gate, data=(X, y), by="ana").accepted
    registry.rollback("flight-delays", "champion", by="ana", reason="storm week")
    score = ml_test_score(registry.store, "flight-delays/2")
    found = answers(score)
    assert found["Feature expectations are captured in a schema"] == ("yes", "1 columns")
    assert found["Model specs are reviewed and submitted"] == ("yes", "approved by ben")
    assert found["A simpler model is not better"] == ("yes", "better than a dummy: passed")
    assert found["Computing performance has not regressed"][0] == "yes"
    assert found["Model quality is sufficient on important data slices"][0] == "yes"
    assert found["Training is reproducible"] == ("yes", "version 1 has the very same bytes")
    assert found["Model quality is validated before serving"] == ("yes", "it became champion after 3 checks")
    assert found["Serving models can be rolled back"] == ("yes", "1 on record")
    assert found["The model is tested for considerations of inclusion"] == ("unknown", "no gate asked for it")
    assert score.sections["Model"] == 3
    assert score.to_frame().shape == (28, 5)
    assert "storm" not in score.html
    assert "Monitoring" in score._repr_html_()


def test_every_phrase_by_which_results_are_found_is_one_of_a_check():
    """A check that puts itself in other words would no longer be found."""
    asked = [
        test for test in TESTS if test.answer is not None and test.answer.__qualname__.startswith(found_by.__name__)
    ]
    heard = set()
    for check in SHOWN:
        result = check.result("passed")
        decision = type("Decision", (), {"results": (result,)})
        recorded = Recorded(Trial(None).version, (decision,), (), ())
        answered = {test.test for test in asked if test.answer(recorded)[0] == "yes"}
        assert len(answered) == 1, check
        heard |= answered
    assert heard == {test.test for test in asked}


def test_a_version_that_is_not_there_is_named(registry):
    with pytest.raises(NotFoundError, match="flight-delays"):
        ml_test_score(registry, "flight-delays/1")
