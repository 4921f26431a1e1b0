"""The one thread of a process that looks after its open runs, and what happens when the process ends.

Every half second it seals what is due, and lets runs show a sign of life. It is started with the
first run and has nothing to do when none is open.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import Protocol

LOOK_SECONDS = 0.5


class Tended(Protocol):
    """What the keeper looks after: a run."""

    def _look_after(self) -> None:
        """Do what is due."""

    def _end_with_process(self, error: BaseException | None) -> None:
        """The process ends."""

    def _go_on_in_child(self) -> None:
        """The process was forked, and this is the child."""


_open: dict[int, Tended] = {}
_wake = threading.Event()
_thread: threading.Thread | None = None
_starting = threading.Lock()


def look_after(run: Tended) -> None:
    """Look after a run until `let_go`."""
    global _thread  # noqa: PLW0603 - one thread looks after all runs of a process
    with _starting:
        _open[id(run)] = run
        if _thread is None:
            _thread = threading.Thread(target=_keep, name="mlopskit-keeper", daemon=True)
            _thread.start()
            _listen_for_termination()
    _wake.set()


def let_go(run: Tended) -> None:
    """Look after a run no longer."""
    _open.pop(id(run), None)


def _keep() -> None:
    while True:
        if not _open:
            _wake.wait()
        _wake.clear()
        for run in list(_open.values()):
            run._look_after()
        time.sleep(LOOK_SECONDS)


def _end_all() -> None:
    """The interpreter ends: runs that nobody has ended are over, with the error that ended the program, if any."""
    error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    for run in list(_open.values()):
        run._end_with_process(error)


def _listen_for_termination() -> None:
    """Let SIGTERM unwind the program, as Ctrl-C does, unless somebody else listens for it."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminate)


def _terminate(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _start_anew_in_child() -> None:
    global _thread
    _thread, _starting, _wake = None, threading.Lock(), threading.Event()
    for run in list(_open.values()):
        run._go_on_in_child()


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_start_anew_in_child)
# Before atexit, the interpreter refuses new work to the threads that talk to a remote store.
getattr(threading, "_register_atexit", atexit.register)(_end_all)
