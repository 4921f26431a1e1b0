"""Where calls are made: here, on threads, or in other processes through any ``concurrent.futures.Executor``.

To another process a big value goes by where it lies on the store, and what a step gives comes back the same way,
so a scheduler never carries it.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from functools import partial
from multiprocessing import util
from typing import Any, Protocol, Self

from mlopskit.errors import MlopskitError, PipelineError, SerializationError
from mlopskit.pipeline.caching.cache import Cache, Kept
from mlopskit.pipeline.code import Code
from mlopskit.pipeline.running.killable import KillableProcess
from mlopskit.pipeline.running.shipping import received, run_shipped, shipped
from mlopskit.pipeline.running.worker_process import Sent, children_allowed, end_with_parent, made_there
from mlopskit.pipeline.step import Step
from mlopskit.storage.identifiers import new_id

IDLE_SECONDS = 300
"""How long worker processes wait for the next run before they end."""

_SMALL = {type(None), bool, int, float}


class Call(Protocol):
    """A call that is to be made."""

    @property
    def step(self) -> Step:
        """Whose function it is."""

    @property
    def arguments(self) -> Mapping[str, Any]:
        """What it is called with."""

    def make(self, cache: Cache) -> Any:
        """Make it."""

    def make_away(self, cache: Cache) -> Any:
        """Make it in another process: without the values that can be had from the store."""

    def with_values(self, exchange: Callable[[Any], Any]) -> Self:
        """Return the call with other values for the same arguments."""

    def to_send(self, exchange: Callable[[Any], Any]) -> Self:
        """Return the same without what only this process needs."""


class ProcessLostError(PipelineError):
    """The process that made a call has died."""

    def __init__(self, lost: BrokenExecutor, *, was_alone: bool) -> None:
        codes = re.search(r"exit codes of the workers are \{(.+?)\}", str(lost))
        how = f" ({codes[1]})" if codes else ""
        super().__init__(f"the process it ran in died{how}: it was killed, as for lack of memory, or crashed in C code")
        self.was_alone = was_alone
        """Whether no other call can have been what it died of."""


class Workers(Protocol):
    """Something that makes calls."""

    width: int
    """How many at once."""
    shares_memory: bool
    """Whether arguments and results are handed over as they are."""

    def submit(self, call: Call, code: Code | None) -> Future[Any]:
        """Have a call made, and return its future."""

    def submit_apart(self, call: Call, code: Code | None) -> Future[Any]:
        """Have a call made that others shall not suffer from, or that suffered from others."""

    def renew(self) -> bool:
        """Have later calls made by processes that know no old code; false if that is not for us to do."""

    def stop(self) -> None:
        """Give up what is being done."""


class _Ended(Future[Any]):
    """A future that has ended when it is made, and so needs no lock: these cost as much as a small step."""

    def __init__(self) -> None:
        self.value: Any = None
        self.error: Exception | None = None

    def done(self) -> bool:
        return True

    def result(self, timeout: float | None = None) -> Any:  # noqa: ARG002 - there is nothing to wait for
        if self.error is not None:
            raise self.error
        return self.value

    def exception(self, timeout: float | None = None) -> Exception | None:  # noqa: ARG002
        return self.error


class Here:
    """Makes a call when it is submitted."""

    width = 1
    shares_memory = True

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def submit(self, call: Call, _code: Code | None) -> Future[Any]:
        """Make the call; Ctrl-C comes out at once."""
        made = _Ended()
        try:
            made.value = call.make(self._cache)
        except Exception as error:  # noqa: BLE001 - kept for whoever asks
            made.error = error
        return made

    submit_apart = submit

    def renew(self) -> bool:
        """Do nothing: there is no other code than here."""
        return False

    def stop(self) -> None:
        """Do nothing: nothing goes on."""


class Threads:
    """Makes calls on the threads of an executor."""

    shares_memory = True

    def __init__(self, executor: Executor, cache: Cache) -> None:
        self._executor, self._cache = executor, cache
        self._futures: list[Future[Any]] = []
        self.width = width_of(executor)

    def submit(self, call: Call, _code: Code | None) -> Future[Any]:
        """Hand the call to a thread."""
        future = self._executor.submit(call.make, self._cache)
        self._futures.append(future)
        return future

    submit_apart = submit

    def renew(self) -> bool:
        """Do nothing: there is no other code than here."""
        return False

    def stop(self) -> None:
        """Take back what has not begun; a thread can not be stopped, and what it makes is kept."""
        for future in self._futures:
            future.cancel()


class Processes:
    """Makes calls in the processes of an executor.

    Parameters
    ----------
    executor : Executor
        The user's; it is never shut down here.
    cache : Cache
        Where values are exchanged.
    by_value : bool, default False
        Whether to send values themselves, because nothing may be written to the store.
    """

    shares_memory = False

    def __init__(self, executor: Executor, cache: Cache, *, by_value: bool = False) -> None:
        self._executor, self._cache, self._by_value = executor, cache, by_value
        self._sent: set[Future[bytes]] = set()
        self._apart: ThreadPoolExecutor | None = None
        self._apart_process = KillableProcess()
        self.width = width_of(executor)

    def submit(self, call: Call, code: Code | None) -> Future[Any]:
        """Pack the call and send it.

        Raises
        ------
        SerializationError
            If something of it can not be sent.
        """
        packed = self._packed(call, code)
        future: Future[Any] = Future()
        try:
            sent = self._send(packed)
        except BrokenExecutor as error:  # by a call before this one
            future.set_exception(ProcessLostError(error, was_alone=False))
            return future
        self._sent.add(sent)
        sent.add_done_callback(partial(_pass_on, future=future, together=self._sent))
        return future

    def submit_apart(self, call: Call, code: Code | None) -> Future[Any]:
        """Pack the call and make it in a process of its own, one such call after another."""
        if self._apart is None:
            self._apart = ThreadPoolExecutor(1, "mlopskit-apart")
        sent = self._apart.submit(self._apart_process.run, self._packed(call, code))
        future: Future[Any] = Future()
        sent.add_done_callback(partial(_pass_on, future=future, together={sent}))
        return future

    def renew(self) -> bool:
        """Do nothing: the processes are the user's."""
        return False

    def stop(self) -> None:
        """Take back what has not begun."""
        for sent in list(self._sent):
            sent.cancel()
        if self._apart is not None:
            self._apart.shutdown(wait=False, cancel_futures=True)
            self._apart_process.kill()

    def _packed(self, call: Call, code: Code | None) -> bytes:
        parts = code.parts if code is not None else {}
        return shipped(made_there, call.to_send(self._sendable), self._cache, parts)

    def _send(self, packed: bytes) -> Future[bytes]:
        return self._executor.submit(run_shipped, packed, new_id())

    def _sendable(self, value: Any) -> Any:
        if self._by_value or type(value) in _SMALL:
            return value
        try:
            return Sent.of(value if isinstance(value, Kept) else self._cache.save(value))
        except MlopskitError as error:
            raise SerializationError(f"a {type(value).__name__} can not be sent to another process") from error


