import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from mlopskit.drift.multivariate.encoding import Encoder, Feature
from mlopskit.drift.multivariate.reconstruction import ReconstructionError
from mlopskit.drift.multivariate.sampling import drawn

FEATURES = tuple(Feature(f"x{number}", "score") for number in range(8))


def rows_of(random, rows, broken=False):
    factors = random.normal(size=(rows, 2))
    matrix = factors @ np.random.default_rng(0).normal(size=(2, 8)) + random.normal(size=(rows, 8)) / 4
    if broken:
        matrix[:, 1] = random.permutation(matrix[:, 1])
    return matrix


@pytest.mark.parametrize("kind", ["dimension", "score"])
def test_errors_and_p_value_are_those_of_scikit_learn_and_scipy(kind):
    random = np.random.default_rng(1)
    before, after = rows_of(random, 600), rows_of(random, 300)
    test = ReconstructionError()
    reference = test.fit_summarize(before, [Feature(f"x{number}", kind) for number in range(8)])
    half = drawn(600, 300)
    scaler = StandardScaler().fit(before[half])
    pca = PCA(0.65).fit(scaler.transform(before[half]))
    if kind == "score":
        scaler.fit(before)
    pca.mean_[:] = 0

    def errors(rows):
        scaled = scaler.transform(rows)
        return np.linalg.norm(scaled - pca.inverse_transform(pca.transform(scaled)), axis=1)

    found = test.compare(reference, test.summarize(after))
    expected = ttest_ind(errors(after), errors(before[~half]), equal_var=False)
    assert found.statistic == pytest.approx(expected.statistic, abs=0.01)
    assert found.p_value == pytest.approx(expected.pvalue, abs=0.01)


def test_a_column_that_no_longer_goes_with_the_others_is_found_and_blamed():
    random = np.random.default_rng(1)
    test = ReconstructionError(share=0.9)
    reference = test.fit_summarize(rows_of(random, 1000), FEATURES)
    found = test.compare(reference, test.summarize(rows_of(random, 500, broken=True)))
    assert found.p_value < 1e-9
    assert next(iter(found.contributions)) == "x1"


def test_false_alarms_though_components_fit_their_own_rows(most_alarms):
    """Without rows held back, nearly every one of these would be an alarm."""
    features = tuple(Feature(f"x{number}", "score") for number in range(40))
    alarms = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        test = ReconstructionError()
        reference = test.fit_summarize(random.normal(size=(200, 40)), features)
        alarms += test.compare(reference, test.summarize(random.normal(size=(200, 40)))).p_value < 0.05
    assert alarms <= most_alarms(200, 0.05)


@pytest.mark.parametrize("sizes", [(60, 60, 150), (60, 60, 50), (100, 1000, 50)])
def test_false_alarms_of_few_rows_and_many_columns(most_alarms, sizes):
    rows, current_rows, columns = sizes
    z = []
    for seed in range(100):
        random = np.random.default_rng([seed, *sizes])
        before, after = (
            pd.DataFrame(random.normal(size=(size, columns))).add_prefix("x") for size in (rows, current_rows)
        )
        encoder, test = Encoder.of(before), ReconstructionError()
        reference = test.fit_summarize(encoder.encode(before), encoder.features)
        z.append(test.compare(reference, test.summarize(encoder.encode(after))))
    assert sum(result.p_value < 0.05 for result in z) <= most_alarms(100, 0.05)
    assert abs(np.mean([result.statistic for result in z])) < 0.4  # a standard error is 0.1


def test_share_is_a_share():
    with pytest.raises(ValueError, match=r"ReconstructionError\(share=2\): give a number between 0 and 1"):
        ReconstructionError(share=2)


def test_rows_that_alternate_are_no_drift():
    rows = np.tile([[1.0, 0.0], [0.0, 1.0]], (200, 1)) + np.random.default_rng(0).normal(size=(400, 2)) / 10
    test = ReconstructionError()
    reference = test.fit_summarize(rows, FEATURES[:2])
    assert test.compare(reference, test.summarize(rows)).p_value > 0.01
