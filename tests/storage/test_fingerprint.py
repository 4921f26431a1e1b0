"""Python's own values: exact types, order where there is order, and clear refusals."""

import array
import collections
import copy
import ctypes
import datetime as dt
import decimal
import enum
import fractions
import math
import os
import pathlib
import re
import socket
import struct
import subprocess
import sys
import threading
import types
import uuid
import weakref
import zoneinfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.errors import FingerprintError
from mlopskit.storage.fingerprint import fingerprint

Point = collections.namedtuple("Point", "x y")
PARIS, UTC = zoneinfo.ZoneInfo("Europe/Paris"), zoneinfo.ZoneInfo("UTC")


class Colour(enum.Enum):
    RED = 1
    GREEN = 2


class Level(enum.IntEnum):
    LOW = 1


class Metres(float):
    pass


class Names(list):
    pass


class Tags(set):
    pass


DIFFERENT = [
    # numbers and text
    None, True, False, 0, 1, -1, 2**63 - 1, 2**63, -(2**200), 0.0, -0.0, 1.0, math.nan, math.inf, -math.inf, 1 + 0j,
    complex(1, -0.0), decimal.Decimal("1"), decimal.Decimal("1.0"), fractions.Fraction(1), Level.LOW, Metres(1.0),
    "", "1", "None", "é", "e\u0301", "\ud800", "\x00", b"", b"1", bytearray(b"1"), memoryview(b"1"),
    # sequences
    [], (), [None], [[]], [()], ([],), [1], [True], [1.0], ["1"], [b"1"], (1,), [1, 2], [2, 1], (1, 2), [1, [2]],
    [[1], 2], [[1, 2]], [1.0, 2.0], [1.0, 2], [0.0], [-0.0], [math.nan], [2**63], [1, 2**63], ["a", 1], ["1", 1],
    ["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""], ["", "abc"], ["ab", None], ["ab", math.nan], [None, "ab"],
    [["ab"], ["c"]], collections.deque([1, 2]), collections.deque([1, 2], 2), Point(1, 2), Names([1, 2]),
    array.array("q", [1]), array.array("d", [1]), range(3), range(0, 4, 2), slice(3), slice(0, 3),
    # sets and mappings
    set(), frozenset(), {1}, frozenset({1}), Tags({1}), {}, {"a": 1}, {"a": True}, {"a": None}, {"b": 1}, {1: "a"},
    {"a": {"b": 1}}, {"a": {}, "b": 1}, [("a", 1)], {"a": 1, "b": 2}, types.MappingProxyType({"a": 1}),
    collections.OrderedDict(a=1, b=2), collections.OrderedDict(b=2, a=1), collections.Counter("aab"),
    collections.defaultdict(int, a=1),
    # times
    dt.date(2024, 1, 1), dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 1, tzinfo=dt.UTC),  # noqa: DTZ001
    dt.datetime(2024, 1, 1, tzinfo=UTC), dt.datetime(2024, 1, 1, 1, tzinfo=PARIS), dt.time(1), dt.time(1, fold=1),
    dt.timedelta(1), dt.timedelta(seconds=1), dt.timedelta(microseconds=1),
    # names
    uuid.UUID(int=1), pathlib.PurePosixPath("a/b"), pathlib.PurePosixPath("a"), "a/b", re.compile("a"),
    re.compile(b"a"), re.compile("a", re.IGNORECASE), Ellipsis, NotImplemented, Colour.RED, Colour.GREEN, int, float,
    Point, math, os.path, list[int], list[str], int | str, len, max, [].append, [1].append, str.upper,
]  # fmt: skip


def nested_list(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


# -- types are exact, structure counts -------------------------------------------------------


def test_a_fingerprint_is_a_lowercase_sha256():
    assert re.fullmatch("[0-9a-f]{64}", fingerprint({"a": 1}))


def test_values_that_differ_in_type_structure_or_content_have_different_fingerprints():
    owners = collections.defaultdict(list)
    for value in DIFFERENT:
        owners[fingerprint(value)].append(value)
    assert [values for values in owners.values() if len(values) > 1] == []


@pytest.mark.parametrize("value", DIFFERENT, ids=lambda value: type(value).__name__)
def test_a_value_inside_others_keeps_them_apart(value):
    shapes = [value, [value], (value,), {"a": value}, {"a": [value]}, [value, value], [[value], value]]
    assert len({fingerprint(shape) for shape in shapes}) == len(shapes)


def test_every_nan_is_the_same_nan():
    negative, with_payload = struct.unpack("<2d", bytes.fromhex("000000000000f8ff 010000000000f87f"))
    assert fingerprint(negative) == fingerprint(with_payload) == fingerprint(math.nan)
    assert fingerprint([negative, 1.0, math.inf]) == fingerprint([with_payload, 1.0, math.inf])
    assert fingerprint(complex(negative, 1)) == fingerprint(complex(math.nan, 1))


def test_a_path_is_its_text_on_every_platform():
    assert fingerprint(pathlib.PureWindowsPath(r"a\b")) == fingerprint(pathlib.PurePosixPath("a/b"))
    assert fingerprint(pathlib.Path("a/b")) == fingerprint(pathlib.PurePosixPath("a/b"))


def test_a_time_zone_is_its_name():
    pytz = pytest.importorskip("pytz")
    assert fingerprint(pytz.timezone("Europe/Paris")) == fingerprint(PARIS)


# -- properties ------------------------------------------------------------------------------

SCALARS = st.sampled_from(
    [None, True, False, 0, 1, 2, 2**70, 0.0, -0.0, 1.0, math.nan, math.inf, "", "a", "b", "ab", b"", b"a", 1j, Ellipsis]
)
HASHABLE = st.recursive(SCALARS, lambda inner: st.tuples(inner) | st.frozensets(inner, max_size=2), max_leaves=3)
NESTED = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(HASHABLE, inner, max_size=3),
        st.sets(HASHABLE, max_size=3),
    ),
    max_leaves=6,
)


