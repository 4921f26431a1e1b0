from __future__ import annotations

import numpy as np
import pytest

from mlopskit.drift.performance.weighting import find_shift


def rows(number, seed, shift=0.0):
    found = np.random.default_rng(seed).normal(size=(number, 3))
    found[:, 0] += shift
    return found


def test_without_a_shift_none_is_seen():
    assert find_shift(rows(2000, 0), rows(1000, 1), []).status == "none seen"


def test_weights_make_the_reference_look_like_current_rows():
    reference, current = rows(4000, 0), rows(2000, 1, shift=0.8)
    found = find_shift(reference, current, [])
    assert found.status == "corrected"
    assert found.auc == pytest.approx(0.71, abs=0.03)  # normal distribution function of 0.8 / sqrt(2)
    assert found.weights.mean() == pytest.approx(1)
    assert (found.weights @ reference[:, 0]) / 4000 == pytest.approx(0.8, abs=0.15)
    true = np.exp(0.8 * reference[:, 0])
    assert found.effective == pytest.approx(true.sum() ** 2 / (true**2).sum(), rel=0.4)


def test_a_shift_of_categories_is_seen():
    random = np.random.default_rng(0)
    reference, current = random.choice(3, 2000, p=[0.6, 0.3, 0.1]), random.choice(3, 2000, p=[0.1, 0.3, 0.6])
    found = find_shift(reference[:, np.newaxis].astype(float), current[:, np.newaxis].astype(float), [0])
    shares = [found.weights[reference == one].sum() / 2000 for one in range(3)]
    assert shares == pytest.approx([0.1, 0.3, 0.6], abs=0.05)


def test_rows_from_elsewhere_leave_too_few_to_weight():
    found = find_shift(rows(2000, 0), rows(1000, 1, shift=6), [])
    assert found.status == "too far"
    assert found.auc > 0.99


def categories(number, seed, new):
    """Codes 0 and 1, and in a share of the rows a new one."""
    random = np.random.default_rng(seed)
    return random.choice(3, (number, 1), p=[(1 - new) / 2, (1 - new) / 2, new]).astype(float)


@pytest.mark.parametrize("number", [30, 60, 1000])
@pytest.mark.parametrize(
    "elsewhere",
    [
        lambda number: (categories(2000, 0, 0), categories(number, 1, 1), [0]),
        lambda number: (np.full((2000, 1), 1.0), np.full((number, 1), 7.0), []),
        lambda number: (np.repeat([[0.0], [1.0]], 1000, axis=0), np.full((number, 1), 2.0), []),
        lambda number: (np.repeat([[0.0], [1.0]], 1000, axis=0), np.full((number, 1), 0.4), []),
        lambda number: (rows(2000, 0), rows(number, 1, shift=10), []),
    ],
    ids=["unseen category", "another constant", "beyond two values", "between two values", "ten deviations away"],
)
def test_where_no_row_of_the_reference_looks_like_current_ones_there_is_nothing_to_weight(elsewhere, number):
    found = find_shift(*elsewhere(number))
    assert found.status == "too far"
    assert found.auc > 0.97


@pytest.mark.parametrize("new", [0.3, 0.6])
def test_the_share_of_current_rows_that_have_look_alikes_is_told(new):
    found = find_shift(categories(4000, 0, 0), categories(2000, 1, new), [0])
    assert found.record.covered == pytest.approx(1 - new, abs=0.05)
    assert found.status == "too far"


@pytest.mark.parametrize("shift", [0.8, 1.0, 1.2])
def test_rows_that_overlap_are_covered_however_well_they_are_told_apart(shift):
    found = find_shift(rows(6000, 0), rows(1500, 1, shift=shift), [])
    assert 0.7 < found.auc < 0.9
    assert found.covered == pytest.approx(1, abs=0.1)
    assert found.status == "corrected"
