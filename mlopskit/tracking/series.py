"""`SeriesWriter`: metric points, from `log_metric` to the store; the hot path of the tracking room.

A point is packed into the current part of the spool. A full part, and every few seconds whatever
has come since, is sealed: encoded as a segment and put on the store, by the keeper's thread or by `flush`.
"""

from __future__ import annotations

import logging
import numbers
import operator
import struct
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path
from time import time_ns
from typing import TYPE_CHECKING, Any

from mlopskit.errors import ConflictError, InvalidNameError, StoreError
from mlopskit.storage.identifiers import new_id
from mlopskit.tracking.spool import POINT, Part, part_path

if TYPE_CHECKING:
    from mlopskit.storage.store import Store
    from mlopskit.tracking.journal import Journal
    from mlopskit.tracking.segments import Segment

FIRST_POINTS, PART_POINTS = 2048, 32768  # in the first part, and in those that follow
MOST_PARTS = 256  # some 8 million points may wait for a store that does not answer
MERGED_SEGMENTS = 64  # so many small segments are merged into one
EMBEDDED_POINTS = 200  # a run's only segment, if it has no more points, goes into the commit that ends the run
NAME_LENGTH = 500

_SMALLEST, _LARGEST = -(2**63), 2**63 - 1
_NO_ROOM = (struct.error, ValueError, TypeError)  # a full part, or one that another thread has just given back
_pack_into = POINT.pack_into
_LOGGER = logging.getLogger("mlopskit")


