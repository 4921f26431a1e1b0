"""Texts as buffers: the same bytes and the same texts, with Arrow and without."""

import io
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.errors import DamagedError
from mlopskit.storage.serializers import texts as texts_module
from mlopskit.storage.serializers.columns import read_values, write_values
from mlopskit.storage.serializers.texts import (
    arrow_from_buffers,
    arrow_to_buffers,
    texts_from_buffers,
    texts_to_buffers,
)

any_text = st.text(st.characters(exclude_categories=()), max_size=6) | st.sampled_from(["\0", "a\0b", "\ud800", ""])
needs_arrow = pytest.mark.skipif(find_spec("pyarrow") is None, reason="needs pyarrow")


@pytest.fixture(params=[pytest.param(True, marks=needs_arrow, id="with arrow"), pytest.param(False, id="without")])
def arrow(request, monkeypatch):
    """Whether Arrow is to be had."""
    if not request.param:
        monkeypatch.setattr(texts_module, "find_spec", lambda name: None)


def objects(texts):
    return np.fromiter(texts, object, len(texts))


@pytest.mark.usefixtures("arrow")
@pytest.mark.parametrize("pool", [any_text, st.text(max_size=3)], ids=["any", "valid"])
def test_every_text_comes_back(pool):
    @given(st.lists(pool, max_size=12))
    @settings(max_examples=100, deadline=None)
    def check(texts):
        data, lengths = texts_to_buffers(objects(texts))
        encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
        assert data.tobytes() == b"".join(encoded)
        assert lengths.tolist() == [len(each) for each in encoded]
        assert texts_from_buffers(data, lengths).tolist() == texts

    check()


@pytest.mark.usefixtures("arrow")
@pytest.mark.parametrize("distinct", [1, 3, 10**6])
def test_many_texts_come_back_whether_they_repeat_or_not(distinct, monkeypatch):
    monkeypatch.setattr(texts_module, "_AT_ONCE", 100)
    texts = [f"text {number % distinct} ä" for number in range(10_001)]
    assert texts_from_buffers(*texts_to_buffers(objects(texts))).tolist() == texts


def test_lengths_take_as_few_bytes_as_they_can():
    for length, dtype in ((255, np.uint8), (256, np.uint16), (65_536, np.uint32)):
        assert texts_to_buffers(objects(["", "x" * length]))[1].dtype == dtype


@needs_arrow
@given(texts=st.lists(st.none() | st.text(max_size=4), max_size=12), data=st.data())
@settings(max_examples=80, deadline=None)
def test_how_arrow_holds_texts_does_not_matter(texts, data):
    import pyarrow as pa

    kind = data.draw(st.sampled_from([pa.string(), pa.large_string()]))
    start, cut = sorted(data.draw(st.tuples(*[st.integers(0, len(texts))] * 2)))
    array = pa.array(texts, kind)
    chunks = pa.chunked_array([array[start:cut], array[cut:]], kind)
    missing, *buffers = arrow_to_buffers(chunks)
    rest = texts[start:]
    assert missing.tolist() == [text is None for text in rest]
    expected = texts_to_buffers(objects([text or "" for text in rest]))
    for found, wanted in zip(buffers, expected, strict=True):
        assert (found.dtype, found.tolist()) == (wanted.dtype, wanted.tolist())
    assert arrow_from_buffers(missing, *buffers).to_pylist() == rest


@needs_arrow
def test_bytes_under_a_missing_text_are_not_kept():
    import pyarrow as pa

    _, offsets, data = pa.array(["secret", "x"], pa.large_string()).buffers()
    array = pa.LargeStringArray.from_buffers(2, offsets, data, pa.py_buffer(b"\x02"))
    missing, content, lengths = arrow_to_buffers(array)
    assert (missing.tolist(), content.tobytes(), lengths.tolist()) == ([True, False], b"x", [0, 1])


@pytest.mark.usefixtures("arrow")
def test_lengths_that_disagree_with_the_text_are_damage():
    with pytest.raises(DamagedError, match="disagree"):
        texts_from_buffers(np.zeros(3, np.uint8), np.array([1, 1]))


@needs_arrow
@pytest.mark.parametrize(
    ("missing", "data", "lengths"),
    [([False], b"ab", [1, 1]), ([False], b"\xff", [1]), ([False] * 2, "ä".encode(), [1, 1])],
    ids=["rows", "not UTF-8", "half a character"],
)
def test_buffers_that_are_no_texts_are_damage(missing, data, lengths):
    with pytest.raises(DamagedError):
        arrow_from_buffers(np.array(missing), np.frombuffer(data, np.uint8), np.array(lengths))


@needs_arrow
@pytest.mark.parametrize("missing", [pd.NA, np.nan], ids=["NA", "nan"])
def test_strings_over_arrow_have_the_bytes_that_python_s_have(missing):
    if missing is not pd.NA and pd.__version__ < "2.3":
        pytest.skip("this pandas has no such strings without Arrow")
    contents = {}
    for storage in ("pyarrow", "python"):
        dtype = pd.StringDtype(storage) if missing is pd.NA else pd.StringDtype(storage, na_value=missing)
        file = io.BytesIO()
        write_values(file, pd.array(["b", None, "\u00e4\0", ""], dtype=dtype))
        contents[storage] = file.getvalue()[4:]  # after the length of the header, which names the storage
    assert contents["pyarrow"].replace(b'"pyarrow"', b'"python"') == contents["python"]


@pytest.mark.usefixtures("arrow")
@pytest.mark.parametrize(
    "cells",
    [["a", np.str_("b")], ["a", None, np.str_("b")], ["a", None, np.nan, pd.NA, pd.NaT], ["a", b"b"], ["", 1, None]],
    ids=repr,
)
def test_what_stands_among_texts_keeps_its_type(cells):
    file = io.BytesIO()
    write_values(file, objects(cells))
    file.seek(0)
    found = read_values(file)
    assert [type(cell) for cell in found] == [type(cell) for cell in cells]
    assert repr(found.tolist()) == repr(cells)
