import contextlib
import importlib.machinery
import importlib.util
import io
import os
import subprocess
import sys
import types

import pytest

from mlopskit.pipeline.progress import Progress, shows_progress
from mlopskit.records.event import (
    PipelineFinished,
    PipelineStarted,
    StepFinished,
    StepProgressed,
    StepStarted,
    SweepFinished,
    SweepStarted,
)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def module(name, **names):
    made = types.ModuleType(name)
    made.__spec__ = importlib.machinery.ModuleSpec(name, None)
    vars(made).update(names)
    return made


@pytest.fixture
def notebook(monkeypatch):
    shell = types.SimpleNamespace(kernel="the kernel")
    monkeypatch.setitem(sys.modules, "IPython", module("IPython", get_ipython=lambda: shell))


def written(*events, steps=("flights", "model", "scores")):
    """All that goes to the terminal."""
    progress, terminal = Progress(), Terminal()
    with contextlib.redirect_stderr(terminal):
        for event in (PipelineStarted("delays", {}, steps), *events):
            progress(event)
    return terminal.getvalue()


def drawn(*events, **options):
    """What the bar says, from its first drawing to its last."""
    return [line.strip() for line in written(*events, **options).split("\r") if line.strip()]


def test_a_bar_says_what_runs_and_how_many_were_cached():
    first, started, cached, last = drawn(
        StepStarted("flights"), StepFinished("flights", "cached", 0.1), StepStarted("model")
    )
    assert first.startswith("delays:   0%|")
    assert first.endswith("| 0/3 [00:00]")
    assert started.endswith("| 0/3 [00:00, flights]")
    assert cached.endswith("| 1/3 [00:00, 1 cached]")
    assert last.endswith("| 1/3 [00:00, model, 1 cached]")


def test_steps_that_run_side_by_side_are_listed_in_the_order_they_began():
    started = [StepStarted("flights"), StepStarted("model"), StepStarted("scores")]
    assert drawn(*started)[-1].endswith("| 0/3 [00:00, flights, model, scores]")
    assert drawn(*started, StepFinished("model", "done", 1.0))[-1].endswith("| 1/3 [00:00, flights, scores]")


def test_the_items_of_a_step_are_counted():
    counted = [StepStarted("model"), StepProgressed("model", 119, 1000), StepProgressed("model", 120, 1000)]
    assert drawn(*counted, StepStarted("scores"))[-1].endswith("[00:00, model 120/1000, scores]")


def test_very_many_items_are_not_all_drawn():
    items = [StepProgressed("model", done, 10_000) for done in range(10_000)]
    assert len(drawn(StepStarted("model"), *items)) < 100


def test_a_run_that_went_well_ends_its_line():
    text = written(*(StepFinished(step, "done", 0.1) for step in ("flights", "model", "scores")), PipelineFinished())
    assert text.endswith("| 3/3 [00:00]\n")
    assert text.count("\n") == 1


def test_a_run_that_failed_leaves_its_bar_where_it_came_to():
    last = drawn(
        StepFinished("flights", "done", 0.1),
        StepFinished("model", "failed", 0.1),
        StepFinished("scores", "skipped", 0.0),
        PipelineFinished("Step 'model' failed"),
    )[-1]
    assert last.startswith("delays failed:  67%|")
    assert last.endswith("| 2/3 [00:00, 1 failed, 1 skipped]")


def test_a_run_that_was_interrupted_runs_nothing_any_more():
    last = drawn(StepStarted("flights"), PipelineFinished("KeyboardInterrupt"))[-1]
    assert last.startswith("delays failed:   0%|")
    assert last.endswith("| 0/3 [00:00]")


def test_a_run_without_a_step_to_run():
    assert drawn(PipelineFinished(), steps=())[-1].startswith("delays: ")


def test_one_observer_may_watch_one_run_after_another():
    again = PipelineStarted("again", {}, ("flights",))
    last = drawn(StepFinished("flights", "cached", 0.1), PipelineFinished("it failed"), again)[-1]
    assert last.startswith("again:   0%|")
    assert last.endswith("| 0/1 [00:00]")


def test_tqdms_own_switch_turns_every_bar_off():
    # In a process of its own, as tqdm reads its environment when it is imported.
    script = """if True:
        from mlopskit.pipeline.progress import Progress
        from mlopskit.records.event import PipelineFinished, PipelineStarted, StepFinished, StepProgressed, StepStarted
        progress = Progress()
        progress(PipelineStarted("delays", {}, ("model",)))
        progress(StepStarted("model"))
        progress(StepProgressed("model", 1, 2))
        progress(StepFinished("model", "failed", 0.1))
        progress(PipelineFinished("it failed"))
    """
    environment = os.environ | {"TQDM_DISABLE": "1"}
    ran = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert (ran.stdout, ran.stderr) == ("", "")


def test_what_is_no_business_of_a_bar_is_passed_over():
    assert drawn(SweepStarted("delays", {}), SweepFinished()) == drawn()


def test_a_bar_is_shown_as_asked():
    assert shows_progress(True)
    assert not shows_progress(False)


def test_a_bar_is_shown_in_a_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert shows_progress(None)


def test_a_bar_is_not_shown_in_a_log_file_or_without_a_console(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert not shows_progress(None)
    monkeypatch.setattr(sys, "stderr", None)
    assert not shows_progress(None)


def test_a_bar_is_shown_in_a_notebook(notebook, monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert shows_progress(None)


def test_the_console_of_ipython_is_no_notebook(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    monkeypatch.setitem(sys.modules, "IPython", module("IPython", get_ipython=object))
    assert not shows_progress(None)


def test_a_notebook_without_widgets_gets_text_and_no_warning(notebook, monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert written(PipelineFinished()) == ""
    assert capsys.readouterr().out.endswith("| 0/3 [00:00]\n")


def test_a_notebook_with_widgets_gets_a_widget(notebook, monkeypatch):
    made = []
    monkeypatch.setitem(sys.modules, "ipywidgets", module("ipywidgets"))
    monkeypatch.setitem(
        sys.modules, "tqdm.notebook", module("tqdm.notebook", tqdm=lambda **options: made.append(options))
    )
    assert written() == ""
    assert made[0]["total"] == 3
