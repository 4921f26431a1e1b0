import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlopskit.errors import DamagedError, FormatError, SerializationError
from mlopskit.storage.serializers import serializer_named


@given(st.binary())
def test_bytes_come_back_and_are_the_file(to_bytes, from_bytes, value):
    assert to_bytes("bytes", value) == value == from_bytes("bytes", value)


@given(st.text())
def test_text_comes_back_and_is_utf8(to_bytes, from_bytes, value):
    assert to_bytes("text", value) == value.encode()
    assert from_bytes("text", value.encode()) == value


def test_line_ends_are_kept(round_trip):
    assert round_trip("text", "a\r\nb\rc\n\u2028") == "a\r\nb\rc\n\u2028"


def test_long_text_is_written_in_pieces(tmp_path):
    text = "x" * (16 << 20)
    tracemalloc.start()
    with (tmp_path / "text").open("wb") as file:
        serializer_named("text").write(text, file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < len(text) / 2


def test_lone_surrogates_are_refused(to_bytes):
    with pytest.raises(SerializationError):
        to_bytes("text", "\ud800")


def test_json_keeps_the_order_of_dicts(round_trip):
    assert list(round_trip("json", {"b": 1, "a": {"d": 1, "c": 2}})) == ["b", "a"]


class Number(int):
    pass


@pytest.mark.parametrize(
    "value",
    [(1,), [(1,)], {1: 2}, Number(1), {"a": Number(1)}, {1}, b"", object()],
    ids=lambda value: type(value).__name__,
)
def test_json_accepts_exact_types_alone(value):
    assert not serializer_named("json").accepts(value)


def test_a_str_subclass_is_neither_text_nor_json():
    name = type("Name", (str,), {})("x")
    assert not any(serializer_named(kind).accepts(name) for kind in ("text", "json"))


def test_broken_files_are_told():
    with pytest.raises(DamagedError):
        serializer_named("text").read(io.BytesIO(b"\xff"), 1)
    with pytest.raises(FormatError):
        serializer_named("json").read(io.BytesIO(b"{"), 1)
