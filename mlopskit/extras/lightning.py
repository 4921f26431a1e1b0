"""A logger for Lightning's trainer."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities.rank_zero import rank_zero_only

if TYPE_CHECKING:
    from mlopskit.tracking.run import Run


class RunLogger(Logger):  # type: ignore[misc]
    """Logs what Lightning logs to a run; for ``Trainer(logger=...)``. How the run ends stays with its ``with`` block.

    Parameters
    ----------
    run : Run

    Examples
    --------
    >>> from mlopskit.tracking.tracker import Tracker
    >>> with Tracker("memory://docs-lightning").start_run("net") as run:
    ...     logger = RunLogger(run)
    ...     logger.log_metrics({"loss": 0.5}, step=10)
    >>> run.metrics, logger.name
    ({'loss': 0.5}, 'net')
    """

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run

    @property
    def name(self) -> str:
        """The run's name."""
        return self._run.name

    @property
    def version(self) -> str:
        """The run's identifier."""
        return self._run.id

    @property
    def experiment(self) -> Run:
        """The run."""
        return self._run

    @rank_zero_only  # type: ignore
    def log_hyperparams(self, params: Mapping[str, Any] | Namespace, *_: Any, **__: Any) -> None:
        """Log hyperparameters as params; those the run has with other values already are left as they are."""
        given = vars(params) if isinstance(params, Namespace) else params
        self._run.log_params({name: value for name, value in given.items() if name not in self._run.params})

    @rank_zero_only  # type: ignore
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Log metrics."""
        self._run.log_metrics({name: float(value) for name, value in metrics.items()}, step)

    @rank_zero_only  # type: ignore
    def finalize(self, status: str) -> None:
        """Put everything on the store when a fit, validation or test is done."""
        if self._run.status == "running":
            self._run.flush()
