"""What a pipeline tells whoever watches it: frozen events, in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol, TypeAlias

import attrs

StepStatus: TypeAlias = Literal["done", "cached", "failed", "skipped"]


@attrs.frozen
class PipelineStarted:
    """A pipeline begins.

    Attributes
    ----------
    name : str
        The pipeline's name.
    params : mapping of str to object
        The run parameters as the user gave them.
    steps : tuple of str
        The steps that are to run, in order.
    """

    name: str
    params: Mapping[str, Any]
    steps: tuple[str, ...]


@attrs.frozen
class StepStarted:
    """A step begins, or is about to be taken from the cache; steps that run side by side overlap."""

    step: str


@attrs.frozen
class StepProgressed:
    """A step that is called once for each of many items is so far; `done` counts those from the cache too."""

    step: str
    done: int
    total: int


@attrs.frozen
class StepFinished:
    """A step is done.

    Attributes
    ----------
    step : str
        Its name.
    status : {"done", "cached", "failed", "skipped"}
        *cached*: the output of an earlier run was taken. *skipped*: it was not to run, see `reason`.
    seconds : float
        Wall time.
    digest : str
        Content digest of the output; empty without one.
    metrics : mapping of str to float
        The output itself, if it is a dict of numbers.
    error : str
        What went wrong, if it failed.
    reason : str
        Why it was skipped.
    code : str
        Digest of all the code that the step reaches; empty without one.
    inputs : mapping of str to str
        Content digest of each argument that came from another step or was a parameter.
    """

    step: str
    status: StepStatus
    seconds: float
    digest: str = ""
    metrics: Mapping[str, float] = attrs.field(factory=dict)
    error: str = ""
    reason: str = ""
    code: str = ""
    inputs: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class PipelineFinished:
    """A pipeline has ended; `error` is empty if all went well."""

    error: str = ""


@attrs.frozen
class SweepStarted:
    """A search over parameters begins; each trial is a pipeline of its own, with an observer of its own.

    Attributes
    ----------
    name : str
        The pipeline's name.
    params : mapping of str to object
        The run parameters that all trials share, and what is searched.
    """

    name: str
    params: Mapping[str, Any]


@attrs.frozen
class SweepFinished:
    """A search has ended.

    Attributes
    ----------
    metrics : mapping of str to float
        How many trials there were, how many failed, and the best score.
    error : str
        Why it ended early; empty if it did not.
    """

    metrics: Mapping[str, float] = attrs.field(factory=dict)
    error: str = ""


Event: TypeAlias = (
    PipelineStarted | StepStarted | StepProgressed | StepFinished | PipelineFinished | SweepStarted | SweepFinished
)
Observer: TypeAlias = Callable[[Event], None]


class ObserverFactory(Protocol):
    """Something that can watch pipelines, such as a Tracker: one observer for each run of a pipeline."""

    def observe(self) -> Observer:
        """Return an observer; if it has an attribute ``run``, that becomes the result's run.

        The observer of a search is itself such a factory: it gives the observer of each trial.
        """
