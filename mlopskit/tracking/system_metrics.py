"""What the machine was doing while a run ran: processor, memory, disk and GPU, sampled in the background."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

from mlopskit.errors import MissingDependencyError, MlopskitError

if TYPE_CHECKING:
    from mlopskit.tracking.run import Run

Sample = Callable[[], dict[str, float]]


class SystemMetrics:
    """Logs how busy the machine is to a run, every few seconds from a thread, until stopped or the run ends.

    ==============================  ==================================================
    ``system/cpu_percent``          of all processors together, since the sample before
    ``system/memory_bytes``         memory in use
    ``system/disk_free_bytes``      free where the program works
    ``system/disk_read_bytes``      read from all disks since the start
    ``system/disk_write_bytes``     written to all disks since the start
    ``process/cpu_percent``         of one processor: two busy threads are 200
    ``process/memory_bytes``        resident memory of this process, without its children
    ``gpu0/utilization_percent``    of each NVIDIA GPU, if ``nvidia-ml-py`` is installed
    ``gpu0/memory_bytes``           memory in use on it
    ==============================  ==================================================

    What a platform does not tell is left out.

    Parameters
    ----------
    run : Run
    every : float, default 10
        Seconds between two samples. The first is taken at once, the last when it is stopped.

    Raises
    ------
    MissingDependencyError
        If psutil is not installed.

    Examples
    --------
    >>> from mlopskit.tracking.tracker import Tracker
    >>> with Tracker("memory://docs-system").start_run() as run, SystemMetrics(run, every=5):
    ...     sum(range(1000))
    499500
    >>> run.metrics["process/memory_bytes"] > 0
    True
    """

    def __init__(self, run: Run, *, every: float = 10.0) -> None:
        if not every > 0:
            raise ValueError(f"Samples are taken every so many seconds, a number above 0, not {every!r}.")
        self._run = run
        self._every = every
        self._samples = [*_machine_samples(), *_gpu_samples()]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._sample_until_stopped, name="mlopskit-system-metrics", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take a last sample, and no more; to stop twice does nothing."""
        self._stopping.set()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _sample_until_stopped(self) -> None:
        while self._log() and not self._stopping.wait(self._every):
            pass
        if self._stopping.is_set():
            self._log()

    def _log(self) -> bool:
        """Log one sample; False if the run takes no more."""
        values: dict[str, float] = {}
        for sample in self._samples:
            with suppress(Exception):  # a device that went away, a value this platform does not have
                values |= sample()
        if self._run.status != "running":
            return False
        try:
            self._run.log_metrics(values)
        except MlopskitError:  # it has ended in this moment
            return False
        return True


def _machine_samples() -> list[Sample]:
    try:
        import psutil
    except ImportError as error:
        raise MissingDependencyError("system metrics need psutil: pip install 'mlopskit[system]'") from error

    process = psutil.Process()
    process.cpu_percent()
    psutil.cpu_percent()  # both tell what was since the call before
    begin = psutil.disk_io_counters()

    def disk_traffic() -> dict[str, float]:
        now = psutil.disk_io_counters()
        return {
            "system/disk_read_bytes": now.read_bytes - begin.read_bytes,
            "system/disk_write_bytes": now.write_bytes - begin.write_bytes,
        }

    return [
        lambda: {"system/cpu_percent": psutil.cpu_percent()},
        lambda: {"system/memory_bytes": psutil.virtual_memory().used},
        lambda: {"system/disk_free_bytes": psutil.disk_usage(".").free},
        disk_traffic,
        lambda: {"process/cpu_percent": process.cpu_percent()},
        lambda: {"process/memory_bytes": process.memory_info().rss},
    ]


def _gpu_samples() -> list[Sample]:
    try:
        import pynvml

        pynvml.nvmlInit()
        handles = [pynvml.nvmlDeviceGetHandleByIndex(number) for number in range(pynvml.nvmlDeviceGetCount())]
    except Exception:  # noqa: BLE001 - not installed, or no driver, or no GPU: all the same here
        return []

    def sample_of(number: int) -> Sample:
        return lambda: {
            f"gpu{number}/utilization_percent": pynvml.nvmlDeviceGetUtilizationRates(handles[number]).gpu,
            f"gpu{number}/memory_bytes": pynvml.nvmlDeviceGetMemoryInfo(handles[number]).used,
        }

    return list(map(sample_of, range(len(handles))))
