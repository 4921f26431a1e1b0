"""`KillableProcess`: calls that end in time, also deep in C code, since the process that makes them can be killed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from functools import partial
from typing import Any, Self

from mlopskit.errors import PipelineError
from mlopskit.pipeline.running.shipping import received, run_shipped, shipped
from mlopskit.pipeline.running.worker_process import children_allowed, end_with_parent


class StepTimeoutError(PipelineError, TimeoutError):
    """A step took longer than it may."""


class KillableProcess:
    """A process that makes one call at a time.

    It is started by the first call, and again by the next one after it was killed. It ends with the ``with`` block:
    one that lived on could hold code that has been edited since.

    Examples
    --------
    >>> with KillableProcess() as process:
    ...     process.call(divmod, {}, seconds=60)
    Traceback (most recent call last):
    TypeError: divmod expected 2 arguments, got 0
    """

    def __init__(self) -> None:
        self._executor: Executor | None = None

    def call(self, function: Callable[..., Any], arguments: Mapping[str, Any], *, seconds: float | None = None) -> Any:
        """Call a function there.

        Parameters
        ----------
        function : callable
            What to call.
        arguments : mapping of str to object
            By name.
        seconds : float, optional
            How long it may take, the start of the process not counted.

        Raises
        ------
        StepTimeoutError
            If it takes longer.
        SerializationError
            If the function, an argument or the result can not be sent.
        BrokenExecutor
            If the process dies of it.
        """
        return received(self.run(shipped(_call, function, dict(arguments)), seconds))

    def run(self, packed: bytes, seconds: float | None = None) -> bytes:
        """Make a call that is packed already, and return the packed result."""
        answer = self._started().submit(run_shipped, packed)
        is_well = False
        try:
            result: bytes = answer.result(seconds)  # what the function raises is packed too
            is_well = True
        except TimeoutError:
            raise StepTimeoutError(f"it took longer than {seconds:g} s and was ended") from None
        finally:
            if not is_well:
                self.kill()
        return result

    def kill(self) -> None:
        """End the process, whatever it is doing."""
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(kill_workers=True)  # type: ignore[call-arg]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def _started(self) -> Executor:
        if self._executor is None:
            from loky import ProcessPoolExecutor

            with children_allowed():
                ends = partial(end_with_parent, os.getpid(), with_thread=True)
                self._executor = ProcessPoolExecutor(1, initializer=ends)
                self._executor.submit(int).result()  # else its start would count as time of the call
        return self._executor


def _call(function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    return function(**arguments)
