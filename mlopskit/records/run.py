"""What is known about one run: the value that other rooms get to see."""

from __future__ import annotations

from typing import Any, Literal

import attrs

from mlopskit.records.event import StepFinished

RunStatus = Literal["running", "finished", "failed"]


@attrs.frozen
class Dataset:
    """What identifies the rows a run used, without the rows.

    Attributes
    ----------
    fingerprint : str
        Content digest: another frame with it is the same data.
    rows : int
        Number of rows.
    columns, dtypes : tuple of str
        Name and dtype of each column, in the frame's order.
    """

    fingerprint: str
    rows: int
    columns: tuple[str, ...]
    dtypes: tuple[str, ...]


@attrs.frozen
class RunRecord:
    """One run, as its commits add up.

    Attributes
    ----------
    id, name, experiment : str
        `id` is unique on the store; names may repeat.
    status : {"running", "finished", "failed"}
        A run whose process was killed stays *running*: nobody was left to say otherwise.
    started, ended : str
        The clock of the run's machine, ISO 8601, UTC; `ended` is empty while it runs.
    seconds : float
        How long it took; 0 while it runs.
    params, tags : dict of str to JSON-able
        What went in, and what it was marked with.
    metrics : dict of str to float
        Last values; empty while it runs, since only the end of a run writes them here.
    artifacts : dict of str to dict
        References to the values and files it made, for `mlopskit.storage.artifacts`.
    files : dict of str to dict
        Digest and size of each file it kept.
    datasets : dict of str to Dataset
        The data it used.
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
    ended: str = ""
    seconds: float = 0.0
    params: dict[str, Any] = attrs.field(factory=dict)
    tags: dict[str, Any] = attrs.field(factory=dict)
    metrics: dict[str, float] = attrs.field(factory=dict)
    artifacts: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    files: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    datasets: dict[str, Dataset] = attrs.field(factory=dict)
    steps: tuple[StepFinished, ...] = ()
    error: str = ""
