"""Logs a training with Keras epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from keras.callbacks import Callback

if TYPE_CHECKING:
    from mlopskit.tracking.run import Run


class RunCallback(Callback):  # type: ignore[misc]
    """Logs the metrics of each epoch, and at the start the optimizer's settings as params; for ``callbacks=[...]``.

    Parameters
    ----------
    run : Run
    """

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Log the optimizer's settings as ``optimizer.<name>``, but those the run has already."""
        optimizer = getattr(self.model, "optimizer", None)
        settings = optimizer.get_config() if optimizer is not None else {}
        params = {f"optimizer.{name}": value for name, value in settings.items() if value is not None}
        self._run.log_params({name: value for name, value in params.items() if name not in self._run.params})

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Log the metrics of an epoch."""
        self._run.log_metrics({name: float(value) for name, value in (logs or {}).items()}, epoch)
