import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlopskit.validation import short_texts
from mlopskit.validation.column import Column
from mlopskit.validation.short_texts import number_short_texts

pa = pytest.importorskip("pyarrow")

TEXTS = st.lists(st.none() | st.text(st.sampled_from("aé\u20ac\U0001f600 "), max_size=4))


def arrow(texts, kind="large_string", pieces=1):
    pieces = [
        pa.array(part.tolist(), pa.type_for_alias(kind)) for part in np.array_split(np.array(texts, object), pieces)
    ]
    return pd.arrays.ArrowExtensionArray(pa.chunked_array(pieces, pa.type_for_alias(kind)))


def numbered(values):
    missing = np.asarray(values.isna(), dtype=bool)
    found = number_short_texts(values, missing if missing.any() else None)
    return None if found is None else (found[0].tolist(), found[1])


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(short_texts, "_BLOCK", 4)


@given(TEXTS, st.sampled_from(["string", "large_string"]), st.integers(1, 3), st.integers(0, 3))
def test_codes_and_texts_are_those_of_pandas(texts, kind, pieces, cut):
    values = arrow(texts, kind, pieces)[cut:]
    if any(len(text.encode()) > 8 for text in texts[cut:] if text is not None):
        assert numbered(values) is None
    else:
        codes, levels = pd.factorize(np.array(texts[cut:], dtype=object))
        assert numbered(values) == (codes.tolist(), list(levels))


def test_texts_of_one_length_are_told_apart_as_well():
    assert numbered(arrow(["JFK", "EWR", "JFK", "LGA", "EWR"])) == ([0, 1, 0, 2, 1], ["JFK", "EWR", "LGA"])
    assert numbered(arrow(["", ""])) == ([0, 0], [""])
    assert numbered(arrow(["N1234567", "N1234568"])) == ([0, 1], ["N1234567", "N1234568"])


@pytest.mark.parametrize(
    "texts", [["a", "a\0"], ["\0a", "a"], ["a", "123456789"], [str(i) for i in range(33)]], ids=repr
)
def test_what_eight_bytes_do_not_tell_apart_is_left_to_hashes(texts):
    values = arrow(texts)
    assert numbered(values) is None
    column = Column("x", values.repeat(1000))
    assert list(column.levels) == texts
    assert column.codes.tolist() == np.repeat(np.arange(len(texts)), 1000).tolist()


def test_32_texts_are_few_enough():
    texts = [str(i) for i in range(32)]
    assert numbered(arrow(texts)) == (list(range(32)), texts)


def test_what_lies_behind_a_missing_text_is_no_text():
    hidden = pa.Array.from_buffers(
        pa.large_string(), 3, [pa.py_buffer(b"\x05"), pa.py_buffer(np.array([0, 1, 2, 3])), pa.py_buffer(b"abc")]
    )
    assert numbered(pd.arrays.ArrowExtensionArray(hidden)) == ([0, -1, 1], ["a", "c"])


def test_a_column_uses_it():
    values = pd.array(["JFK", None, "EWR"] * 1000, dtype="string[pyarrow]")
    column = Column("origin", values)
    assert column.codes.dtype == np.int8
    assert column.levels == ["JFK", "EWR"]
    assert column.failing_levels(lambda text: text == "EWR").sum() == 1000