class SeriesWriter:
    """Takes metric points of one run, from any number of threads, and puts them on the store.

    A process that was forked off goes on as a writer of its own.

    Parameters
    ----------
    store : Store
        Where the segments go.
    folder : str
        The run's folder on it.
    spool : Path or None
        The folder where points wait; None keeps them in this process's memory alone.
    header : dict
        What the journal begins with.
    """

    def __init__(self, store: Store, folder: str, spool: Path | None = None, header: Mapping[str, Any] = {}) -> None:
        self._store = store
        self._folder = folder
        self._spool = spool
        self._header = dict(header)
        self._closed = False
        self._become_writer(str(self._header.get("writer") or new_id()))

    def log_metric(self, name: str, value: float, step: int | None = None) -> None:
        """Record one point of a metric; a repeated step is kept as well, in order.

        When this returns, the point survives the death of this process: it waits in a file that
        is mapped into memory, and whoever next opens the store on this machine finds it there.
        A moment later, by default within ten seconds, it is on the store.

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
        """
        if type(value) is not float:
            value = _real_number(name, value)
        mark, steps = self._metrics.get(name) or self._new_metric(name)
        if step is None:
            step = next(steps)
        elif type(step) is not int or not _SMALLEST <= step <= _LARGEST:
            step = _whole_number(name, step)
        now = time_ns()
        buffer, next_offset = self._room
        try:
            _pack_into(buffer, next_offset(), step, now, value, mark)
        except _NO_ROOM:
            self._append_to_next_part(step, now, value, mark)

    def log_metrics(self, values: Mapping[str, float], step: int | None = None) -> None:
        """Record one point for each of several metrics, as `log_metric` does for one."""
        if not values.keys() <= self._metrics.keys():
            self._add_metrics(values)
        for name, value in values.items():
            self.log_metric(name, value, step)

    def flush(self) -> None:
        """Put all points on the store; when this returns they survive power loss as well.

        Raises
        ------
        StoreError
            If the store can not be written; the points are kept for the next attempt.
        """
        with self._sealing:
            while self._seal_next():
                pass

    # -- making room -----------------------------------------------------------------------

    def _become_writer(self, writer: str) -> None:
        """Start as a writer whose parts and segments no other process names; also in a forked child."""
        self._writer = writer
        self._metrics: dict[str, tuple[int, count[int]]] = {}
        self._names: list[str] = []
        self._journal: Journal | None = None
        self._parts: list[Part] = []
        self._room: tuple[Any, Any] = (bytearray(), int)  # no room: the first point makes some
        self._sealed = 0  # number of the first point that is not on the store
        self._holes: set[int] = set()
        self._segment: tuple[str, bytes, Segment] | None = None
        self._stored: list[str] = []
        self._sealed_at = time.monotonic()
        self._lost = 0
        self._told: set[str] = set()
        self._making_room = threading.RLock()
        self._sealing = threading.RLock()

    def _open_journal(self) -> None:
        """Make the journal, unless this writer has one or keeps points in memory anyway."""
        if self._journal is None and self._spool is not None:
            from mlopskit.tracking.journal import SUFFIX, Journal

            try:
                path = self._spool / f"{self._writer}{SUFFIX}"
                self._journal = Journal.create(path, {**self._header, "writer": self._writer})
                if self._names:
                    self._note({"metrics": self._names})
            except OSError as error:
                self._tell("spool", f"{self._folder}: metric points would not survive a kill ({error}).")
                self._spool = None

    def _note(self, entry: dict[str, Any]) -> None:
        if self._journal is not None:
            try:
                self._journal.append(entry)
            except OSError as error:
                self._tell("journal", f"{self._folder}: the journal of a run can not be written ({error}).")

    def _new_metric(self, name: str) -> tuple[int, count[int]]:
        self._add_metrics([name])
        return self._metrics[name]

    def _add_metrics(self, names: Iterable[str]) -> None:
        """Give each new name the number that points refer to, noted before the first of them."""
        for name in names:
            _refuse_bad_name(name)
        with self._making_room:
            self._refuse_closed()
            new = [str(name) for name in names if name not in self._metrics]
            self._open_journal()
            self._note({"metrics": new})
            for name in new:
                self._names.append(name)
                self._metrics[name] = (len(self._names), count(self._first_step(name)))

    def _first_step(self, name: str) -> int:  # noqa: ARG002 - a run that goes on looks it up
        """Return the step a metric begins with if the caller names none."""
        return 0

    def _append_to_next_part(self, step: int, now: int, value: float, mark: int) -> None:
        with self._making_room:
            while True:
                buffer, next_offset = self._room  # another thread may have made room
                try:
                    return _pack_into(buffer, next_offset(), step, now, value, mark)
                except _NO_ROOM:
                    self._refuse_closed()
                if len(self._parts) > MOST_PARTS:
                    self._lost += 1
                    return self._tell("lost", f"{self._folder}: the store does not answer and no more points can wait.")
                self._add_part()

    def _add_part(self) -> None:
        self._open_journal()
        last = self._parts[-1] if self._parts else None
        first = last.first + last.capacity if last else self._sealed
        capacity = PART_POINTS if last or first else FIRST_POINTS
        try:
            path = part_path(self._spool, self._writer, first) if self._spool else None
            part = Part(path, first, capacity)
        except OSError as error:
            self._tell("spool", f"{self._folder}: metric points would not survive a kill ({error}).")
            part = Part(None, first, capacity)
        self._parts.append(part)
        self._room = (part.buffer, part.next_offset)

    # -- sealing ---------------------------------------------------------------------------

    def _seal_next(self) -> bool:
        """Put the points of one part on the store; whether there were any."""
        if self._segment is None:
            self._segment = self._collected()
        if self._segment is None:
            return False
        name, data, segment = self._segment
        self._store.create(name, data)
        self._segment, self._sealed_at = None, time.monotonic()
        self._stored.append(name)
        self._has_sealed(segment)
        self._drop_parts()
        return True

    def _collected(self) -> tuple[str, bytes, Segment] | None:
        """Encode what the oldest part has that is not sealed: the name, bytes and points of a segment."""
        segment = next(self._unsealed(), None)
        return None if segment is None else (*self._encoded(segment), segment)

    def _encoded(self, segment: Segment) -> tuple[str, bytes]:
        """Return the name and the bytes of a segment."""
        from mlopskit.tracking.segments import encode_segment, segment_name

        return segment_name(self._folder, self._writer, segment.first, segment.end), encode_segment(segment)

    def _unsealed(self) -> Iterator[Segment]:
        """Read the points that are not on the store, part after part."""
        parts = list(self._parts)
        for part in parts:
            start = max(self._sealed, part.first)
            if start < part.first + part.capacity:
                records, holes = _written_records(part, start, whole=part is not parts[-1])
                self._holes.update(holes)
                if len(records):
                    yield segment_of_records(self._names, records, start)

    def _has_sealed(self, segment: Segment) -> None:
        self._sealed = segment.end

    def _drop_parts(self) -> None:
        """Give back the parts that are sealed to their end, once nobody fills them any more."""
        while len(self._parts) > 1 and self._parts[0].first + self._parts[0].capacity <= self._sealed:
            part = self._parts.pop(0)
            late = self._filled_holes(part)
            part.remove()
            for record in late:
                self._append_to_next_part(*record)

    def _filled_holes(self, part: Part) -> list[tuple[int, int, float, int]]:
        """Return points that a thread packed so late that their places were sealed as empty."""
        ours = {number for number in self._holes if number < part.first + part.capacity}
        self._holes -= ours
        if not ours:
            return []
        records = part.records()
        return [records[place].item() for place in sorted(n - part.first for n in ours) if records["mark"][place]]

    def _close(self) -> None:
        """Take no more points; what waits is to be sealed."""
        with self._making_room:
            self._closed = True
            self._metrics = {}  # leads every later call to the refusal

    def _remove_spool(self) -> None:
        """Everything is on the store: leave nothing on this machine."""
        for part in self._parts:
            part.remove()
        self._parts, self._room = [], (bytearray(), int)
        if self._journal is not None:
            self._journal.remove()
            self._journal = None

    def _refuse_closed(self) -> None:
        if self._closed:
            raise ConflictError(f"{self._folder} has ended and takes no more metrics; resume it, or start another.")

    def _tell(self, kind: str, message: str) -> None:
        """Say once what is wrong; training goes on."""
        if kind not in self._told:
            self._told.add(kind)
            _LOGGER.warning("%s", message)

    # -- the keeper's part -----------------------------------------------------------------

    def _tend(self, every: float) -> None:
        """Seal what is due; a store that does not answer is told of once, and tried again."""
        try:
            with self._sealing:
                if len(self._parts) > 1 or (time.monotonic() - self._sealed_at >= every and self._has_points()):
                    while self._seal_next() and len(self._parts) > 1:
                        pass
                    self._merge_segments()
            self._told.discard("store")
        except StoreError as error:
            self._sealed_at = time.monotonic()
            self._tell("store", f"{error} Metric points wait on this machine meanwhile.")

    def _has_points(self) -> bool:
        parts = self._parts
        return bool(parts) and parts[-1].is_written(max(self._sealed, parts[-1].first))

    def _merge_segments(self) -> None:
        """Make one segment of many small ones, so that reading does not grow with the time a run takes."""
        if len(self._stored) < MERGED_SEGMENTS:
            return
        from mlopskit.tracking.segments import merge_segments

        self._stored = merge_segments(self._store, self._folder, self._stored, PART_POINTS)


