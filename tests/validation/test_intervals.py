import numpy as np
import pytest
from scipy.stats import norm

from mlopskit.validation.intervals import newcombe_interval, wilson_interval


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((0, 10, 0, 10), -0.2775, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ],
)
def test_newcombes_intervals_are_those_of_his_table(counts, low, high):
    assert newcombe_interval(*counts, 0.95) == pytest.approx((low, high), abs=6e-5)


@pytest.mark.parametrize(("hits", "rows"), [(0, 5), (3, 7), (81, 263), (20, 20)])
def test_wilsons_interval_is_where_the_score_test_turns(hits, rows):
    for end in wilson_interval(hits, rows, 0.9):
        if 0 < end < 1:
            z = abs(hits / rows - end) / np.sqrt(end * (1 - end) / rows)
            assert z == pytest.approx(norm.ppf(0.95), rel=1e-9)


def test_intervals_of_few_rows_cover_as_often_as_they_say():
    random = np.random.default_rng(0)
    share, other, covered = 0.1, 0.25, 0
    for _ in range(1000):
        hits, others = random.binomial(25, share), random.binomial(40, other)
        low, high = newcombe_interval(hits, 25, others, 40, 0.95)
        covered += low <= share - other <= high
    assert 0.93 <= covered / 1000 <= 0.98
