import math
import mmap
import struct
import threading
import uuid

import numpy as np
import pytest

from mlopskit.errors import ConflictError, InvalidNameError, UnreachableError
from mlopskit.storage.store import Store
from mlopskit.tracking.segments import read_segments
from mlopskit.tracking.series import FIRST_POINTS, PART_POINTS, SeriesWriter
from mlopskit.tracking.summaries import Summaries


@pytest.fixture
def writer(store):
    return SeriesWriter(store, "runs/201301/r")


def written(writer):
    """Flush, and read everything back as a list of (name, step, value)."""
    writer.flush()
    return [
        (segment.names[key], step, value)
        for segment in read_segments(writer._store, "runs/201301/r")
        for key, step, value in zip(segment.keys, segment.steps.tolist(), segment.values.tolist(), strict=True)
    ]


def bits(values):
    return [struct.pack("<d", value) for value in values]


def test_points_come_back_with_nan_infinities_and_repeated_steps(writer):
    for value in (0.5, math.nan, math.inf, -math.inf, -0.0):
        writer.log_metric("loss", value, step=3)
    found = written(writer)
    assert [step for _, step, _ in found] == [3] * 5
    assert bits(value for *_, value in found) == bits([0.5, math.nan, math.inf, -math.inf, -0.0])


def test_the_default_step_counts_each_metric_apart(writer):
    writer.log_metrics({"loss": 1.0, "auc": 0.5})
    writer.log_metric("loss", 0.9)
    assert written(writer) == [("loss", 0, 1.0), ("auc", 0, 0.5), ("loss", 1, 0.9)]


def test_a_step_of_zero_is_a_step(writer):
    writer.log_metric("loss", 1.0, step=0)
    writer.log_metric("loss", 0.9, step=0)
    assert [step for _, step, _ in written(writer)] == [0, 0]


@pytest.mark.parametrize("name", ["../../etc/passwd", "val/loss", "потери 📉", "a\0b\n", "x" * 500, np.str_("loss")])
def test_any_text_names_a_metric_and_never_a_path(writer, name):
    writer.log_metric(name, 1)
    assert written(writer) == [(name, 0, 1.0)]
    assert all(
        listed.endswith("-000000000000-000000000001.seg") for listed in writer._store.list("runs/201301/r/series")
    )


@pytest.mark.parametrize("name", ["", "x" * 501, "\ud800"])
def test_names_that_can_not_be_kept_are_refused(writer, name):
    with pytest.raises(InvalidNameError, match="1 to 500"):
        writer.log_metric(name, 1.0)
    assert written(writer) == []


def test_a_name_must_be_text(writer):
    with pytest.raises(TypeError, match="named by text"):
        writer.log_metric(7, 1.0)


@pytest.mark.parametrize("value", [2, np.float32(2), np.float64(2), np.int64(2), np.uint8(2), np.array(2.0)])
def test_numbers_of_python_and_numpy_are_values(writer, value):
    writer.log_metric("loss", value, step=np.int32(4))
    assert written(writer) == [("loss", 4, 2.0)]


@pytest.mark.parametrize(
    "value", ["0.5", None, True, np.True_, 1j, [0.5], np.array([0.5]), np.timedelta64(5, "ns"), 10**400]
)  # fmt: skip
def test_what_is_not_a_real_number_is_refused_with_the_name_of_the_metric(writer, value):
    with pytest.raises(TypeError, match="'val/loss'"):
        writer.log_metric("val/loss", value)
    assert written(writer) == []


@pytest.mark.parametrize("step", [1.5, "1", 2**63, -(2**63) - 1])
def test_a_step_that_is_no_64_bit_int_is_refused_with_the_name_of_the_metric(writer, step):
    with pytest.raises(TypeError, match="'loss'"):
        writer.log_metric("loss", 0.5, step=step)
    assert written(writer) == []


def test_more_points_than_a_part_has_room_for_are_kept(writer):
    count = FIRST_POINTS + PART_POINTS + 10
    for _ in range(count):
        writer.log_metric("loss", 0.5)
    assert [step for _, step, _ in written(writer)] == list(range(count))


def test_flushing_nothing_writes_nothing(writer):
    writer.flush()
    assert writer._store.list() == []


def test_a_closed_writer_refuses_every_later_point(writer):
    writer.log_metric("loss", 0.5)
    writer._close()
    for _ in range(2):
        with pytest.raises(ConflictError, match="has ended"):
            writer.log_metric("loss", 0.4)
    assert written(writer) == [("loss", 0, 0.5)]


def test_threads_lose_no_point_and_no_step(writer):
    def log():
        for _ in range(3000):
            writer.log_metric("loss", 0.5)

    threads = [threading.Thread(target=log) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(step for _, step, _ in written(writer)) == list(range(12_000))


class LosesTheFirstReply(Store):
    """A store whose first write goes through although the writer hears that it did not."""

    lost = False

    def create(self, name, data, *, durable=True):
        super().create(name, data, durable=durable)
        if not self.lost:
            self.lost = True
            raise UnreachableError("no answer")


def test_a_lost_reply_neither_loses_nor_doubles_points():
    writer = SeriesWriter(LosesTheFirstReply(f"memory://{uuid.uuid4().hex}"), "runs/201301/r")
    writer.log_metric("loss", 0.5)
    with pytest.raises(UnreachableError):
        writer.flush()
    writer.log_metric("loss", 0.4)
    assert written(writer) == [("loss", 0, 0.5), ("loss", 1, 0.4)]


def test_a_damaged_segment_is_left_out_with_a_warning_that_names_it(writer):
    writer.log_metric("loss", 0.5)
    writer.flush()
    writer.log_metric("loss", 0.4)
    writer.flush()
    first, _ = writer._store.list("runs/201301/r/series")
    writer._store.replace(first, writer._store.read(first)[:-3])
    with pytest.warns(UserWarning, match=first):
        segments = read_segments(writer._store, "runs/201301/r")
    assert Summaries(segments).result()["loss"].last == 0.4


def test_a_thread_that_meets_a_part_just_given_back_logs_to_the_next_one(tracker):
    with tracker.start_run() as run:
        run.log_metric("loss", 0.5)
        stale = run._room
        run.flush()
        gone = mmap.mmap(-1, 4096)
        gone.close()
        run._room = (gone, stale[1])
        run.log_metric("loss", 0.25)
    assert run.metric("loss")["value"].tolist() == [0.5, 0.25]