def segment_of_records(names: list[str], records: Any, first: int) -> Segment:
    """Make a segment of a part's records; the empty name marks places that were never written."""
    import numpy as np

    from mlopskit.tracking.segments import Segment

    marks, keys = np.unique(records["mark"], return_inverse=True)
    used = ["" if mark == 0 else names[mark - 1] for mark in marks.tolist()]
    return Segment(used, keys.astype(np.uint32).ravel(), records["step"], records["time"], records["value"], first)


def _written_records(part: Part, start: int, *, whole: bool) -> tuple[Any, list[int]]:
    """Return the records from number `start` to the last one, and the numbers of those not written.

    A place is empty for the moment that a thread needs between being given it and packing; one
    that was interrupted just there leaves it empty for good. `whole` tells that all places of
    the part have been given out.
    """
    for _ in range(100):
        records = part.records()[start - part.first :]
        written = records["mark"] != 0
        end = len(records) if whole else len(records) - int(written[::-1].argmax()) if written.any() else 0
        empty = (~written[:end]).nonzero()[0]
        if not len(empty):
            break
        time.sleep(0.001)
    return records[:end], (start + empty).tolist()


def _refuse_bad_name(name: object) -> None:
    if not isinstance(name, str):
        raise TypeError(f"A metric is named by text, not by a {type(name).__name__}.")
    if not 0 < len(name) <= NAME_LENGTH or not _is_unicode(name):
        raise InvalidNameError(
            f"A metric's name of {len(name)} characters is refused: use 1 to {NAME_LENGTH}, of valid Unicode."
        )


def _real_number(name: str, value: Any) -> float:
    if type(value) is int:
        kind = "i"
    else:
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
