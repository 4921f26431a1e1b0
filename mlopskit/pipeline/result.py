"""`Result`: what a run of a pipeline gave, loaded when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mlopskit.records.event import StepFinished

if TYPE_CHECKING:
    import pandas as pd


class Result:
    """The outputs of one run, by step, and what became of each.

    An output that came from the cache is loaded the first time it is asked for.

    Parameters
    ----------
    name : str
        The pipeline's name.
    finished : mapping of str to StepFinished
        What became of each step that was to run, in order.
    given : iterable of str
        The steps that a value stood in for.
    value_of : callable
        Gives the output of a step.
    seconds_saved : float
        How long the steps that came from the cache once took.
    run : object
        The tracked run, if a tracker watched.

    Examples
    --------
    >>> from mlopskit.pipeline import Pipeline
    >>> def frame(rows): return list(range(rows))
    >>> def total(frame): return sum(frame)
    >>> pipeline = Pipeline([frame, total], store="memory://docs-result")
    >>> pipeline.run(rows=4)["total"]
    6
    >>> pipeline.run(rows=4).steps[["step", "status", "cached"]]
        step  status  cached
    0  frame  cached    True
    1  total  cached    True
    """

    def __init__(
        self,
        name: str,
        finished: Mapping[str, StepFinished],
        given: Mapping[str, Any],
        value_of: Callable[[str], Any],
        *,
        seconds_saved: float = 0.0,
        run: Any = None,
    ) -> None:
        self.run = run
        self._name = name
        self._finished = finished
        self._given = tuple(given)
        self._value_of = value_of
        self._seconds_saved = seconds_saved

    def __getitem__(self, step: str) -> Any:
        """Return the output of a step."""
        if step not in self:
            raise KeyError(f"{step!r} is no step of this run; it has {', '.join(self)}")
        return self._value_of(step)

    def __contains__(self, step: object) -> bool:
        return step in self._finished or step in self._given

    def __iter__(self) -> Iterator[str]:
        return iter([*self._given, *self._finished])

    @property
    def cached(self) -> bool:
        """Whether every step that was to run came from the cache."""
        return all(event.status == "cached" for event in self._finished.values())

    @property
    def steps(self) -> pd.DataFrame:
        """A row for each step: step, status, seconds, cached, and the digest of its output.

        A step that a value was given for has the status ``"given"`` and comes first.
        """
        import pandas as pd

        given = [(step, "given", 0.0, False, "") for step in self._given]
        ran = [(e.step, e.status, e.seconds, e.status == "cached", e.digest) for e in self._finished.values()]
        return pd.DataFrame([*given, *ran], columns=["step", "status", "seconds", "cached", "digest"])

    def __repr__(self) -> str:
        rows = [(step, "given", "", "") for step in self._given]
        rows += [(e.step, e.status, f"{e.seconds:.2f} s", e.digest[:12]) for e in self._finished.values()]
        width = max((len(row[0]) for row in rows), default=0)
        lines = [f"  {step:<{width}}  {status:<6}  {time:>9}  {digest}".rstrip() for step, status, time, digest in rows]
        return "\n".join([f"{self._name}: {self._summary()}", *lines])

    def _summary(self) -> str:
        seconds = sum(event.seconds for event in self._finished.values())
        hits = sum(event.status == "cached" for event in self._finished.values())
        saved = f", which saved {self._seconds_saved:.2f} s" if hits else ""
        return f"{len(self._finished)} steps in {seconds:.2f} s, {hits} from the cache{saved}"
