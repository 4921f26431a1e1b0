from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlopskit.validation import Validator, checks

NARROW = [("float32", 1e39), ("float16", 1e6)]


def failed(check, values, dtype) -> int:
    result = Validator([check]).validate(pd.DataFrame({"x": np.array(values, dtype=dtype)})).results[0]
    assert result.status in ("passed", "failed"), result.message
    return result.failed


@pytest.mark.parametrize(("dtype", "beyond"), NARROW)
@pytest.mark.parametrize("values", [[1.0, 2.0], [1.0, np.inf], [-np.inf, 1.0], [np.inf, -np.inf, np.nan]])
def test_bounds_beyond_a_narrow_column_are_those_of_a_wide_one(dtype, beyond, values):
    for low, high in [
        (0, beyond),
        (-beyond, 0),
        (-beyond, beyond),
        (beyond, 2 * beyond),
        (-np.inf, beyond),
        (0, np.inf),
    ]:
        check = checks.Between("x", low, high)
        assert failed(check, values, dtype) == failed(check, values, "float64")


@pytest.mark.parametrize(("dtype", "beyond"), NARROW)
def test_a_number_beyond_a_narrow_column_is_not_infinity(dtype, beyond):
    assert failed(checks.OneOf("x", [1.0, beyond]), [1.0, np.inf], dtype) == 1
    assert failed(checks.NotOneOf("x", [beyond]), [1.0, np.inf], dtype) == 0
    assert failed(checks.OneOf("x", [1.0, np.inf]), [1.0, np.inf], dtype) == 0


def test_infinity_is_a_value_like_others():
    assert failed(checks.OneOf("x", [1, np.inf]), [1.0, np.inf, -np.inf], "float64") == 1
    assert failed(checks.NotOneOf("x", [2**2000, np.inf]), [1.0, np.inf, -np.inf], "float64") == 1


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_bound_is_as_fine_as_the_column(dtype):
    """0.1 in a column of 32 bits is the bound 0.1, though it is a little more than the 0.1 of 64 bits."""
    assert failed(checks.Between("x", 0.1, 1), [0.1], dtype) == 0
    assert failed(checks.Between("x", -1, 0.1), [0.1], dtype) == 0
    assert failed(checks.OneOf("x", [0.1]), [0.1], dtype) == 0
    assert failed(checks.Between("x", -1, 0.1), [0.1, np.nextafter(np.dtype(dtype).type(0.1), 1)], dtype) == 1
