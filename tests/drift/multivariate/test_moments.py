import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlopskit.drift.multivariate.moments import Moments

rows = st.integers(1, 40).flatmap(
    lambda count: st.lists(st.lists(st.integers(-64, 64), min_size=3, max_size=3), min_size=count, max_size=count)
)


def test_mean_and_covariance_are_those_of_numpy():
    matrix = np.random.default_rng(0).normal(size=(50, 3))
    matrix[:, 1] = 0
    moments = Moments.of(matrix)
    assert moments.rows == 50
    assert moments.mean == pytest.approx(matrix.mean(axis=0))
    assert moments.covariance == pytest.approx(np.cov(matrix.T))
    assert moments.of_numbers(slice(2, None)).covariance == pytest.approx(np.var(matrix[:, 2], ddof=1))


@given(first=rows, second=rows, third=rows)
def test_chunks_add_up_to_the_same_bits_in_any_order(first, second, third):
    chunks = [np.array(chunk) / 16 for chunk in (first, second, third)]
    whole = Moments.of(np.concatenate(chunks)).products
    a, b, c = map(Moments.of, chunks)
    for merged in (a + b + c, c + (a + b), (b + c) + a + Moments.none(3)):
        assert np.array_equal(merged.products, whole)


def test_no_rows_have_moments_too():
    nothing = Moments.of(np.zeros((0, 2)))
    assert (nothing.rows, nothing.mean.tolist(), nothing.covariance.tolist()) == (0, [0, 0], [[0, 0], [0, 0]])


def test_they_come_back_from_json():
    moments = Moments.of(np.random.default_rng(0).normal(size=(5, 3)))
    again = Moments.from_json(json.loads(json.dumps(moments.to_json())))
    assert np.array_equal(again.products, moments.products)
