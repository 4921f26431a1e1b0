import contextlib
import json
import math
import struct
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlopskit.errors import FormatError, SerializationError
from mlopskit.storage import canonical_json

texts = st.text()
keys = texts | st.sampled_from(["$", "$$", "$float", "$int", "$$float"])
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=3), max_leaves=20
)


def exact(value):
    """A form that equal values share, and values that only compare equal (1, 1.0, True, 0.0, -0.0) do not."""
    if type(value) is float:
        return "nan" if math.isnan(value) else struct.pack("d", value)
    if type(value) is list:
        return [exact(item) for item in value]
    if type(value) is dict:
        return [(key, exact(item)) for key, item in value.items()]
    return (type(value), value)


@given(values)
def test_every_value_comes_back_exactly_in_its_order(value):
    assert exact(canonical_json.decode(canonical_json.encode(value, sort_keys=False))) == exact(value)


@given(values)
def test_the_bytes_are_strict_json_and_stable(value):
    data = canonical_json.encode(value)
    json.loads(data, parse_constant=pytest.fail)
    assert canonical_json.encode(canonical_json.decode(data)) == data


def test_equal_dicts_are_equal_bytes_with_sorted_keys_and_no_spaces():
    one, other = {"b": [1, 2.5, None], "ä": True}, {"ä": True, "b": [1, 2.5, None]}
    assert canonical_json.encode(one) == canonical_json.encode(other) == '{"b":[1,2.5,null],"ä":true}'.encode()


@pytest.mark.parametrize("number", [2**2000, -(2**2000), 10**5000, -(10**5000)], ids=int.bit_length)
def test_ints_beyond_pythons_decimal_limit_come_back(number):
    data = canonical_json.encode({"n": number})
    assert b'"$int"' in data
    assert canonical_json.decode(data) == {"n": number}


def test_a_users_object_that_looks_like_a_reserved_one_is_kept_apart():
    assert canonical_json.decode(canonical_json.encode({"$float": "nan"})) == {"$float": "nan"}
    assert canonical_json.encode({"$float": "nan"}) == b'{"$$float":"nan"}'


class Name(str):
    pass


@pytest.mark.parametrize("value", [(1,), {1: 2}, {None: 1}, {1.5}, b"x", Name("x"), {Name("x"): 1}, object(), [1j]])
def test_values_that_would_come_back_as_something_else_are_refused(value):
    assert not canonical_json.can_encode(value)
    with pytest.raises(SerializationError):
        canonical_json.encode(value)


def test_lone_surrogates_are_refused():
    with pytest.raises(SerializationError, match="Unicode"):
        canonical_json.encode("\ud800")


def test_nesting_is_bounded_and_a_value_within_itself_is_refused():
    nested, itself = [], []
    for _ in range(canonical_json.MAX_DEPTH - 1):
        nested = [nested]
    itself.append([itself, itself])
    assert canonical_json.decode(canonical_json.encode(nested)) == nested
    for value in ([nested], itself):
        with pytest.raises(SerializationError, match="200 levels"):
            canonical_json.encode(value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"NaN",
        b"[Infinity]",
        b"\xff",
        b"\xef\xbb\xbf1",
        b"1 2",
        b'{"a":1,"a":1}',
        b'{"$float":1}',
        b'{"$float":"1.0"}',
        b'{"$float":["nan"]}',
        b'{"$int":"0x1_0"}',
        b'{"$int":"ten"}',
        b'{"$int":16}',
        b'{"$date":"2026-01-01"}',
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b"9" * 10_000, id="long number"),
    ],
)
def test_what_is_not_canonical_json_is_a_format_error(data):
    with pytest.raises(FormatError):
        canonical_json.decode(data)


@given(st.binary(max_size=40))
def test_garbage_never_raises_anything_else(data):
    with contextlib.suppress(FormatError):
        canonical_json.decode(data)


def test_the_codec_imports_nothing_heavy():
    code = "import sys, mlopskit.storage.canonical_json; print(sorted({'numpy', 'pandas'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
