"""The candidates of a search by cross-validation, each as a child run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlopskit.tracking.plain import plain_values

if TYPE_CHECKING:
    from mlopskit.tracking.run import Run

MOST_CHILDREN = 100
_FOLD = re.compile(r"split(\d+)_(.+)")


def log_candidates(run: Run, cv_results: Mapping[str, Any], prefix: str = "") -> dict[str, list[Any]]:
    """Log each candidate as a finished child run; of more than 100, those that rank best.

    A child has the candidate's params, all that ``cv_results_`` says of it as metrics (``mean_test_score``,
    ``std_test_score``, ``rank_test_score``, ``mean_fit_time``), and the folds' scores as a series
    ``test_score`` with the fold as step.

    Parameters
    ----------
    run : Run
        The parent.
    cv_results : dict of str to array of shape (n_candidates,)
        As ``GridSearchCV`` and its kin leave it.
    prefix : str
        What the children's names begin with, before ``candidate-0``.

    Returns
    -------
    dict of str to list
        The results of all candidates, JSON-able; ``pandas.DataFrame(...)`` shows it as a table.
    """
    candidates = [plain_values(params, "param") for params in cv_results["params"]]
    columns = {
        name: [float(value) for value in values]
        for name, values in cv_results.items()
        if name != "params" and not name.startswith("param_")
    }
    for position in _best(columns, len(candidates)):
        row = {name: values[position] for name, values in columns.items()}
        with run.start_child(f"{prefix}candidate-{position}", params=candidates[position]) as child:
            _log_row(child, row)
    return {"params": candidates, **columns}


def _best(columns: Mapping[str, list[float]], count: int) -> list[int]:
    ranks = next((values for name, values in columns.items() if name.startswith("rank_test_")), None)
    if ranks is None or count <= MOST_CHILDREN:
        return list(range(count))[:MOST_CHILDREN]
    return sorted(sorted(range(count), key=ranks.__getitem__)[:MOST_CHILDREN])


def _log_row(child: Run, row: Mapping[str, float]) -> None:
    child.log_metrics({name: value for name, value in row.items() if not _FOLD.fullmatch(name)})
    for name, value in row.items():
        if fold := _FOLD.fullmatch(name):
            child.log_metric(fold[2], value, step=int(fold[1]))
