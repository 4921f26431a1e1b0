"""One way in: a user call reaches the disk through few files."""

import sys
from pathlib import Path

import pytest

import mlopskit
from mlopskit.tracking.tracker import Tracker

PACKAGE = Path(mlopskit.__file__).parent


def files_touched(call):
    """Which files of mlopskit execute during a call?"""
    touched = set()

    def profile(frame, event, argument):
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(PACKAGE):
            touched.add(path.relative_to(PACKAGE).as_posix())

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        call()
    finally:
        sys.setprofile(before)
    return touched


@pytest.fixture
def run(tmp_path):
    return Tracker(tmp_path / "store").start_run()


def test_a_metric_point_passes_through_one_file(run):
    run.log_metric("loss", 0.32)
    assert files_touched(lambda: run.log_metric("loss", 0.31, step=10)) == {"tracking/series.py"}


def test_a_metric_point_reaches_the_store_through_few_files(run):
    run.log_metric("loss", 0.32)
    touched = files_touched(run.flush)
    assert {"tracking/series.py", "tracking/segments.py", "storage/backends/local.py"} <= touched
    assert len(touched) <= 12, sorted(touched)
