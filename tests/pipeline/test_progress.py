import io
import sys

from mlopskit.pipeline.pipeline import Pipeline
from mlopskit.pipeline.progress import Progress
from mlopskit.records.event import StepFinished, StepStarted


class Terminal(io.StringIO):
    def isatty(self):
        return True


def numbers(n):
    return list(range(n))


def total(numbers):
    return sum(numbers) / len(numbers)


def test_nothing_is_written_unless_to_a_terminal_or_asked_for(store, capsys):
    pipeline = Pipeline([numbers, total], store=store)
    pipeline.run(n=3)
    assert capsys.readouterr() == ("", "")
    pipeline.run(n=3, progress=True)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [["numbers", "cached"], ["total", "cached"]]


def test_a_terminal_gets_a_line_for_each_step(store, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    Pipeline([numbers, total], store=store, name="sums").run(n=3)
    assert sys.stderr.getvalue().startswith("sums\n  numbers  running")
    Pipeline([numbers, total], store=store, name="sums").run(n=3, progress=False)
    assert sys.stderr.getvalue().count("sums") == 1


def test_the_running_line_is_overwritten(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    progress = Progress()
    progress(StepStarted("model"))
    progress(StepFinished("model", "done", 1.5))
    assert sys.stderr.getvalue() == "  model  running\r  model  done      1.50 s\n"
