from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlopskit.markup.values import decimals, display, finite, format_number, is_missing, is_number, shorten

MINUS, TIMES, NARROW = "\N{MINUS SIGN}", "\N{MULTIPLICATION SIGN}", "\N{NARROW NO-BREAK SPACE}"


@pytest.mark.parametrize(
    "value", [None, float("nan"), np.nan, np.float32("nan"), pd.NA, pd.NaT, Decimal("nan"), Decimal("snan")]
)
def test_missing_values_are_a_dash(value):
    assert is_missing(value)
    assert display(value) == "—"


@pytest.mark.parametrize("value", [0, "", False, [], np.zeros(3), pd.DataFrame({"a": [1, 2]})])
def test_empty_values_are_not_missing(value):
    assert not is_missing(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.0, "0"),
        (-0.0, "0"),
        (7, "7"),
        (2013, "2013"),
        (336776, f"336{NARROW}776"),
        (-12345, f"{MINUS}12{NARROW}345"),
        (0.7, "0.7000"),
        (0.71234, "0.7123"),
        (12.345678, "12.35"),
        (-1234.5, f"{MINUS}1234"),
        (0.0051, "0.00510"),
        (3.21e-7, f"3.2{TIMES}10⁻⁷"),
        (-1e-9, f"{MINUS}1.0{TIMES}10⁻⁹"),
        (1.5e15, f"1.5{TIMES}10¹⁵"),
        (10**400, f"1.0{TIMES}10⁴⁰⁰"),
        (float("inf"), "∞"),
        (float("-inf"), f"{MINUS}∞"),
        (Decimal("-Infinity"), f"{MINUS}∞"),
        (np.float32(0.5), "0.5000"),
        (np.int64(5), "5"),
        (Decimal("0.25"), "0.2500"),
        (Fraction(1, 4), "0.2500"),
        (1e308, f"1.0{TIMES}10³⁰⁸"),
    ],
)
def test_numbers_read_well(value, text):
    assert display(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "yes"),
        (np.bool_(False), "no"),
        ("JFK", "JFK"),
        (date(2013, 5, 1), "2013-05-01"),
        (datetime.fromisoformat("2013-05-01"), "2013-05-01"),
        (datetime.fromisoformat("2013-05-01 04:30"), "2013-05-01 04:30"),
        (datetime(2013, 5, 1, 4, 30, tzinfo=UTC), "2013-05-01 04:30 UTC"),
        (datetime(2013, 5, 1, tzinfo=timezone(timedelta(hours=-5))), "2013-05-01 00:00-05:00"),
        (pd.Timestamp("2013-05-01 04:30:59"), "2013-05-01 04:30"),
        (timedelta(hours=1), "1:00:00"),
    ],
)
def test_other_values_read_well(value, text):
    assert display(value) == text


@given(st.integers() | st.floats(allow_nan=False) | st.decimals(allow_nan=False) | st.fractions())
def test_any_number_has_a_short_text_and_perhaps_a_place_on_a_chart(value):
    assert 0 < len(format_number(value)) < 30
    assert finite(value) is None or abs(finite(value)) < 1e300


def test_a_bool_is_no_number():
    assert not is_number(True)
    assert finite(True) is None


def test_an_integer_too_long_to_be_written_out_is_a_power_of_ten():
    assert display(10**5000) == f"1.0{TIMES}10⁵⁰⁰⁰"


def test_one_column_shares_its_decimals():
    places = decimals([0.7312, 0.05])
    assert [format_number(value, places) for value in (0.7312, 0.05, 0.0)] == ["0.7312", "0.0500", "0"]


def test_a_small_number_keeps_its_digits_beside_a_large_one():
    assert format_number(0.25, places=0) == "0.2500"


def test_long_text_ends_in_an_ellipsis():
    assert shorten("abcdef", 4) == "abc…"
    assert shorten("abcd", 4) == "abcd"
