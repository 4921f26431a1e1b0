"""A live line in a training loop: how far it is, how long it will take, how the metrics move."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

_T = TypeVar("_T")
_EVERY_SECONDS = 0.2
_SHOWN_METRICS = 4


def progress(
    iterable: Iterable[_T], *, describe: Callable[[], Mapping[str, float]] = dict, total: int | None = None
) -> Iterator[_T]:
    """Iterate, and keep a line on standard error up to date; where that is no terminal or notebook, only its end.

    Parameters
    ----------
    iterable : iterable
    describe : callable
        ``describe() -> {metric: value}``; the first four are shown.
    total : int, optional
        How many items there are; default its length, if it has one.

    Examples
    --------
    >>> list(progress(["a", "b"]))
    ['a', 'b']
    """
    length = getattr(iterable, "__len__", None)
    total = length() if total is None and length is not None else total
    live = sys.stderr.isatty() or "ipykernel" in sys.modules
    began = shown = time.monotonic()
    done = 0
    try:
        for item in iterable:
            yield item
            done += 1
            if live and (now := time.monotonic()) - shown >= _EVERY_SECONDS:
                shown = now
                _write(progress_line(done, total, now - began, describe()), "\r")
    finally:
        _write(progress_line(done, total, time.monotonic() - began, describe()), "\r" if live else "", "\n")


def progress_line(done: int, total: int | None, seconds: float, metrics: Mapping[str, float]) -> str:
    """Write how far a loop is.

    Examples
    --------
    >>> progress_line(25, 100, 10.0, {"loss": 0.25})
    '25/100 | 10 s, 30 s left | loss 0.25'
    """
    counted = f"{done:,}/{total:,}" if total is not None else f"{done:,}"
    left = f", {_duration(seconds / done * (total - done))} left" if total and 0 < done < total else ""
    moved = [f"{name} {value:.4g}" for name, value in list(metrics.items())[:_SHOWN_METRICS]]
    return " | ".join([counted, f"{_duration(seconds)}{left}", *moved])


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _write(text: str, before: str, after: str = "") -> None:
    width = shutil.get_terminal_size().columns - 1
    sys.stderr.write(before + (text[:width].ljust(width) if before else text) + after)
    sys.stderr.flush()
