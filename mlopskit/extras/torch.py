"""What a plain training loop in PyTorch needs: mean metrics of an epoch, and weights kept without pickle."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from mlopskit.tracking.run import Run


class Meter:
    """Means of batch metrics, summed up on the device: the loop waits for it once an epoch, not once a batch.

    Parameters
    ----------
    run : Run
    prefix : str
        What the names of the metrics begin with, such as ``"train/"``.

    Examples
    --------
    >>> from mlopskit.tracking.tracker import Tracker
    >>> with Tracker("memory://docs-torch").start_run() as run:
    ...     meter = Meter(run, "train/")
    ...     for epoch in range(2):
    ...         for loss, size in [(1.0, 3), (0.5, 1)]:
    ...             meter.add(size, loss=torch.tensor(loss))
    ...         means = meter.log(epoch)
    >>> run.metric("train/loss")["value"].tolist()
    [0.875, 0.875]
    """

    def __init__(self, run: Run, prefix: str = "") -> None:
        self._run = run
        self._prefix = prefix
        self._sums: dict[str, tuple[Any, int]] = {}

    def add(self, size: int = 1, **means: Any) -> None:
        """Add a batch.

        Parameters
        ----------
        size : int, default 1
            How many rows the batch has: its weight.
        **means : tensor of one number, or number
            The mean of each metric over the batch; no gradient is kept.
        """
        for name, mean in means.items():
            value = mean.detach().double() if isinstance(mean, torch.Tensor) else float(mean)
            total, count = self._sums.get(name, (0.0, 0))
            self._sums[name] = (total + value * size, count + size)

    def log(self, step: int | None = None) -> dict[str, float]:
        """Log the weighted mean of each metric since the last call, return them, and begin anew."""
        means = {f"{self._prefix}{name}": float(total) / count for name, (total, count) in self._sums.items()}
        self._sums = {}
        self._run.log_metrics(means, step)
        return means


def save_weights(run: Run, name: str, module: torch.nn.Module) -> None:
    """Keep a module's ``state_dict`` as the run's file ``<name>.pt``; a blob and one commit."""
    buffer = io.BytesIO()
    torch.save(module.state_dict(), buffer)
    run._keep_files({f"{name}.pt": buffer.getvalue()})


def load_weights(run: Any, name: str, module: torch.nn.Module) -> None:
    """Put weights kept by `save_weights` into a module of the same shape; no code of the file is run.

    Raises
    ------
    NotFoundError
        If the run has no such file.
    """
    with run.open_file(f"{name}.pt") as file:
        module.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
