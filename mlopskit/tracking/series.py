"""Metric points, from `log_metric` to the store and back: the hot path of the tracking room.

Points wait in memory and are written together, as a *segment*: an immutable object that one
process makes and nobody changes, ``<run>/series/<writer>-<number>.seg``. Format 1, little-endian:

========  ===========================================================================
bytes     content
========  ===========================================================================
0-3       ``MSEG``
4         format number, u8
5-8       crc32 of everything after it, u32
9-12      number of points, n, u32
13-16     length of the key table, u32
17-       zlib of the key table, a JSON list of metric names, and of four columns of
          n items: key u32 (which name), step i64, time i64 (nanoseconds since 1970,
          UTC), value f64. Steps and times are differences to the item before, modulo
          2**64, the first to zero. All first bytes of a column come first, then all
          second bytes and so on, which more than halves the compressed size.
========  ===========================================================================

To change the format: raise `FORMAT`, keep reading the old number, and freeze a sample in the tests.
"""

from __future__ import annotations

import json
import numbers
import operator
import os
import struct
import threading
import warnings
import weakref
import zlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import count, pairwise
from time import time_ns
from typing import TYPE_CHECKING, Any, NamedTuple

from mlopskit.errors import ConflictError, DamagedError, FormatError, InvalidNameError
from mlopskit.storage.identifiers import new_id

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mlopskit.storage.store import Store

FORMAT = 1
WAITING_POINTS = 4096  # at most so many wait in memory
WAITING_SECONDS = 10  # a call that finds the last write so long ago writes again
NAME_LENGTH = 500

_HEADER = struct.Struct("<4sBI")
_COUNTS = struct.Struct("<II")
_MAGIC = b"MSEG"
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1
_MODULO = 2**64 - 1

Point = tuple[str, int, int, float]
"""Metric name, step, time in nanoseconds, value."""


