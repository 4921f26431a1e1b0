"""Metric points at rest: the format of a segment, and how a run's segments add up to its series.

A *segment* is an immutable object made by one writer that nobody changes,
``<run>/series/<writer>-<first>-<end>.seg``: the writer's points number `first` up to, not
including, `end`. Format 2, little-endian:

========  ===========================================================================
bytes     content
========  ===========================================================================
0-3       ``MSEG``
4         format number, u8
5-8       crc32 of everything after it, u32
9-12      number of points, n, u32
13-20     number of the first point, u64
21-24     length of the name table, u32
25-136    length of each of the 28 byte planes as stored, u32
137-      zlib of the name table, a JSON list of metric names; then the planes
========  ===========================================================================

The planes are the bytes of four columns of n items, key u32 (which name), step i64, time i64
(microseconds since 1970, UTC) and value f64: all first bytes of a column, then all second bytes
and so on. Steps and times are differences to the item before, modulo 2**64, the first to zero.
A plane whose bytes all equal its second byte, but for the first, is stored as these two bytes; one that is
noise as it is, n bytes; any other as zlib, which is then neither 2 nor n bytes long.

Format 1 had all planes in one zlib and nanoseconds; it is still read. To change the format: raise
`FORMAT`, keep reading the old numbers, and freeze a sample in the tests.
"""

from __future__ import annotations

import json
import re
import struct
import warnings
import zlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlopskit.errors import DamagedError, FormatError
from mlopskit.storage.store import Store

FORMAT = 2

_HEADER = struct.Struct("<4sBI")
_COUNTS = struct.Struct("<IQI28I")
_COUNTS_1 = struct.Struct("<II")
_MAGIC = b"MSEG"
_WIDTHS = (4, 8, 8, 8)
_NOISE_BITS = 7.0  # bits of entropy a byte from which zlib is not worth its time
_LEAST_DEFLATED = 64  # points below which nothing is gained by looking closer
_NAME = re.compile(r".*/(?P<writer>[^/-]+)-(?P<first>\d+)(?:-(?P<end>\d+))?\.seg").fullmatch


class Series(NamedTuple):
    """One metric's points, in the order of logging."""

    steps: NDArray[np.int64]
    times: NDArray[np.int64]
    values: NDArray[np.float64]


class Segment(NamedTuple):
    """Points that one writer logged one after another, as columns of equal length; times in nanoseconds."""

    names: list[str]
    keys: NDArray[np.uint32]
    steps: NDArray[np.int64]
    times: NDArray[np.int64]
    values: NDArray[np.float64]
    first: int = 0

    @property
    def end(self) -> int:
        """Number of the point after the last."""
        return self.first + len(self.keys)

    def after(self, number: int) -> Segment:
        """Leave out the points before `number`."""
        return self.cut(max(number - self.first, 0), len(self.keys))

    def cut(self, start: int, end: int) -> Segment:
        """Leave all points out but those from place `start` up to, not including, `end`."""
        kept = slice(start, end)
        columns = self.keys[kept], self.steps[kept], self.times[kept], self.values[kept]
        return Segment(self.names, *columns, self.first + start)


def segment_name(folder: str, writer: str, first: int, end: int) -> str:
    """Return the name on the store of a run's segment."""
    return f"{folder}/series/{writer}-{first:012}-{end:012}.seg"


def writer_and_range(name: str) -> tuple[str, int, int]:
    """Return what a segment's name tells: writer, first point, and end.

    Examples
    --------
    >>> writer_and_range("runs/201810/x/series/w-000000000010-000000000042.seg")
    ('w', 10, 42)
    """
    found = _NAME(name)
    if not found:
        raise DamagedError(f"{name} is no metric segment: its name is not one.")
    first = int(found["first"])
    return found["writer"], first, int(found["end"] or first)


