from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu, norm
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import roc_auc_score

from mlopskit.drift.multivariate.domain_classifier import DomainClassifier, _auc
from mlopskit.errors import ValidationError


def rows_of(random, rows, correlation=0.0, columns=9):
    matrix = random.normal(size=(rows, columns))
    matrix[:, 1] = correlation * matrix[:, 0] + np.sqrt(1 - correlation**2) * matrix[:, 1]
    return pd.DataFrame(matrix, columns=[f"x{number}" for number in range(columns)])


@pytest.mark.parametrize("digits", [8, 0])
def test_the_auc_and_its_error_are_those_of_mann_and_whitney(digits):
    random = np.random.default_rng(0)
    scores, labels = random.normal(size=200).round(digits), random.random(200) < 0.3
    scores[labels] += 0.2
    auc, variance = _auc(scores, labels)
    assert auc == pytest.approx(roc_auc_score(labels, scores))
    expected = mannwhitneyu(
        scores[labels], scores[~labels], alternative="greater", method="asymptotic", use_continuity=False
    )
    z = (auc - 0.5) / np.sqrt(variance)
    assert norm.sf(z) == pytest.approx(expected.pvalue)


def test_a_change_of_correlation_alone_is_found_every_time():
    random = np.random.default_rng(0)
    found = [DomainClassifier().compare(rows_of(random, 1000), rows_of(random, 1000, 0.5)) for _ in range(5)]
    assert all(result.p_value < 0.001 for result in found)
    assert sum(set(list(result.contributions)[:2]) == {"x0", "x1"} for result in found) >= 4
    assert all(0.55 < result.statistic < 0.7 for result in found)


def test_false_alarms_on_a_frame_full_of_traps(frame, most_alarms):
    alarms = 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        alarms += DomainClassifier(seed=seed).compare(frame(random, 300), frame(random, 150)).p_value < 0.05
    assert alarms <= most_alarms(60, 0.05)


def test_trees_find_what_no_moment_shows():
    random = np.random.default_rng(0)
    before, after = rows_of(random, 1500, columns=3), rows_of(random, 1500, columns=3)
    after["x2"] = after["x2"].abs() * np.sign(after["x0"] * after["x1"])
    trees = DomainClassifier(ExtraTreesClassifier(30, min_samples_leaf=10, random_state=0))
    assert trees.compare(before, after).p_value < 1e-6
    assert DomainClassifier().compare(before, after).p_value > 1e-3


class Watched(LinearDiscriminantAnalysis):
    trained_on: ClassVar = []

    def fit(self, matrix, labels):
        self.trained_on.append({row.tobytes() for row in matrix})
        return super().fit(matrix, labels)


def test_a_fold_is_scored_by_what_was_trained_on_earlier_folds_alone():
    Watched.trained_on.clear()
    random = np.random.default_rng(0)
    DomainClassifier(Watched(), folds=4).compare(rows_of(random, 400), rows_of(random, 200))
    assert [len(rows) for rows in Watched.trained_on] == [150, 300, 450]
    assert Watched.trained_on[0] < Watched.trained_on[1] < Watched.trained_on[2]


def test_embeddings_are_arrays():
    random = np.random.default_rng(0)
    before, after = random.normal(size=(2, 400, 20))
    after[:, 0] += 0.7
    found = DomainClassifier().compare(before, after)
    assert found.p_value < 1e-4
    assert found.contributions == {"embedding": 1.0}


def test_the_same_answer_again_and_more_rows_than_most_are_drawn():
    random = np.random.default_rng(0)
    before, after = rows_of(random, 3000), rows_of(random, 500)
    classifier = DomainClassifier(most_rows=300)
    assert classifier.compare(before, after) == classifier.compare(before, after)
    assert classifier.compare(before, after).n_reference == 3000


@pytest.mark.parametrize("rows", [0, 1, 19])
def test_too_few_rows_have_no_answer(rows):
    found = DomainClassifier().compare(rows_of(np.random.default_rng(0), 100), rows_of(np.random.default_rng(1), rows))
    assert (found.p_value, found.effect) == (1, 0)
    assert found.note.startswith("not enough data")
    nothing = DomainClassifier().compare(pd.DataFrame(), rows_of(np.random.default_rng(0), 100))
    assert nothing.note.startswith("not enough data")


