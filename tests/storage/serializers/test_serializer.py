"""What every built-in serializer owes its callers."""

import contextlib
import datetime as dt
import errno
import io
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression

from mlopskit.errors import DamagedError, FormatError, NotTrustedError, SerializationError
from mlopskit.storage.serializers import Serializer, serializer_named

FRAME = pd.DataFrame({"a": [1, 2], "s": ["x", None], "c": pd.Categorical(["u", "v"])}, index=[3, 4])
SAMPLES = {
    "bytes": b"\x00\xff",
    "text": "tëxt",
    "json": {"b": [1, 2.5, None, float("inf")], "a": {}},
    "npy": np.arange(6.0).reshape(2, 3),
    "numpy-scalar": np.float32(1.5),
    "parquet": FRAME,
    "columns": FRAME.assign(o=[dt.date(2026, 1, 1), (1, 2)]),
    "skops": LinearRegression(),
    "cloudpickle": (1, "two"),
}
CODE_FREE = [name for name in SAMPLES if name != "cloudpickle"]
STRANGE = [
    None,
    1,
    "\ud800",
    b"",
    (),
    [[]],
    {1: 2},
    object(),
    type,
    len,
    np.zeros(0),
    np.array([None]),
    pd.DataFrame(),
    pd.NA,
]
REFUSALS = (DamagedError, FormatError, SerializationError, NotTrustedError)


class Stubborn:
    """Refuses to be looked at."""

    def __getattr__(self, name):
        raise RuntimeError

    def __eq__(self, other):
        raise RuntimeError

    __hash__ = None


@pytest.fixture(params=SAMPLES)
def name(request):
    if request.param == "parquet":
        pytest.importorskip("pyarrow")
    if request.param == "skops":
        pytest.importorskip("skops")
    return request.param


def test_it_writes_to_a_file_with_nothing_but_write_and_reads_the_value_back(name, round_trip, exact):
    again = round_trip(name, SAMPLES[name])
    if name != "skops":
        exact(SAMPLES[name], again)


def test_reading_a_real_file_leaves_it_usable(name, to_bytes, tmp_path):
    path = tmp_path / "value"
    path.write_bytes(to_bytes(name, SAMPLES[name]))
    with path.open("rb") as file:
        serializer_named(name).read(file, 1)
        file.seek(0)
        assert file.read() == path.read_bytes()


@pytest.mark.parametrize("value", [*STRANGE, Stubborn()], ids=lambda value: type(value).__name__)
def test_accepts_never_raises(name, value):
    assert serializer_named(name).accepts(value) in {True, False}


@pytest.mark.parametrize("version", [0, -1, 99])
def test_an_unknown_version_of_the_format_is_told(name, version):
    with pytest.raises(FormatError, match=f"version {version} of the format '{name}'"):
        serializer_named(name).read(io.BytesIO(), version)


def test_a_file_that_was_cut_off_is_refused_or_is_another_value(name, to_bytes, from_bytes):
    content = to_bytes(name, SAMPLES[name])
    for length in range(0, len(content), max(1, len(content) // 40)):
        if name in {"bytes", "text"}:
            continue  # a beginning of these is one of these; the digest beside the bytes tells
        with pytest.raises(REFUSALS):
            from_bytes(name, content[:length])


@pytest.mark.parametrize("name", [name for name in CODE_FREE if name != "parquet"])
def test_bytes_that_were_changed_never_raise_anything_else(name, to_bytes, from_bytes):
    if name == "skops":
        pytest.importorskip("skops")
    content = to_bytes(name, SAMPLES[name])
    for place in range(0, len(content), max(1, len(content) // 100)):
        for flip in (1, 0x80, 0xFF):
            changed = bytearray(content)
            changed[place] ^= flip
            with contextlib.suppress(*REFUSALS):
                from_bytes(name, bytes(changed))


@pytest.mark.parametrize("name", [name for name in CODE_FREE if name not in {"parquet", "skops"}])
@settings(max_examples=50, deadline=None)
@given(garbage=st.binary(max_size=80))
def test_garbage_never_raises_anything_else(name, garbage, from_bytes):
    with contextlib.suppress(*REFUSALS):
        from_bytes(name, garbage)


@pytest.mark.parametrize(
    "garbage", [b"", b"PAR1", b"PAR1" + bytes(8) + b"PAR1", b"PK\x05\x06" + bytes(18), b"garbage" * 9]
)
def test_garbage_is_never_a_table_or_an_estimator(garbage, from_bytes):
    for name, library in (("parquet", "pyarrow"), ("skops", "skops")):
        pytest.importorskip(library)
        with pytest.raises(DamagedError):
            from_bytes(name, garbage)


class FullDisk:
    def write(self, data):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_not_taken_for_a_refusal(name):
    with pytest.raises(OSError, match="No space left"):
        serializer_named(name).write(SAMPLES[name], FullDisk())


class Failing(Serializer):
    name = "failing"

    def accepts(self, value):
        return True

    def encode(self, value, file):
        raise KeyError("secret value")

    def decode(self, file, version):
        raise IndexError("secret value")


def test_whatever_a_plugin_raises_becomes_an_error_that_names_the_format_and_no_value():
    with pytest.raises(SerializationError, match=r"int can not be kept exactly as 'failing': KeyError") as refused:
        Failing().write(1, io.BytesIO())
    with pytest.raises(DamagedError, match=r"format 'failing' \(IndexError\)") as damaged:
        Failing().read(io.BytesIO(), 1)
    assert "secret" not in f"{refused.value}{damaged.value}"


class Outdated(Failing):
    def decode(self, file, version):
        warnings.warn("written by an older release", UserWarning, stacklevel=2)


def test_a_warning_that_the_caller_made_an_error_is_not_taken_for_damage():
    with pytest.raises(UserWarning, match="older release"):
        Outdated().read(io.BytesIO(), 1)
