"""`Progress`: one bar for a run of a pipeline, in a terminal or a notebook."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from mlopskit.records.event import (
    Event,
    PipelineFinished,
    PipelineStarted,
    StepFinished,
    StepProgressed,
    StepStarted,
)

_BAR = "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]"
"""Without the time left: steps differ too much for what is over to say anything about what is to come."""
_COUNTED = ("cached", "failed", "skipped")
_LISTED = 3  # steps that run side by side
_NOTEBOOK_SECONDS = 0.5


def shows_progress(progress: bool | None) -> bool:
    """Decide whether a run shows a bar: as asked, else where somebody can be expected to watch.

    Parameters
    ----------
    progress : bool or None
        What the user asked for; None: if standard error is a terminal, or in a notebook.

    Examples
    --------
    >>> shows_progress(True), shows_progress(False)
    (True, False)
    """
    if progress is not None:
        return progress
    return _in_notebook() or (sys.stderr is not None and sys.stderr.isatty())


class Progress:
    """An observer that shows how many steps are over, which ones run, and what became of those that did not.

    The bar of a run that failed stays where it came to, and says so: a step that failed does not count as one that
    is over. Events may come from any thread, but one at a time.

    Examples
    --------
    >>> import contextlib
    >>> with contextlib.redirect_stderr(sys.stdout):
    ...     progress = Progress()
    ...     progress(PipelineStarted("flight-delays", {}, ("flights", "features")))
    ...     progress(StepStarted("flights"))
    ...     progress(StepFinished("flights", "cached", 0.01))
    ...     progress(PipelineFinished())
    flight-delays: ... 1/2 [00:00, 1 cached]
    """

    def __init__(self) -> None:
        self._bar: Any = None
        self._name = ""
        self._running: dict[str, str] = {}
        self._counts: Counter[str] = Counter()

    def __call__(self, event: Event) -> None:
        """Show what an event changes."""
        match event:
            case PipelineStarted(name=name, steps=steps):
                self._name, self._running, self._counts = name, {}, Counter()
                self._bar = open_bar(name, len(steps))
            case StepStarted(step=step):
                self._running[step] = step
                self._show()
            case StepProgressed(step=step, done=done, total=total):
                self._running[step] = f"{step} {done}/{total}"
                self._show(at_once=False)
            case StepFinished(step=step, status=status):
                self._running.pop(step, None)
                self._counts[status] += 1
                self._bar.n += status != "failed"
                self._show()
            case PipelineFinished(error=error):
                self._close(failed=bool(error))

    def _show(self, *, at_once: bool = True) -> None:
        at_once = at_once and not _in_notebook()  # one that is kept as a file keeps every drawing as a line
        self._bar.set_postfix_str(_state(self._running.values(), self._counts), refresh=at_once)
        if not at_once:
            self._bar.update(0)  # draws if the last time is long enough ago: there may be very many items

    def _close(self, *, failed: bool) -> None:
        if failed:
            self._bar.set_description_str(f"{self._name} failed", refresh=False)
        self._bar.set_postfix_str(_state((), self._counts), refresh=False)
        self._bar.close()  # draws it once more


def _state(running: Collection[str], counts: Mapping[str, int]) -> str:
    """Say what runs, and what else is worth a word.

    >>> _state(["model 120/1000", "a", "b", "c", "d"], {"cached": 2, "failed": 1, "done": 7})
    'model 120/1000, a, b and 2 more, 2 cached, 1 failed'
    """
    listed = ", ".join(list(running)[:_LISTED])
    more = f" and {len(running) - _LISTED} more" if len(running) > _LISTED else ""
    words = [f"{counts[status]} {status}" for status in _COUNTED if counts.get(status)]
    return ", ".join([listed + more, *words] if running else words)


def open_bar(name: str, total: int) -> Any:
    """Return a bar of tqdm, drawn where people look: below a cell, or on the terminal."""
    in_notebook = _in_notebook()
    # Not tqdm.auto: it warns where a notebook has no widgets, and every warning is an error to those who ask for it.
    if in_notebook and importlib.util.find_spec("ipywidgets"):
        from tqdm.notebook import tqdm
    else:
        from tqdm import tqdm
    file = sys.stdout if in_notebook else sys.stderr  # a notebook shows standard error as if it were a failure
    pause = _NOTEBOOK_SECONDS if in_notebook else 0.1
    return tqdm(total=total, desc=name, bar_format=_BAR, file=file, dynamic_ncols=True, miniters=0, mininterval=pause)


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")  # never imported: a notebook's kernel has
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")
