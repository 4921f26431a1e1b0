"""`Progress`: one line on the terminal for each step, as it happens."""

from __future__ import annotations

import sys

from mlopskit.records.event import Event, PipelineFinished, PipelineStarted, StepFinished, StepStarted


class Progress:
    """An observer that writes to stderr.

    Examples
    --------
    >>> import contextlib
    >>> with contextlib.redirect_stderr(sys.stdout):
    ...     progress = Progress()
    ...     progress(PipelineStarted("flight-delays", {}, ("flights", "features")))
    ...     progress(StepStarted("flights"))
    ...     progress(StepFinished("flights", "done", 1.25))
    flight-delays
      flights   done      1.25 s
    """

    def __init__(self) -> None:
        self._width = 0

    def __call__(self, event: Event) -> None:
        """Write what there is to say about an event."""
        match event:
            case PipelineStarted(name=name, steps=steps):
                self._width = max(map(len, steps), default=0)
                _write(f"{name}\n")
            case StepStarted(step=step) if sys.stderr.isatty():
                _write(f"{self._line(step, 'running')}\r")  # written over by the line that says how it went
            case StepFinished(step=step, status=status, seconds=seconds):
                _write(f"{self._line(step, status)} {seconds:6.2f} s\n")
            case PipelineFinished(error=error) if error:
                _write("failed\n")

    def _line(self, step: str, status: str) -> str:
        return f"  {step:<{self._width}}  {status:<7}"


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