def same(a, b):
    """Type-exact equality, by brute force."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return (a != a and b != b) or (a == b and math.copysign(1, a) == math.copysign(1, b))
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return same_members(list(a.items()), list(b.items()))
    if isinstance(a, (set, frozenset)):
        return same_members(list(a), list(b))
    return a == b


def same_members(left, right):
    for member in left:
        match = next((i for i, other in enumerate(right) if same(member, other)), None)
        if match is None:
            return False
        right = right[:match] + right[match + 1 :]
    return not right


@settings(max_examples=400, deadline=None)
@given(NESTED, NESTED)
def test_fingerprints_are_equal_exactly_when_the_values_are(a, b):
    assert (fingerprint(a) == fingerprint(b)) == same(a, b)


@settings(max_examples=100, deadline=None)
@given(st.lists(SCALARS, max_size=4), st.lists(SCALARS, max_size=4))
def test_short_flat_lists_of_any_mixture_collide_only_when_equal(a, b):
    assert (fingerprint(a) == fingerprint(b)) == same(a, b)


@settings(max_examples=100, deadline=None)
@given(NESTED)
def test_a_deep_copy_is_the_same_value(value):
    assert fingerprint(copy.deepcopy(value)) == fingerprint(value)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.text(max_size=3), NESTED, max_size=5), st.randoms())
def test_the_order_of_a_dict_does_not_count(value, random):
    items = list(value.items())
    random.shuffle(items)
    assert fingerprint(dict(items)) == fingerprint(value)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers() | st.text(max_size=3), min_size=2, unique=True))
def test_the_order_of_a_list_counts(values):
    assert fingerprint(values[::-1]) != fingerprint(values)
    assert fingerprint({*reversed(values)}) == fingerprint({*values})


# -- sharing, cycles, depth ------------------------------------------------------------------


def test_sharing_does_not_count():
    shared = [1]
    assert fingerprint([shared, shared]) == fingerprint([[1], [1]])


def test_a_part_shared_at_every_level_is_read_once():
    value = []
    for _ in range(100):
        value = [value, value]
    assert len(fingerprint(value)) == 64


@pytest.mark.parametrize("kind", [list, dict, Names])
def test_a_value_that_contains_itself_is_refused(kind):
    value = kind()
    value.update(me=value) if kind is dict else value.append(value)
    with pytest.raises(FingerprintError, match="contains itself"):
        fingerprint(value)


@pytest.mark.parametrize("depth", [151, 1_000, 100_000])
def test_a_value_nested_too_deeply_is_refused(depth):
    with pytest.raises(FingerprintError, match="levels deep"):
        fingerprint(nested_list(depth))


def test_a_hundred_levels_are_fine():
    assert fingerprint(nested_list(100)) != fingerprint(nested_list(101))


def test_a_nearly_exhausted_stack_is_reported_as_such():
    def descend():
        try:
            return descend()
        except RecursionError:
            return fingerprint(nested_list(100))

    with pytest.raises(FingerprintError, match="call stack"):
        descend()


# -- refusals --------------------------------------------------------------------------------


async def coroutine_function():
    pass


@pytest.fixture
def no_content(tmp_path):
    """Values that live in one process only."""
    coroutine = coroutine_function()
    with socket.socket() as open_socket, (tmp_path / "file").open("w") as open_file:
        yield {
            "generator": (x for x in []),
            "coroutine": coroutine,
            "lock": threading.Lock(),
            "thread": threading.Thread(),
            "socket": open_socket,
            "file": open_file,
            "weak reference": weakref.ref(Names),
            "pointer": ctypes.pointer(ctypes.c_int(1)),
            "frame": sys._getframe(),
        }
    coroutine.close()


def test_what_lives_in_one_process_only_is_refused(no_content):
    for value in no_content.values():
        with pytest.raises(FingerprintError, match=r"so it has no fingerprint\. Leave it out"):
            fingerprint([value])


def test_a_refusal_names_the_type_the_place_and_the_remedy():
    class Model:
        pass

    model = Model()
    model.steps = [(x for x in [])]
    with pytest.raises(FingerprintError, match=r"^value\['model'\]\.steps\[0\] \(generator\) .*Leave it out"):
        fingerprint({"model": model})


def test_a_refusal_points_into_a_list_of_mostly_strings():
    with pytest.raises(FingerprintError, match=r"^value\[2\] "):
        fingerprint(["a", "b", threading.Lock()])


def test_a_refusal_does_not_show_keys_that_may_be_data():
    with pytest.raises(FingerprintError) as refusal:
        fingerprint({("secret", 1): threading.Lock()})
    assert "secret" not in str(refusal.value)
    assert "value[<tuple>]" in str(refusal.value)


# -- lightness -------------------------------------------------------------------------------


def test_plain_values_load_no_array_library():
    code = """
import sys
from mlopskit.storage.fingerprint import fingerprint
fingerprint({"a": [1, "b", None]})
assert not {"numpy", "pandas", "scipy", "sklearn", "pyarrow"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_many_threads_do_not_outlive_the_call():
    before = threading.active_count()
    fingerprint(b"x" * (8 << 20))
    assert threading.active_count() == before


def test_long_bytes_differ_in_any_leaf():
    values = {fingerprint(b"a" * (5 << 20))}
    for place in (0, 1 << 20, (5 << 20) - 1):
        changed = bytearray(b"a" * (5 << 20))
        changed[place] = 0
        values.add(fingerprint(bytes(changed)))
    assert len(values) == 4
