"""Logs a training with XGBoost round by round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xgboost.callback import TrainingCallback

if TYPE_CHECKING:
    from mlopskit.tracking.run import Run


class RunCallback(TrainingCallback):  # type: ignore[misc]
    """Logs each evaluation to a run as ``<data>/<metric>``, with the round as step; for ``callbacks=[...]``.

    In ``xgboost.cv`` the metric is the mean over the folds, and ``<data>/<metric>_std`` its standard
    deviation. At the end the tags ``best_iteration`` and ``best_score`` are set, if training stopped early.

    Parameters
    ----------
    run : Run

    Examples
    --------
    >>> import numpy, xgboost
    >>> from mlopskit.tracking.tracker import Tracker
    >>> data = xgboost.DMatrix(numpy.arange(20.0).reshape(10, 2), numpy.arange(10.0))
    >>> with Tracker("memory://docs-xgboost").start_run() as run:
    ...     booster = xgboost.train(
    ...         {"nthread": 1}, data, 3, evals=[(data, "train")], callbacks=[RunCallback(run)], verbose_eval=False
    ...     )
    >>> run.metric("train/rmse")["step"].tolist()
    [0, 1, 2]
    """

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        """Log the newest value of each metric; training goes on."""
        for data, metrics in evals_log.items():
            for metric, values in metrics.items():
                value, *deviation = values[-1] if isinstance(values[-1], tuple) else (values[-1],)
                self._run.log_metric(f"{data}/{metric}", float(value), epoch)
                for std in deviation:
                    self._run.log_metric(f"{data}/{metric}_std", float(std), epoch)
        return False

    def after_training(self, model: Any) -> Any:
        """Tag the run with the best round, if training looked for one."""
        best = model.attributes() if hasattr(model, "attributes") else {}
        if "best_iteration" in best:
            tags = {"best_iteration": int(best["best_iteration"]), "best_score": float(best["best_score"])}
            self._run.set_tags(tags)
        return model