class OwnProcesses(Processes):
    """Processes that this library starts, and keeps for the next run."""

    def __init__(self, count: int, cache: Cache, *, by_value: bool = False) -> None:
        super().__init__(_kept_pool(count), cache, by_value=by_value)
        self.width = count
        self._is_new = False

    def renew(self) -> bool:
        """Start other processes; those that are there end when they have made their calls."""
        if not self._is_new:
            self._is_new = True
            self._replace()
        return True

    def stop(self) -> None:
        """Kill the processes."""
        super().stop()
        self._executor.shutdown(kill_workers=True)  # type: ignore[call-arg]

    def _send(self, packed: bytes) -> Future[bytes]:
        with children_allowed():
            try:
                return super()._send(packed)
            except RuntimeError:  # it lost a process since, or another thread's run has replaced it
                self._replace()
                return super()._send(packed)

    def _replace(self) -> None:
        self._executor.shutdown(wait=False)
        self._executor = _kept_pool(self.width, instead_of=self._executor)
        self._sent = set()


_pool: tuple[int, Executor] | None = None
_pool_lock = threading.Lock()


def _kept_pool(count: int, *, instead_of: Executor | None = None) -> Executor:
    """Return the pool of this process, with as many workers; one that has another size is replaced."""
    global _pool  # noqa: PLW0603 - worker processes outlive the run that started them
    from loky import ProcessPoolExecutor

    with _pool_lock:
        if _pool is not None and _pool[0] == count and _pool[1] is not instead_of:
            return _pool[1]
        if _pool is not None:
            _pool[1].shutdown(wait=False)
        started: Executor = ProcessPoolExecutor(
            count, timeout=IDLE_SECONDS, initializer=end_with_parent, initargs=(os.getpid(),)
        )
        _pool = count, started
        # A process that exits waits for its children before it runs what others have registered to end them.
        util.Finalize(None, started.shutdown, kwargs={"kill_workers": True}, exitpriority=10)
        return started


def workers_for(executor: int | Executor | None, cache: Cache, *, caching: bool = True) -> Workers:
    """Return what makes calls as the user wants it.

    Parameters
    ----------
    executor : int, Executor or None
        As of `Pipeline.run`.
    cache : Cache
        Where values are exchanged with other processes.
    caching : bool, default True
        False if nothing may be written there.

    Raises
    ------
    PipelineError
        If that is neither a number of processes nor an executor, or processes could not reach the store.
    """
    if executor is None or (isinstance(executor, int) and not isinstance(executor, bool) and executor == 1):
        return Here(cache)
    if isinstance(executor, ThreadPoolExecutor):
        return Threads(executor, cache)
    is_count = isinstance(executor, int) and not isinstance(executor, bool) and executor > 1
    if not is_count and not callable(getattr(executor, "submit", None)):
        raise PipelineError(
            f"executor={executor!r} is neither a number of processes, 1 or more, nor a concurrent.futures.Executor."
        )
    if caching and cache.store.url.startswith("memory:"):
        raise PipelineError(
            f"Other processes can not reach {cache.store}, which lies in this one's memory: use a folder as the store, "
            "a ThreadPoolExecutor, or Pipeline(cache=False)."
        )
    if isinstance(executor, int):
        return OwnProcesses(executor, cache, by_value=not caching)
    return Processes(executor, cache, by_value=not caching)


def width_of(executor: Any) -> int:
    """Return how many calls an executor makes at once, as far as it says so."""
    width = getattr(executor, "_max_workers", None)
    if isinstance(width, int) and width > 0:
        return width
    client = getattr(executor, "_client", None)  # Dask's
    return sum(client.ncores().values()) if client is not None else os.cpu_count() or 1


def _pass_on(sent: Future[bytes], future: Future[Any], together: set[Future[bytes]]) -> None:
    """Unpack what came back; of a pool that lost a process, all calls in it come back at once."""
    if not sent.cancelled() and isinstance(lost := sent.exception(), BrokenExecutor):
        # All that are in `together` meet the same, so nothing is taken out of it.
        future.set_exception(ProcessLostError(lost, was_alone=len(together) == 1))
        return
    together.discard(sent)
    try:
        future.set_result(received(sent.result()))
    except BaseException as error:  # noqa: BLE001 - also that the call was cancelled
        future.set_exception(error.with_traceback(None))
