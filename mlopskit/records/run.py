"""What is known about one run: the value that other rooms get to see."""

from __future__ import annotations

from typing import Any, Literal

import attrs

from mlopskit.records.event import StepFinished

RunStatus = Literal["running", "finished", "failed", "killed"]


@attrs.frozen
class Dataset:
    """What identifies the rows a run used; the rows themselves only if they were asked for.

    Attributes
    ----------
    fingerprint : str
        Content digest: another frame with it is the same data.
    rows : int
        Number of rows.
    columns, dtypes : tuple of str
        Name and dtype of each column, in the frame's order.
    artifact : str
        Name of the run's artifact that holds the rows; empty if they were not kept.
    """

    fingerprint: str
    rows: int
    columns: tuple[str, ...]
    dtypes: tuple[str, ...]
    artifact: str = ""


@attrs.frozen
class MetricSummary:
    """All points of one metric in five numbers.

    Attributes
    ----------
    last : float
        The value logged last; of several processes, the one that joined the run last tells.
    min, max, mean : float
        Of the values that are not NaN; NaN if none is.
    count : int
        How many points there are, NaN values included.
    """

    last: float
    min: float
    max: float
    mean: float
    count: int


@attrs.frozen
class RunRecord:
    """One run, as its commits add up.

    Attributes
    ----------
    id, name, experiment, user : str
        `id` is unique on the store; names may repeat.
    parent : str
        Identifier of the run that this is a child of; empty if it is none.
    status : {"running", "finished", "failed", "killed"}
        *Killed* is a run whose process ended without saying how.
    started, ended : str
        The clock of the run's machine, ISO 8601, UTC; `ended` is empty while it runs.
    seconds : float
        How long it took, all the processes that resumed it together; 0 while it first runs.
    params, tags : dict of str to JSON-able
        What went in, and what it was marked with.
    note : str
        What people wrote about it.
    deleted : str
        When it was deleted; empty if it was not.
    summaries : dict of str to MetricSummary
        Of each metric; written by the end of a run.
    artifacts : dict of str to dict
        References to the values it made, for `mlopskit.storage.artifacts`.
    files : dict of str to dict
        Digest and size of each file it kept.
    datasets : dict of str to Dataset
        The data it used.
    environment : dict
        Digest and size of the blob that describes code, packages and machine; empty if none was captured.
    steps : tuple of StepFinished
        How each step went, if the run was a pipeline's.
    error : str
        Type and message of what made it fail; empty otherwise.
    """

    id: str
    name: str
    experiment: str
    status: RunStatus
    started: str
    user: str = ""
    parent: str = ""
    ended: str = ""
    seconds: float = 0.0
    params: dict[str, Any] = attrs.field(factory=dict)
    tags: dict[str, Any] = attrs.field(factory=dict)
    note: str = ""
    deleted: str = ""
    summaries: dict[str, MetricSummary] = attrs.field(factory=dict)
    artifacts: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    files: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    datasets: dict[str, Dataset] = attrs.field(factory=dict)
    environment: dict[str, Any] = attrs.field(factory=dict)
    steps: tuple[StepFinished, ...] = ()
    error: str = ""

    @property
    def metrics(self) -> dict[str, float]:
        """The last value of each metric."""
        return {name: summary.last for name, summary in self.summaries.items()}
