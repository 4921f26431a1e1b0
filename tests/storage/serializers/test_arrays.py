import io
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from mlopskit.errors import DamagedError
from mlopskit.storage.serializers import serializer_named

bounded = settings(max_examples=150, deadline=None)
arrays = serializer_named("npy")
plain_dtypes = st.one_of(
    npst.scalar_dtypes(),
    npst.unicode_string_dtypes(max_len=4),
    npst.byte_string_dtypes(max_len=4),
)
dtypes = plain_dtypes | npst.nested_dtypes(plain_dtypes, max_leaves=4, max_itemsize=200)


@bounded
@given(data=st.data(), order=st.sampled_from("CF"))
def test_every_array_comes_back_exactly(data, order, round_trip, exact):
    shape = data.draw(npst.array_shapes(min_dims=0, min_side=0, max_side=4))
    array = np.asarray(data.draw(npst.arrays(data.draw(dtypes), shape)), order=order)
    again = round_trip("npy", array)
    exact(array, again)
    assert again.flags.c_contiguous >= array.flags.c_contiguous
    assert again.flags.f_contiguous == array.flags.f_contiguous


@bounded
@given(data=st.data())
def test_every_scalar_that_is_accepted_comes_back_exactly(data, to_bytes, from_bytes):
    scalar = data.draw(npst.arrays(data.draw(dtypes), (1,)))[0]
    serializer = serializer_named("numpy-scalar")
    if serializer.accepts(scalar):
        again = from_bytes("numpy-scalar", to_bytes("numpy-scalar", scalar))
        assert type(again) is type(scalar)
        assert again.dtype == scalar.dtype
        if not scalar.dtype.names:  # the bytes between aligned fields are nobody's
            assert again.tobytes() == scalar.tobytes()


@pytest.mark.parametrize(
    "array",
    [
        np.arange(24.0).reshape(4, 6)[::2, ::-1],
        np.broadcast_to(np.int8(1), (3, 4)),
        np.array(["a", "ä\U0001f600", ""]),
        np.array([b"a", b"bc"]),
        np.array(["2026", "NaT"], "M8[25s]"),
        np.zeros(3, np.dtype([("ä", "i1"), ("x", "f8", (2,))], align=True)),
        np.array([0x7FF8000000000123], "u8").view("f8"),
        np.array([0x7E01], "u2").view("f2"),
        np.empty((0, 5), "U3"),
        np.array(b"\x00\x01", "V2"),
    ],
    ids=lambda array: str(array.dtype),
)
def test_views_texts_times_structures_and_payloads_are_kept(array, round_trip, exact):
    exact(np.array(array), round_trip("npy", array))


def test_what_is_read_may_be_written_to(round_trip):
    array = np.arange(3)
    array.flags.writeable = False
    round_trip("npy", array)[0] = 7


@pytest.mark.parametrize(
    "value",
    [
        np.array([None]),
        np.zeros(1, [("a", object)]),
        np.ma.masked_array([1], [True]),
        np.zeros((1, 1)).view(np.matrix),
        np.rec.array([(1,)], dtype=[("a", int)]),
        np.zeros(1, np.dtype("i4", metadata={"unit": "km"})),
        [1],
    ],
    ids=lambda value: f"{type(value).__name__} {getattr(value, 'dtype', '')}",
)
def test_what_is_not_kept_is_not_accepted(value):
    assert not arrays.accepts(value)


@pytest.mark.parametrize("value", [np.str_("a\0"), np.bytes_(b"a\0"), np.array(1), 1, "text"], ids=repr)
def test_scalars_that_would_change_are_not_accepted(value):
    assert not serializer_named("numpy-scalar").accepts(value)


def test_numpy_reads_the_file_too(to_bytes):
    array = np.arange(6).reshape(2, 3)
    np.testing.assert_array_equal(np.load(io.BytesIO(to_bytes("npy", array)), allow_pickle=False), array)


def npy(header):
    text = repr(header).encode()
    return b"\x93NUMPY\x03\x00" + struct.pack("<I", len(text)) + text


@pytest.mark.parametrize(
    "header",
    [
        {"descr": "<f8", "fortran_order": False, "shape": (1 << 60,)},
        {"descr": "<f8", "fortran_order": False, "shape": (-1, -1)},
        {"descr": "<f8", "fortran_order": False, "shape": (1.5,)},
        {"descr": "|O", "fortran_order": False, "shape": (0,)},
        {"descr": [("a", "|O")], "fortran_order": False, "shape": (0,)},
        {"descr": "<f8"},
        "open('x')",
    ],
    ids=repr,
)
def test_a_lying_header_is_refused_before_memory_is_taken(header, from_bytes):
    with pytest.raises(DamagedError):
        from_bytes("npy", npy(header) + bytes(8))


@pytest.mark.parametrize("text", [b"(" * 1000, b"-" * 100_000 + b"1", b"\xff", b"__import__('os').getpid()"])
def test_a_hostile_header_is_refused(text, from_bytes):
    with pytest.raises(DamagedError):
        from_bytes("npy", b"\x93NUMPY\x03\x00" + struct.pack("<I", len(text)) + text)


def test_a_big_array_is_streamed(tmp_path):
    array = np.zeros(8 << 20)
    tracemalloc.start()
    with (tmp_path / "array").open("wb") as file:
        arrays.write(array.reshape(2, -1).T, file)
    written = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    with (tmp_path / "array").open("rb") as file:
        again = arrays.read(file, 1)
    read = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert written < array.nbytes
    assert read < 1.2 * again.nbytes
