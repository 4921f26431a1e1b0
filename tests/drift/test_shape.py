from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlopskit.drift.columns import numbers
from mlopskit.drift.shape import as_text


@pytest.mark.parametrize(
    ("moment", "unit", "text"),
    [
        ("2013-01-01", "ns", "2013-01-01"),
        ("2013-01-01 23:59:59", "ns", "2013-01-01 23:59"),
        ("1969-12-31 00:00:01", "us", "1969-12-31"),
        ("0100-01-01 05:00", "us", "0100-01-01 05:00"),
        ("20000-01-01", "s", "20000-01-01"),
    ],
)
def test_moments_of_any_year(moment, unit, text):
    column = pd.Series(np.array([moment], dtype=f"M8[{unit}]"))
    assert as_text(numbers(column, "datetime")[0], "datetime") == text


@pytest.mark.parametrize("kind", ["datetime", "timedelta", "numeric"])
def test_infinity_is_none_of_them(kind):
    assert as_text(float("inf"), kind) == "inf"
