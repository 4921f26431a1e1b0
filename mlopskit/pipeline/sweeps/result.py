"""`SweepResult`: what a sweep found."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import attrs

from mlopskit.pipeline.result import Result

if TYPE_CHECKING:
    import pandas as pd

    from mlopskit.markup.components import Status

_SHOWN = 100
_BADGES: dict[str, Status] = {"done": "ok", "cached": "ok", "failed": "fail"}


@attrs.frozen
class Outcome:
    """What became of one trial.

    Attributes
    ----------
    number : int
        Its place among all trials, from 0.
    params : mapping of str to object
        The parameters that were searched.
    score : float or None
        None if it failed.
    status : {"done", "cached", "failed"}
        *cached*: no step had to run.
    seconds : float
        Wall time.
    error : str
        Why it failed.
    run : str
        Identifier of its tracked run; empty without a tracker.
    """

    number: int
    params: Mapping[str, Any]
    score: float | None
    status: Literal["done", "cached", "failed"]
    seconds: float
    error: str = ""
    run: str = ""


class SweepResult:
    """What a sweep found: its trials, and the best of them.

    Parameters
    ----------
    name : str
        The pipeline's name.
    metric : str
        What was compared.
    outcomes : sequence of Outcome
        All trials, in order.
    best : Outcome
        The best one.
    load : callable
        Gives the best one's result.
    run : object
        The tracked run that has the trials as its children, if a tracker watched.

    Attributes
    ----------
    best_params : dict
        The searched parameters of the best trial.
    best_score : float
        Its score.

    Examples
    --------
    >>> from mlopskit.pipeline import Pipeline
    >>> def scores(depth): return {"roc_auc": 0.7 - 0.01 * (depth - 6) ** 2}
    >>> result = Pipeline([scores], store="memory://docs-sweep").sweep({"depth": [4, 6, 8]}, metric="roc_auc")
    >>> result
    pipeline: 3 trials; the best, number 1, has roc_auc = 0.7 with depth=6
     number  depth  score status
          0      4   0.66   done
          1      6   0.70   done
          2      8   0.66   done
    >>> result.best["scores"]
    {'roc_auc': 0.7}
    """

    def __init__(
        self,
        name: str,
        metric: str,
        outcomes: Sequence[Outcome],
        best: Outcome,
        load: Callable[[], Result],
        run: Any = None,
    ) -> None:
        self.metric = metric
        self.best_params = dict(best.params)
        self.best_score = best.score
        self.run = run
        self._name = name
        self._outcomes = outcomes
        self._best = best
        self._load = load

    @property
    def trials(self) -> pd.DataFrame:
        """A row for each trial: number, the searched parameters, score, status, seconds, error, run.

        A parameter that is called like one of the other columns is ``params.<name>``. A trial that
        failed has the score NaN; `run` is the identifier of its tracked run.
        """
        import pandas as pd

        frame = pd.DataFrame([self._row(outcome) for outcome in self._outcomes])
        return frame.astype({"score": "float64"})

    @cached_property
    def best(self) -> Result:
        """The best trial's result, whose outputs are loaded when they are asked for."""
        return self._load()

    def _row(self, outcome: Outcome) -> dict[str, Any]:
        own = attrs.asdict(outcome, filter=attrs.filters.exclude("params"))
        params = {f"params.{name}" if name in own else name: value for name, value in outcome.params.items()}
        return {"number": own.pop("number"), **params, **own}

    def _summary(self) -> str:
        failed = sum(outcome.status == "failed" for outcome in self._outcomes)
        counted = f"{len(self._outcomes)} trials{f', {failed} failed' if failed else ''}"
        found = f"{self.metric} = {self.best_score:.6g} with {written(self.best_params)}"
        return f"{self._name}: {counted}; the best, number {self._best.number}, has {found}"

    def __repr__(self) -> str:
        table = self.trials.drop(columns=["seconds", "error", "run"])
        return f"{self._summary()}\n{table.to_string(index=False, max_rows=_SHOWN)}"

    def _repr_html_(self) -> str:
        from mlopskit.markup import badge, fragment, line_chart, paragraph, table

        chart = line_chart(
            [outcome.number for outcome in self._outcomes],
            {self.metric: [outcome.score for outcome in self._outcomes]},
            title=f"{self.metric} of each trial",
            marks={(self.metric, self._best.number): "best"},
            height=200,
        )
        rows = [self._row(each) | {"status": badge(_BADGES[each.status], each.status)} for each in self._outcomes]
        more = len(rows) - _SHOWN
        rest = paragraph(f"{more:,} more") if more > 0 else ""
        return fragment(paragraph(self._summary()), chart, table(rows[:_SHOWN]), rest)


def written(params: Mapping[str, Any]) -> str:
    """Write parameters on one line, however long their values are."""
    return ", ".join(f"{name}={reprlib.repr(value)}" for name, value in params.items())
