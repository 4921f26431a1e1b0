"""`Queue`: the steps of a run that have not begun, and which of them can."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Mapping, Sequence

from mlopskit.pipeline.step import Step


class Queue:
    """Steps in the order in which they are to begin, each after those it needs.

    Parameters
    ----------
    steps : sequence of Step
        In order.
    sources : mapping of str to collection of str
        The steps that each needs; those that are not in the queue do not count.

    Examples
    --------
    >>> def a(): ...
    >>> def b(a): ...
    >>> queue = Queue([Step(a), Step(b)], {"a": [], "b": ["a"]})
    >>> queue.next(lambda step: True).name, queue.next(lambda step: True)
    ('a', None)
    >>> queue.done("a")
    >>> queue.next(lambda step: True).name
    'b'
    """

    def __init__(self, steps: Sequence[Step], sources: Mapping[str, Collection[str]]) -> None:
        self._steps = steps
        self._place = {step.name: place for place, step in enumerate(steps)}
        self._missing = {step.name: sum(name in self._place for name in sources[step.name]) for step in steps}
        self._dependants: dict[str, list[str]] = {step.name: [] for step in steps}
        for step in steps:
            for source in sources[step.name]:
                if source in self._dependants:
                    self._dependants[source].append(step.name)
        self._ready = [self._place[name] for name, missing in self._missing.items() if not missing]

    def next(self, fits: Callable[[Step], bool]) -> Step | None:
        """Take the first step that can begin; None if there is none now."""
        passed = []
        found = None
        while self._ready and found is None:
            place = heapq.heappop(self._ready)
            if fits(self._steps[place]):
                found = self._steps[place]
            else:
                passed.append(place)
        for place in passed:
            heapq.heappush(self._ready, place)
        return found

    def done(self, name: str) -> None:
        """Let the steps begin that waited for this one alone."""
        for dependant in self._dependants[name]:
            self._missing[dependant] -= 1
            if not self._missing[dependant]:
                heapq.heappush(self._ready, self._place[dependant])