def test_constant_columns_have_no_answer():
    constant = pd.DataFrame({"x": np.ones(50), "y": ["a"] * 50})
    assert DomainClassifier().compare(constant, constant).note == "not enough data: nothing varies"


def test_shuffled_rows_and_permuted_columns_give_the_same_answer(frame):
    before, after = (frame(np.random.default_rng(seed), rows) for seed, rows in ((0, 500), (1, 150)))
    classifier = DomainClassifier(most_rows=300)
    expected = classifier.compare(before, after)
    again = classifier.compare(before.sample(frac=1, random_state=0).iloc[:, ::-1], after.sample(frac=1))
    assert again == expected


def as_texts(x):
    return x.astype(str)


def with_a_text(x):
    return pd.Series(["n/a", *x[1:]], dtype=object)


def nothing(x):
    return pd.Series([None] * len(x), dtype=object)


def flagged(x):
    return x > 0


def vectors(x):
    return pd.Series([[value, 1.0] for value in x])


def moments(x):
    return pd.Timestamp("2013-01-01") + pd.to_timedelta(x, unit="D")


@pytest.mark.parametrize("dtype", [as_texts, with_a_text])
@pytest.mark.parametrize("turned", [False, True])
def test_numbers_are_compared_whatever_dtype_they_come_in(dtype, turned):
    random = np.random.default_rng(0)
    before, after = rows_of(random, 400), rows_of(random, 300)
    moved = after.assign(x0=after["x0"] + 10)
    if turned:
        before["x0"] = dtype(before["x0"])
    else:
        after["x0"], moved["x0"] = dtype(after["x0"]), dtype(moved["x0"])
    assert DomainClassifier().compare(before, after).p_value > 0.01
    found = DomainClassifier().compare(before, moved)
    assert found.p_value < 1e-9
    assert next(iter(found.contributions)) == "x0"


@pytest.mark.parametrize("changed", [nothing, flagged, vectors, moments])
def test_a_column_of_another_kind_is_found(changed):
    random = np.random.default_rng(0)
    before, after = rows_of(random, 400, columns=3), rows_of(random, 300, columns=3)
    other = after.assign(x0=changed(after["x0"]))
    for first, second in ((before, other), (other, before)):
        found = DomainClassifier().compare(first, second)
        assert found.p_value < 1e-9
        assert next(iter(found.contributions)) == "x0"


def test_names_of_one_text_are_one_column():
    rows = np.random.default_rng(0).normal(size=(100, 2))
    found = DomainClassifier().compare(pd.DataFrame(rows), pd.DataFrame(rows, columns=["0", "1"]))
    assert list(found.contributions) == ["0", "1"]
    assert found.p_value > 0.05


@pytest.mark.parametrize(("folds", "rows", "answers"), [(50, 25, False), (25, 25, True), (30, 29, False)])
def test_each_fold_needs_a_row_of_either_side(folds, rows, answers):
    found = DomainClassifier(folds=folds).compare(rows_of(np.random.default_rng(0), 100), rows_of(np.random, rows))
    assert (found.note == "") is answers
    assert answers or found.note == f"not enough data: {folds} rows are needed on both sides"


def test_what_can_not_be_compared_is_named():
    frame = pd.DataFrame(np.ones((30, 2)), columns=["a", "b"])
    with pytest.raises(ValidationError, match="same name"):
        DomainClassifier().compare(frame, frame.set_axis(["a", "a"], axis=1))
    with pytest.raises(ValidationError, match="vectors of 2 and of 3 numbers"):
        DomainClassifier().compare(np.ones((30, 2)), np.ones((30, 3)))
    with pytest.raises(TypeError, match="not a list"):
        DomainClassifier().compare(frame, [[1, 2]] * 30)
    with pytest.raises(TypeError, match="as frames or as arrays, not as both"):
        DomainClassifier().compare(np.ones((30, 2)), frame)


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"folds": 1}, r"DomainClassifier\(folds=1\): give a whole number of at least 2"),
        ({"folds": 2.5}, r"DomainClassifier\(folds=2.5\): give a whole number"),
        ({"most_rows": 7}, r"DomainClassifier\(most_rows=7\): give a whole number of at least 20"),
        ({"folds": 50, "most_rows": 30}, "give at least as many as folds, which is 50"),
        ({"seed": None}, r"DomainClassifier\(seed=None\)"),
    ],
)
def test_parameters_are_checked(params, told):
    with pytest.raises(ValueError, match=told):
        DomainClassifier(**params)
