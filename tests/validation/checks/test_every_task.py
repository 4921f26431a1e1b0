"""Every check of models, asked about every kind of task: it has a verdict, or says what it needs."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from mlopskit.storage import canonical_json
from mlopskit.validation import Validator, checks

SUITE = Validator(
    [
        checks.BetterThanChampion("accuracy", resamples=100),
        checks.BetterThanDummy(resamples=100),
        checks.Calibrated(),
        checks.DemographicParity("origin"),
        checks.Deterministic(1),
        checks.Directional(lambda frame: frame.assign(hour=frame["hour"] + 1)),
        checks.EqualOpportunity("origin"),
        checks.Invariant(lambda frame: frame),
        checks.MaxLatency(10_000, calls=20),
        checks.MaxOverfit(resamples=100),
        checks.MaxSize(100),
        checks.NoDuplicatesAcross(),
        checks.NoGroupLeakage("day"),
        checks.NoLeakage(),
        checks.NoTimeLeakage("day"),
        checks.NoWeakSlice(("hour", "origin")),
        checks.NoWorseSlice("origin", "accuracy", resamples=100),
        checks.RobustTo("missing", resamples=100),
        checks.RobustTo("noise", resamples=100),
        checks.RowByRow(2),
        checks.SingleFeaturePower(),
        checks.StablePredictions(),
    ]
)
TWO_CLASSES = {"Calibrated", "DemographicParity", "EqualOpportunity", "Directional"}
ONE_OUTPUT = TWO_CLASSES | {"NoLeakage", "SingleFeaturePower"}
THREE = TWO_CLASSES - {"Calibrated"}
TASKS = {
    "two classes": (lambda late: late > 0, set()),
    "two classes of text": (lambda late: (late > 0).map({True: "late", False: "in time"}), set()),
    "two nullable classes": (lambda late: (late > 0).astype("boolean"), set()),
    "three categories": (lambda late: pd.cut(late, [-99, -1, 1, 99], labels=["a", "b", "c"]), THREE),
    "three classes of numbers": (lambda late: np.digitize(late, [-1, 1]), THREE),
    "numbers": (lambda late: late, TWO_CLASSES - {"Directional"}),
    "two outputs of classes": (lambda late: pd.DataFrame({"a": late > 0, "b": late > 1}), ONE_OUTPUT),
    "two outputs of numbers": (lambda late: pd.DataFrame({"a": late, "b": -late}), ONE_OUTPUT),
}  # fmt: skip


@pytest.mark.parametrize("task", TASKS)
def test_every_check_has_a_verdict_or_says_what_it_needs(task):
    random, (labels, without) = np.random.default_rng(0), TASKS[task]
    X = pd.DataFrame(
        {"hour": random.integers(5, 24, 1200), "x": random.normal(size=1200), "origin": random.integers(0, 2, 1200)}
    )
    y = labels(X["x"] * 2 + random.normal(size=1200))
    day, fitted = np.arange(1200) // 12, ["hour", "x", "origin"]
    forest = RandomForestRegressor if "numbers" in task and "classes" not in task else RandomForestClassifier
    model, champion = (forest(20, min_samples_leaf=leaf, random_state=0).fit(X[:600], y[:600]) for leaf in (5, 50))
    frame = X.assign(day=day)
    assert list(model.feature_names_in_) == fitted
    report = SUITE.validate_model(model, frame[600:], y[600:], train=(frame[:600], y[:600]), champion=champion)
    for check, result in zip(SUITE.checks, report.results, strict=True):
        assert canonical_json.can_encode(result.observed), result
        assert (result.status == "error") == (type(check).__name__ in without), result
        assert not result.message.startswith("can not run"), result
        assert "verdict" in result.observed or result.status == "error", result
