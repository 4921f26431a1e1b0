"""Run the steps of a pipeline on a Ray cluster.

>>> from mlopskit.extras.ray import RayExecutor  # doctest: +SKIP
>>> pipeline.run(executor=RayExecutor(num_gpus=1), month=1)  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

import ray

_T = TypeVar("_T")


class RayExecutor(Executor):
    """Makes calls as Ray tasks, as many at once as the cluster has room for.

    Ray is started, or connected to, as ``ray.init`` does it, unless that has been done. Its workers must be able to
    reach the pipeline's store, and to import mlopskit.

    Parameters
    ----------
    **options
        What each task takes, as of Ray's ``remote``: ``num_cpus``, ``num_gpus``, ``resources``.
    """

    def __init__(self, **options: Any) -> None:
        if not ray.is_initialized():
            ray.init()
        self._max_workers = max(1, int(ray.cluster_resources().get("CPU", 1)))
        self._options = options
        self._pending: dict[Future[Any], Any] = {}

    def submit(self, fn: Callable[..., _T], /, *args: Any, **kwargs: Any) -> Future[_T]:
        """Start a task; its future has the result."""
        reference = ray.remote(fn).options(**self._options).remote(*args, **kwargs)
        future: Future[_T] = reference.future()
        self._pending[future] = reference
        future.add_done_callback(lambda done: self._pending.pop(done, None))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Wait for what runs, or cancel it; Ray itself goes on."""
        for future, reference in list(self._pending.items()):
            if cancel_futures:
                ray.cancel(reference)
            elif wait:
                future.exception()