def encode_segment(segment: Segment) -> bytes:
    """Turn points into the bytes of a segment, in the module's format.

    Examples
    --------
    >>> points = segment_of([("loss", 10, 1_700_000_000_000_000_000, 0.31)])
    >>> decode_segment(encode_segment(points)).values.tolist()
    [0.31]
    """
    listed = zlib.compress(json.dumps(segment.names).encode(), 1)
    columns = (
        segment.keys.astype("<u4"),
        _differences(segment.steps),
        _differences(segment.times // 1000),
        segment.values.astype("<f8"),
    )
    planes = [_deflated(plane) for column in columns for plane in _planes(column)]
    counts = _COUNTS.pack(len(segment.keys), segment.first, len(listed), *map(len, planes))
    content = b"".join((counts, listed, *planes))
    return _HEADER.pack(_MAGIC, FORMAT, zlib.crc32(content)) + content


def decode_segment(data: bytes, name: str = "a segment") -> Segment:
    """Turn the bytes of a segment back into columns.

    Parameters
    ----------
    data : bytes
        What `encode_segment` returned.
    name : str
        Where they come from, for the message.

    Raises
    ------
    DamagedError
        If the bytes are not a whole segment.
    FormatError
        If a later mlopskit has written them.
    """
    number = _checked_format(data, name)
    try:
        return _decode_1(data) if number == 1 else _decode_2(data)
    except (ValueError, struct.error, zlib.error) as error:
        raise DamagedError(f"{name} is not a whole metric segment: {error}.") from error


def segment_of(points: Sequence[tuple[str, int, int, float]], first: int = 0) -> Segment:
    """Make a segment of points given one by one: metric name, step, time in nanoseconds, value."""
    table: dict[str, int] = {}
    keys = [table.setdefault(point[0], len(table)) for point in points]
    _, steps, times, values = zip(*points, strict=True) if points else ((), (), (), ())
    return Segment(
        list(table),
        np.array(keys, np.uint32),
        np.array(steps, np.int64),
        np.array(times, np.int64),
        np.array(values, np.float64),
        first,
    )


def joined(segments: Sequence[Segment]) -> Segment:
    """Make one segment of several of the same writer that follow one another."""
    table: dict[str, int] = {}
    keys = []
    for segment in segments:
        places = np.array([table.setdefault(name, len(table)) for name in segment.names], np.uint32)
        keys.append(places[segment.keys])
    return Segment(
        list(table),
        np.concatenate(keys),
        np.concatenate([segment.steps for segment in segments]),
        np.concatenate([segment.times for segment in segments]),
        np.concatenate([segment.values for segment in segments]),
        segments[0].first,
    )


def merge_segments(store: Store, folder: str, names: Sequence[str], most: int) -> list[str]:
    """Make one segment of a writer's small ones, and return the names that are then to be read.

    The merged segment is on the store before the others are deleted; a reader that finds both
    takes the longer one.

    Parameters
    ----------
    store : Store
    folder : str
        The run's.
    names : sequence of str
        All segments of the writer, in order.
    most : int
        Segments of more points stay as they are.
    """
    small = names[_after_last_big(names, most) :]
    if len(small) < 2:
        return list(names)
    contents = store.read_many(small)
    merged = joined([decode_segment(contents[name], name) for name in small])
    writer, first, _ = writer_and_range(small[0])
    name = segment_name(folder, writer, first, merged.end)
    store.create(name, encode_segment(merged))
    store.delete(*small)
    return [*names[: -len(small)], name]


def _points(name: str) -> int:
    _, first, end = writer_and_range(name)
    return end - first


def _after_last_big(names: Sequence[str], most: int) -> int:
    return max((place + 1 for place, name in enumerate(names) if _points(name) > most), default=0)


def read_segments(store: Store, folder: str, embedded: Mapping[str, bytes] | None = None) -> list[Segment]:
    """Read all points of a run that are on the store: writer after writer, each in its order.

    A damaged segment is left out, with a warning that names it.

    Parameters
    ----------
    store : Store
    folder : str
        The run's.
    embedded : mapping of str to bytes, optional
        Segments kept elsewhere, under the names they would have had on the store.

    Raises
    ------
    FormatError
        If a later mlopskit has written one of them.
    """
    contents = {**read_listed(store, f"{folder}/series"), **(embedded or {})}
    segments = []
    reached: dict[str, int] = {}
    for name in sorted(contents, key=_reading_order):
        try:
            writer, _, end = writer_and_range(name)
            if end <= reached.get(writer, 0) and contents[name][4] == FORMAT:
                continue  # another segment, made of this and others, has its points already
            segment = decode_segment(contents[name], name)
        except DamagedError as error:
            warnings.warn(f"{error} Its metric points are left out.", stacklevel=3)
            continue
        segments.append(segment.after(reached.get(writer, 0)) if contents[name][4] == FORMAT else segment)
        reached[writer] = max(end, reached.get(writer, 0))
    return segments


def read_listed(store: Store, folder: str) -> dict[str, bytes]:
    """Read everything below a folder; what was merged into another name between the two looks is looked up again."""
    while True:
        names = store.list(folder)
        contents = store.read_many(names)
        if len(contents) == len(names):
            return contents


def series_by_metric(segments: Iterable[Segment]) -> dict[str, Series]:
    """Sort a run's points by metric, each in the order of logging.

    Examples
    --------
    >>> segment = segment_of([("loss", 0, 1, 0.5), ("f1", 0, 2, 0.1), ("loss", 1, 3, 0.4)])
    >>> series_by_metric([segment])["loss"].values.tolist()
    [0.5, 0.4]
    """
    found: dict[str, list[Series]] = {}
    for segment in segments:
        order = np.argsort(segment.keys, kind="stable")
        edges = np.searchsorted(segment.keys[order], np.arange(len(segment.names) + 1))
        for key, name in enumerate(segment.names):
            if not name:  # places that were never written
                continue
            rows = order[edges[key] : edges[key + 1]]
            if len(rows):
                found.setdefault(name, []).append(
                    Series(segment.steps[rows], segment.times[rows], segment.values[rows])
                )
    return {name: Series(*map(np.concatenate, zip(*parts, strict=True))) for name, parts in found.items()}


def _reading_order(name: str) -> tuple[str, int, int]:
    """Writer after writer; of segments that begin together the longest first."""
    found = _NAME(name)
    return (found["writer"], int(found["first"]), -int(found["end"] or 0)) if found else (name, 0, 0)


def _checked_format(data: bytes, name: str) -> int:
    if len(data) < _HEADER.size or data[:4] != _MAGIC:
        raise DamagedError(f"{name} is not a whole metric segment: its bytes are not what was written.")
    _, number, checksum = _HEADER.unpack_from(data)
    if number not in (1, FORMAT):
        raise FormatError(f"{name} has segment format {number}; this mlopskit reads up to {FORMAT}. Update mlopskit.")
    if zlib.crc32(memoryview(data)[_HEADER.size :]) != checksum:
        raise DamagedError(f"{name} is not a whole metric segment: its bytes are not what was written.")
    return int(number)


def _decode_2(data: bytes) -> Segment:
    size, first, table, *lengths = _COUNTS.unpack_from(data, _HEADER.size)
    start = _HEADER.size + _COUNTS.size
    view = memoryview(data)
    names = json.loads(zlib.decompress(view[start : start + table]))
    edges = np.cumsum([start + table, *lengths])
    planes = [_inflated(view[a:b], size) for a, b in pairwise(edges)]
    keys, steps, times, values = (
        _column(planes[sum(_WIDTHS[:place]) : sum(_WIDTHS[: place + 1])]) for place in range(4)
    )
    return Segment(names, keys.view("<u4"), _summed(steps), _summed(times) * np.int64(1000), values.view("<f8"), first)


def _decode_1(data: bytes) -> Segment:
    size, table = _COUNTS_1.unpack_from(data, _HEADER.size)
    body = zlib.decompress(memoryview(data)[_HEADER.size + _COUNTS_1.size :])
    edges = table + np.cumsum([0, *(width * size for width in _WIDTHS)])
    columns = [
        _column(list(np.frombuffer(body[a:b], np.uint8).reshape(width, -1)))
        for (a, b), width in zip(pairwise(edges), _WIDTHS, strict=True)
    ]
    keys, steps, times, values = columns
    return Segment(json.loads(body[:table]), keys.view("<u4"), _summed(steps), _summed(times), values.view("<f8"))


def _planes(column: NDArray[Any]) -> Iterable[NDArray[np.uint8]]:
    return np.ascontiguousarray(column.view(np.uint8).reshape(-1, column.dtype.itemsize).T)


def _column(planes: Sequence[NDArray[np.uint8]]) -> NDArray[Any]:
    return np.ascontiguousarray(np.stack(planes, axis=1)).view(f"<u{len(planes)}").ravel()


def _deflated(plane: NDArray[np.uint8]) -> bytes:
    """Store a plane in the cheapest way; which one, its length tells."""
    if len(plane) > 2 and (plane[1:] == plane[1]).all():
        return plane[:2].tobytes()
    if len(plane) >= _LEAST_DEFLATED and _entropy(plane) < _NOISE_BITS:
        deflated = zlib.compress(plane.tobytes(), 1)
        if len(deflated) < len(plane):
            return deflated
    return plane.tobytes()


def _inflated(stored: memoryview, size: int) -> NDArray[np.uint8]:
    if len(stored) == size:
        return np.frombuffer(stored, np.uint8)
    if len(stored) == 2:
        plane = np.full(size, stored[1], np.uint8)
        plane[0] = stored[0]
        return plane
    plane = np.frombuffer(zlib.decompress(stored), np.uint8)
    if len(plane) != size:
        raise ValueError("a column has the wrong length")
    return plane


def _entropy(plane: NDArray[np.uint8]) -> float:
    """Shannon's entropy in bits a byte."""
    counts = np.bincount(plane, minlength=256)
    shares = counts[counts > 0] / len(plane)
    return float(-(shares * np.log2(shares)).sum())


def _differences(column: NDArray[np.int64]) -> NDArray[np.uint64]:
    return np.diff(column.astype("<i8").view("<u8"), prepend=np.uint64(0)).astype("<u8")


def _summed(column: NDArray[np.uint64]) -> NDArray[np.int64]:
    return column.cumsum(dtype=np.uint64).view(np.int64)
