"""What a run shows: charts, progress, figures, and the machine."""

import math
import threading
import time

import numpy as np
import pytest

from mlopskit.errors import NotFoundError
from mlopskit.tracking.figures import figure_file
from mlopskit.tracking.plots import thinned
from mlopskit.tracking.progress import progress, progress_line
from mlopskit.tracking.tracker import Tracker


def test_metrics_of_the_same_steps_share_a_chart(tracker):
    with tracker.start_run() as run:
        for step in range(20):
            run.log_metrics({"train/loss": 1 / (step + 1), "test/loss": 2 / (step + 1)}, step)
        run.log_metric("<b>", math.nan)
    assert repr(run.plot("train/loss", "test/loss")) == "<Plot of train/loss, test/loss>"
    assert run.plot("train/loss", "test/loss")._repr_html_().count("<svg") == 1
    everything = run.plot()
    assert everything._repr_html_().count("<svg") == 2
    assert "<b>" not in everything.html
    assert run.plot("train/loss", x="time")._repr_html_().count("<svg") == 1
    with pytest.raises(NotFoundError, match="los"):
        run.plot("los")
    with pytest.raises(ValueError, match="'epoch'"):
        run.plot("train/loss", x="epoch")


def test_a_thinned_line_keeps_its_peaks_and_ends():
    values = np.random.default_rng(0).normal(size=100_000)
    values[5_000], values[70_000], values[3] = 99, -99, np.nan
    places = thinned(values, 2000)
    assert len(places) <= 2002
    assert {0, 5_000, 70_000, 99_999} <= set(places.tolist())
    assert (np.diff(places) > 0).all()


def test_a_loop_shows_where_it_is(capsys):
    assert list(progress(iter("ab"), describe=lambda: {"loss": 0.5}, total=4)) == ["a", "b"]
    assert capsys.readouterr().err.strip() == "2/4 | 0 s, 0 s left | loss 0.5"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "0 s"), (90, "1 min 30 s"), (7200, "2 h 0 min")]
)  # fmt: skip
def test_a_duration_reads_well(seconds, text):
    assert progress_line(1, 2, seconds, {}) == f"1/2 | {text}, {text} left"


def test_a_loop_that_breaks_off_ends_its_line(capsys):
    for item in progress(range(10)):
        if item == 3:
            break
    assert "3/10" in capsys.readouterr().err


def test_figures_of_matplotlib_come_back(tracker):
    figure_module = pytest.importorskip("matplotlib.figure")
    figure = figure_module.Figure()
    figure.subplots().plot([1, 2])
    with tracker.start_run() as run:
        run.log_figure("roc", figure)
        run.log_figure("roc.svg", figure)
    with run.open_file("figures/roc.png") as png, run.open_file("figures/roc.svg") as svg:
        assert png.read().startswith(b"\x89PNG")
        assert b"<svg" in svg.read()


def test_what_can_not_be_shown_is_refused():
    with pytest.raises(TypeError, match="int is no figure"):
        figure_file(7)


def test_the_machine_is_sampled_until_stopped(tracker):
    pytest.importorskip("psutil")
    from mlopskit.tracking.system_metrics import SystemMetrics

    with tracker.start_run() as run:
        with pytest.raises(ValueError, match="above 0"):
            SystemMetrics(run, every=0)
        with SystemMetrics(run, every=0.05):
            sum(range(1_000_000))
    assert run.metrics["process/memory_bytes"] > 1e6
    assert run.summaries["system/cpu_percent"].count >= 2
    assert [thread for thread in threading.enumerate() if "system-metrics" in thread.name] == []


def test_a_tracker_can_sample_the_machine_for_every_run(store):
    pytest.importorskip("psutil")
    with Tracker(store, system_metrics=True).start_run() as run:
        for _ in range(100):  # 10 s
            if "process/memory_bytes" in run.metrics:
                break
            time.sleep(0.1)
    assert run.metrics["process/memory_bytes"] > 1e6