class SeriesWriter:
    """Takes metric points of one run, from any number of threads, and writes them in segments.

    A process that was forked off goes on as a writer of its own: it writes what it logs itself,
    and has to call `flush` before it ends.

    Parameters
    ----------
    store : Store
        Where the segments go.
    folder : str
        The run's folder on it.
    """

    def __init__(self, store: Store, folder: str) -> None:
        self._store = store
        self._folder = folder
        self._steps: dict[str, count[int]] = {}
        self._last: dict[str, float] = {}
        self._closed = False
        self._become_writer()
        _WRITERS.add(self)

    def log_metric(self, name: str, value: float, step: int | None = None) -> None:
        """Record one point of a metric; a repeated step is kept as well, in order.

        The point waits in memory. It is on the store when `flush` returns or the run has ended.
        The call that makes 4,096 points wait, or finds the last write ten seconds ago, writes
        them all itself; a process that is killed loses what it logged after its last write.

        Parameters
        ----------
        name : str
            Any text of 1 to 500 characters, such as ``"val/loss"``.
        value : real number
            A Python or NumPy number, or an array or tensor of one number without dimensions.
            NaN and infinities are kept.
        step : int, optional
            64 bits, of any meaning. By default 0, 1, 2 and so on, for each metric apart.

        Raises
        ------
        TypeError
            If the value is not a real number, or the step not an int.
        ConflictError
            If the run has ended.
        StoreError
            If it was time to write and that failed; the points are kept for the next attempt.
        """
        if type(value) is not float:
            value = _real_number(name, value)
        steps = self._steps.get(name) or self._new_metric(name)
        if step is None:
            step = next(steps)
        elif type(step) is not int or not _SMALLEST <= step <= _LARGEST:
            step = _whole_number(name, step)
        now = time_ns()
        points = self._points
        points.append((name, step, now, value))
        self._last[name] = value
        if now >= self._due or len(points) >= WAITING_POINTS:
            self._write_if_due(now)

    def log_metrics(self, values: Mapping[str, float], step: int | None = None) -> None:
        """Record one point for each of several metrics, as `log_metric` does for one."""
        for name, value in values.items():
            self.log_metric(name, value, step)

    def flush(self) -> None:
        """Write all points that wait; when this returns they survive SIGKILL and power loss.

        Raises
        ------
        StoreError
            If the store can not be written; the points are kept for the next attempt.
        """
        with self._lock:
            self._write_segment()  # what an attempt that failed has left
            taken = self._points[:]  # other threads go on appending behind these
            if taken:
                self._segment = encode_segment(taken)
                del self._points[: len(taken)]
                self._write_segment()

    def _close(self) -> None:
        """Write what waits and refuse whatever comes later."""
        self.flush()
        self._closed, self._due = True, 0  # an earlier due time leads every later call to the refusal

    def _final_metrics(self) -> dict[str, float]:
        """Return the last value of each metric, after `_close`; those that forked processes have written count too."""
        names = self._store.list(f"{self._folder}/series")
        if all(name.startswith(f"{self._folder}/series/{self._writer}-") for name in names):
            return dict(self._last)
        return last_values(read_segments(self._store, self._folder))

    def _write_segment(self) -> None:
        """Write the segment at hand; again the same bytes if an earlier attempt has failed."""
        if self._segment:
            name = f"{self._folder}/series/{self._writer}-{self._number:08}.seg"
            self._store.create(name, self._segment)
            self._segment = b""
            self._number += 1
            self._due = time_ns() + WAITING_SECONDS * 10**9

    def _write_if_due(self, now: int) -> None:
        with self._lock:
            if self._closed:
                self._points.clear()
                raise ConflictError(f"{self._folder} has ended and takes no more metrics; start a new run.")
            if now >= self._due or len(self._points) >= WAITING_POINTS:  # no other thread has written meanwhile
                self.flush()

    def _new_metric(self, name: str) -> count[int]:
        if not isinstance(name, str):
            raise TypeError(f"A metric is named by text, not by a {type(name).__name__}.")
        if not 0 < len(name) <= NAME_LENGTH or not _is_unicode(name):
            raise InvalidNameError(
                f"A metric's name of {len(name)} characters is refused: use 1 to {NAME_LENGTH}, of valid Unicode."
            )
        return self._steps.setdefault(name, count())

    def _become_writer(self) -> None:
        """Start as a writer whose segments no other process names; also in a forked child."""
        self._lock = threading.RLock()
        self._points: list[Point] = []
        self._segment = b""
        self._writer = new_id()
        self._number = 1
        if not self._closed:
            self._due = time_ns() + WAITING_SECONDS * 10**9


class Segment(NamedTuple):
    """Points that were written together, as columns of equal length."""

    names: list[str]
    keys: NDArray[np.uint32]
    steps: NDArray[np.int64]
    times: NDArray[np.int64]
    values: NDArray[np.float64]


