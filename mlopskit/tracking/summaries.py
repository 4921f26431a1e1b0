"""What each metric of a run adds up to: last, least, greatest, mean and number of its points."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from mlopskit.records.run import MetricSummary
from mlopskit.tracking.segments import Segment


class Summaries:
    """Takes segments one after another and keeps five numbers for each metric.

    Parameters
    ----------
    segments : iterable of Segment
        What to begin with.
    known : Summaries, optional
        What came before these; it is left as it is.

    Examples
    --------
    >>> from mlopskit.tracking.segments import segment_of
    >>> summaries = Summaries()
    >>> summaries.add(segment_of([("loss", 0, 1, 0.5), ("loss", 1, 2, float("nan")), ("loss", 2, 3, 0.25)]))
    >>> summaries.result()["loss"]
    MetricSummary(last=0.25, min=0.25, max=0.5, mean=0.375, count=3)
    """

    def __init__(self, segments: Iterable[Segment] = (), known: Summaries | None = None) -> None:
        self._found: dict[str, tuple[float, float, float, float, int, int]] = dict(known._found) if known else {}
        for segment in segments:
            self.add(segment)

    def add(self, segment: Segment) -> None:
        """Add points that were logged after those added before."""
        order = np.argsort(segment.keys, kind="stable")
        keys, starts = np.unique(segment.keys[order], return_index=True)
        if not len(keys):
            return
        values = segment.values[order]
        ends = np.append(starts[1:], len(values))
        missing = np.isnan(values)
        with np.errstate(invalid="ignore", over="ignore"):  # infinities of both signs have no mean
            columns = (
                values[ends - 1],
                np.minimum.reduceat(np.where(missing, np.inf, values), starts),
                np.maximum.reduceat(np.where(missing, -np.inf, values), starts),
                np.add.reduceat(np.where(missing, 0.0, values), starts),
                np.add.reduceat((~missing).astype(np.int64), starts),
                ends - starts,
            )
        for key, *numbers in zip(keys.tolist(), *(column.tolist() for column in columns), strict=True):
            if segment.names[key]:  # an empty name marks places that were never written
                self._add(segment.names[key], *numbers)

    def _add(self, name: str, last: float, least: float, most: float, total: float, numbers: int, count: int) -> None:
        if (known := self._found.get(name)) is not None:
            least, most, total = min(known[1], least), max(known[2], most), known[3] + total
            numbers, count = known[4] + numbers, known[5] + count
        self._found[name] = (last, least, most, total, numbers, count)

    def result(self) -> dict[str, MetricSummary]:
        """Return the summary of each metric, in the order in which they were first logged."""
        return {
            name: MetricSummary(last, least, most, total / numbers, count)
            if numbers
            else MetricSummary(last, float("nan"), float("nan"), float("nan"), count)
            for name, (last, least, most, total, numbers, count) in list(self._found.items())
        }
