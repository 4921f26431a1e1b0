"""Logs a training with LightGBM round by round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlopskit.tracking.run import Run


class RunCallback:
    """Logs each evaluation to a run as ``<data>/<metric>``, with the round as step; for ``callbacks=[...]``.

    In ``lightgbm.cv`` the metric is the mean over the folds, and ``<data>/<metric>_std`` its standard deviation.

    Parameters
    ----------
    run : Run

    Examples
    --------
    >>> import lightgbm, numpy
    >>> from mlopskit.tracking.tracker import Tracker
    >>> data = lightgbm.Dataset(numpy.arange(400.0).reshape(200, 2), numpy.arange(200.0))
    >>> with Tracker("memory://docs-lightgbm").start_run() as run:
    ...     booster = lightgbm.train(
    ...         {"num_threads": 1, "verbose": -1}, data, 3, valid_sets=[data], callbacks=[RunCallback(run)]
    ...     )
    >>> run.metric("training/l2")["step"].tolist()
    [0, 1, 2]
    """

    order = 25  # before early stopping, which ends a training with an exception

    def __init__(self, run: Run) -> None:
        self._run = run

    def __call__(self, env: Any) -> None:
        """Log what was evaluated after a round."""
        for data, metric, value, _, *deviation in env.evaluation_result_list or ():
            name = metric if metric.startswith(f"{data}") else f"{data}/{metric}"
            self._run.log_metric(name, float(value), env.iteration)
            for std in deviation:
                self._run.log_metric(f"{name}_std", float(std), env.iteration)