def encode_segment(points: Sequence[Point]) -> bytes:
    """Turn points into the bytes of a segment, in the module's format."""
    names, steps, times, values = zip(*points, strict=True)
    table: dict[str, int] = {}
    keys = [table.setdefault(name, len(table)) for name in names]
    listed = json.dumps([str(name) for name in table]).encode()  # plain texts: the strict codec has nothing to add
    columns = (
        _shuffled("I", keys),
        _shuffled("Q", _differences(steps)),
        _shuffled("Q", _differences(times)),
        _shuffled("d", values),
    )
    content = _COUNTS.pack(len(points), len(listed)) + zlib.compress(b"".join((listed, *columns)), 1)
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

    Examples
    --------
    >>> segment = decode_segment(encode_segment([("loss", 10, 1_700_000_000_000_000_000, 0.31)]))
    >>> segment.names, segment.steps.tolist(), segment.values.tolist()
    (['loss'], [10], [0.31])
    """
    import numpy as np

    size, table, body = _checked_content(data, name)
    edges = np.cumsum([table, 4 * size, 8 * size, 8 * size])
    keys, steps, times, values = (body[start:end] for start, end in zip(edges, [*edges[1:], len(body)], strict=True))
    return Segment(
        json.loads(body[:table]),
        _unshuffled(keys, "<u4"),
        _unshuffled(steps, "<u8").cumsum(dtype=np.uint64).view(np.int64),
        _unshuffled(times, "<u8").cumsum(dtype=np.uint64).view(np.int64),
        _unshuffled(values, "<f8"),
    )


def read_segments(store: Store, folder: str) -> list[Segment]:
    """Read all points of a run that are on the store: writer after writer, each in its order.

    A damaged segment is left out, with a warning that names it.

    Raises
    ------
    FormatError
        If a later mlopskit has written one of them.
    """
    contents = store.read_many(store.list(f"{folder}/series"))
    segments = []
    for name in sorted(contents):
        try:
            segments.append(decode_segment(contents[name], name))
        except DamagedError as error:
            warnings.warn(f"{error} Its metric points are left out.", stacklevel=3)
    return segments


def last_values(segments: Iterable[Segment]) -> dict[str, float]:
    """Return the value of each metric that was logged last.

    Examples
    --------
    >>> last_values([decode_segment(encode_segment([("loss", 0, 1, 0.5), ("loss", 1, 2, 0.4)]))])
    {'loss': 0.4}
    """
    last: dict[str, float] = {}
    for segment in segments:
        for key, value in dict(zip(segment.keys.tolist(), segment.values.tolist(), strict=True)).items():
            last[segment.names[key]] = value
    return last


def _checked_content(data: bytes, name: str) -> tuple[int, int, bytes]:
    """Return the number of points, the length of the key table, and the uncompressed rest."""
    damaged = DamagedError(f"{name} is not a whole metric segment: its bytes are not what was written.")
    start = _HEADER.size + _COUNTS.size
    if len(data) < start:
        raise damaged
    magic, number, checksum = _HEADER.unpack_from(data)
    if magic != _MAGIC:
        raise damaged
    if number != FORMAT:
        raise FormatError(f"{name} has segment format {number}; this mlopskit reads {FORMAT}. Update mlopskit.")
    if zlib.crc32(memoryview(data)[_HEADER.size :]) != checksum:
        raise damaged
    size, table = _COUNTS.unpack_from(data, _HEADER.size)
    body = zlib.decompress(memoryview(data)[start:])
    if len(body) != table + 28 * size:
        raise damaged
    return size, table, body


def _shuffled(code: str, column: Sequence[float]) -> bytes:
    """Pack a column and put the bytes of equal significance side by side."""
    packed = struct.pack(f"<{len(column)}{code}", *column)
    width = struct.calcsize(f"<{code}")
    return b"".join(packed[place::width] for place in range(width))


def _unshuffled(data: bytes, dtype: str) -> NDArray[Any]:
    import numpy as np

    width = np.dtype(dtype).itemsize
    return np.ascontiguousarray(np.frombuffer(data, np.uint8).reshape(width, -1).T).view(dtype).ravel()


def _differences(column: Sequence[int]) -> list[int]:
    return [after - before & _MODULO for before, after in pairwise((0, *column))]


def _real_number(name: str, value: Any) -> float:
    kind = getattr(getattr(value, "dtype", None), "kind", "f")  # NumPy calls a timedelta a real number
    if getattr(value, "shape", None) == ():  # one number of NumPy, torch, TensorFlow or JAX
        value = value.item()
    if kind in "iuf" and not isinstance(value, bool) and isinstance(value, numbers.Real):
        try:
            return float(value)
        except OverflowError:
            raise TypeError(f"The value of the metric {name!r} is too large for a float.") from None
    raise TypeError(f"The value of the metric {name!r} is a {type(value).__name__}, not a real number.")


def _whole_number(name: str, step: Any) -> int:
    try:
        number = operator.index(step)
    except TypeError:
        raise TypeError(f"The step of the metric {name!r} is a {type(step).__name__}, not an int.") from None
    if not _SMALLEST <= number <= _LARGEST:
        raise TypeError(f"The step of the metric {name!r} does not fit into 64 bits.")
    return number


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # lone surrogates
        return False
    return True


_WRITERS: weakref.WeakSet[SeriesWriter] = weakref.WeakSet()


def _become_writers() -> None:
    for writer in list(_WRITERS):
        writer._become_writer()


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_become_writers)
