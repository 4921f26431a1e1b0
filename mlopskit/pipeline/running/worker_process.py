"""What goes on in a worker process: inputs are read from the store, and old code is told from what was sent."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from mlopskit.errors import FingerprintError, MlopskitError
from mlopskit.pipeline.caching.cache import Cache, Kept
from mlopskit.pipeline.caching.recipe import code_of_step
from mlopskit.storage.artifacts import leaves

if TYPE_CHECKING:
    from mlopskit.pipeline.running.workers import Call
    from mlopskit.pipeline.step import Step

_PR_SET_PDEATHSIG = 1

REMEMBERED = 4
"""How many inputs a worker process keeps in memory."""


@attrs.frozen
class Sent:
    """An input that lies on the store.

    Attributes
    ----------
    kept : Kept
        Where.
    digest : str
        What it is, with the importable code that gives it its behaviour, for the process that sent it.
    """

    kept: Kept
    digest: str

    @classmethod
    def of(cls, kept: Kept) -> Sent:
        """Return what is to be sent for an output."""
        return cls(kept, _digest(kept))


class InputLostError(MlopskitError):
    """An input that was to be read from the store could not be."""


class StrangeCodeError(MlopskitError):
    """A worker has other code under the same name than the process that sent the call."""


def made_there(call: Call, cache: Cache, parts: Mapping[str, str]) -> Any:
    """Make a call in this process, with what lies on the store read here.

    Parameters
    ----------
    call : Call
    cache : Cache
    parts : mapping of str to str
        What the sender's code is made of, see `mlopskit.pipeline.code.Code`.

    Raises
    ------
    StrangeCodeError
        If the same names stand for something else here, as when a module was edited after this process imported it.
    InputLostError
        If an input can not be loaded.
    """
    _refuse_strange_code(call.step, parts)
    return call.with_values(lambda value: _loaded(value, cache) if isinstance(value, Sent) else value).make_away(cache)


def end_with_parent(parent: int, *, with_thread: bool = False) -> None:
    """Have this process end when the one that started it is gone; it would wait for calls in vain.

    With the very thread that started it Linux can end it at once, also in the middle of C code that lets no other
    thread of this process run.
    """
    if with_thread and sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, name="mlopskit-parent", daemon=True).start()


@contextlib.contextmanager
def children_allowed() -> Iterator[None]:
    """Let a daemonic process, such as a worker of Dask, start others: ours end with it, by `end_with_parent`."""
    config = multiprocessing.current_process()._config  # type: ignore[attr-defined]
    was = config.pop("daemon", None)
    try:
        yield
    finally:
        if was is not None:
            config["daemon"] = was


# -- code ------------------------------------------------------------------------------------


_first_seen: dict[str, str] = {}


def _refuse_strange_code(step: Step, parts: Mapping[str, str]) -> None:
    if not parts:
        return
    try:
        here = code_of_step(step).parts
    except FingerprintError:
        return
    for name in _imported(parts):
        if name in here and parts[name] not in _acceptable(name, here[name]):
            raise StrangeCodeError(f"the {name} is another one in the worker process")


def _imported(parts: Mapping[str, str]) -> Iterator[str]:
    """Pick what a process imports by itself: what is in ``__main__`` is sent along."""
    for name in parts:
        kind = name.partition(" ")[0]
        if kind in ("function", "class", "value", "default") and "__main__." not in name:
            yield name


def _acceptable(name: str, digest: str) -> tuple[str, ...]:
    """A function must be the very same; what a module holds may have been changed by the steps that ran here."""
    first = _first_seen.setdefault(name, digest)
    return (digest,) if name.startswith("function ") else (digest, first)


# -- inputs ----------------------------------------------------------------------------------


class _Loaded:
    """What this process has read last, by content: the calls of one step often share an input."""

    def __init__(self) -> None:
        self._values: OrderedDict[str, Any] = OrderedDict()
        self._lock = threading.Lock()

    def value(self, kept: Kept, cache: Cache) -> Any:
        digest = kept.artifact.digest
        with self._lock:
            if digest not in self._values:
                # Whoever sent it has checked that it may be loaded, and its digest says that it is still the same.
                self._values[digest] = cache.artifacts.load(kept.artifact, trust=True)
            self._values.move_to_end(digest)
            while len(self._values) > REMEMBERED:
                self._values.popitem(last=False)
            return self._values[digest]


_loaded_here = _Loaded()


def _digest(kept: Kept) -> str:
    importable = tuple(name for name in kept.names if not name.startswith("__main__:"))
    return attrs.evolve(kept, names=importable).digest()


def _loaded(sent: Sent, cache: Cache) -> Any:
    kept = sent.kept
    if kept.names and _digest(kept) != sent.digest:
        raise StrangeCodeError(f"the class of an input, {', '.join(kept.names)}, is another one in the worker process")
    try:
        if all(leaf.content is not None for leaf in leaves(kept.artifact)):  # it came along, and pushes nothing out
            return cache.artifacts.load(kept.artifact, trust=True)
        return _loaded_here.value(kept, cache)
    except Exception as error:
        raise InputLostError(f"an input can not be loaded: {error}") from error
