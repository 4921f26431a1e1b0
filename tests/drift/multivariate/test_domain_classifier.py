from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu, norm
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import roc_auc_score

from mlopskit.drift.multivariate.domain_classifier import DomainClassifier, _auc


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


def test_constant_columns_have_no_answer():
    constant = pd.DataFrame({"x": np.ones(50), "y": ["a"] * 50})
    assert DomainClassifier().compare(constant, constant).note == "not enough data: nothing varies"


def test_parameters_are_checked():
    with pytest.raises(ValueError, match="folds is at least 2, not 1"):
        DomainClassifier(folds=1)
    with pytest.raises(TypeError, match="both are arrays"):
        DomainClassifier().compare(np.ones((30, 2)), pd.DataFrame({"a": np.ones(30)}))
