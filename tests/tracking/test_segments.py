import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.errors import DamagedError, FormatError
from mlopskit.storage.store import Store
from mlopskit.tracking.segments import (
    decode_segment,
    encode_segment,
    merge_segments,
    read_segments,
    segment_name,
    segment_of,
    series_by_metric,
)

FORMAT_1 = bytes.fromhex(
    "4d534547017c6a8226030000003400000078018b56cac92f2e56d251502a4bccd18f293530314e0393a920d2c408cc3605b30dc06c0ba558"
    "06460638e0facacdf09f010b620429d26260306360f8c7c0308781613a0383385c1b12e3c18f0bf6f5f600c4d61d1f"
)

int64 = st.integers(-(2**63), 2**63 - 1)
times = st.integers(0, 2**62)  # nanoseconds since 1970, kept as microseconds
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
points = st.lists(st.tuples(names, int64, times, st.floats(width=64)), min_size=1, max_size=100)


def bits(values):
    return [struct.pack("<d", value) for value in values]


@settings(max_examples=80, deadline=None)
@given(points)
def test_a_segment_gives_back_every_point_bit_for_bit_and_in_order(points):
    segment = decode_segment(encode_segment(segment_of(points)))
    assert [segment.names[key] for key in segment.keys] == [point[0] for point in points]
    assert segment.steps.tolist() == [point[1] for point in points]
    assert segment.times.tolist() == [point[2] // 1000 * 1000 for point in points]
    assert bits(segment.values.tolist()) == bits(point[3] for point in points)


@settings(max_examples=80, deadline=None)
@given(points, st.data())
def test_a_segment_that_was_cut_or_changed_is_refused_by_name(points, data):
    whole = encode_segment(segment_of(points))
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = bytearray(whole)
    changed[place] ^= data.draw(st.integers(1, 255))
    for damaged in (whole[:place], bytes(changed), whole + b"x"):
        with pytest.raises((DamagedError, FormatError), match=r"x\.seg"):
            decode_segment(damaged, "x.seg")


def test_the_first_format_stays_readable():
    segment = decode_segment(FORMAT_1)
    assert segment.names == ["loss", "val/потери"]
    assert segment.keys.tolist() == [0, 1, 0]
    assert segment.steps.tolist() == [10, -1, 10]
    assert (segment.times - 1_700_000_000_000_000_000).tolist() == [0, 1, 2]
    assert repr(segment.values.tolist()) == "[0.5, nan, 0.25]"


@pytest.mark.parametrize("garbage", [b"", b"MSEG", b"garbage that is long enough for a header"])
def test_garbage_is_refused(garbage):
    with pytest.raises(DamagedError, match="not a whole metric segment"):
        decode_segment(garbage)


def test_a_segment_of_a_later_format_asks_for_an_update():
    later = bytearray(encode_segment(segment_of([("loss", 0, 0, 0.5)])))
    later[4] = 3
    with pytest.raises(FormatError, match="Update mlopskit"):
        decode_segment(bytes(later))


def test_a_point_takes_few_bytes():
    start = 1_700_000_000_000_000_000
    noise = np.random.default_rng(0).normal(size=4096)
    points = [("loss", step, start + step * 1_003_007, float(value)) for step, value in enumerate(noise)]
    assert len(encode_segment(segment_of(points))) / len(points) < 12


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=8), st.integers(0, 100))
def test_merged_or_not_every_point_is_read_once_and_in_order(sizes, most):
    store = Store("memory://segments-merging")
    store.delete(*store.list())
    listed, first = [], 0
    for size in sizes:
        made = [(f"m{number % 3}", number, number, float(number)) for number in range(first, first + size)]
        listed.append(segment_name("r", "w", first, first + size))
        store.create(listed[-1], encode_segment(segment_of(made, first)))
        first += size
    kept = {name: store.read(name) for name in listed}
    merge_segments(store, "r", listed, most)
    for embedded in ({}, kept):  # a merger that died before deleting leaves both
        found = series_by_metric(read_segments(store, "r", embedded))
        assert {name: series.steps.tolist() for name, series in found.items()} == {
            f"m{key}": list(range(key, first, 3)) for key in range(min(3, first))
        }
