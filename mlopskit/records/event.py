"""What a pipeline tells whoever watches it: frozen events, in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol, TypeAlias

import attrs


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
    """A step begins, or is about to be taken from the cache."""

    step: str


@attrs.frozen
class StepFinished:
    """A step is done.

    Attributes
    ----------
    step : str
        Its name.
    status : {"done", "cached", "failed", "skipped"}
        *cached*: the output of an earlier run was taken. *skipped*: something it needs failed.
    seconds : float
        Wall time.
    digest : str
        Content digest of the output; empty without one.
    metrics : mapping of str to float
        The output itself, if it is a dict of numbers.
    error : str
        What went wrong, if it failed.
    """

    step: str
    status: Literal["done", "cached", "failed", "skipped"]
    seconds: float
    digest: str = ""
    metrics: Mapping[str, float] = attrs.field(factory=dict)
    error: str = ""


@attrs.frozen
class PipelineFinished:
    """A pipeline has ended; `error` is empty if all went well."""

    error: str = ""


Event: TypeAlias = PipelineStarted | StepStarted | StepFinished | PipelineFinished
Observer: TypeAlias = Callable[[Event], None]


class ObserverFactory(Protocol):
    """Something that can watch pipelines, such as a Tracker: one observer for each run of a pipeline."""

    def observe(self) -> Observer:
        """Return an observer; if it has an attribute ``run``, that becomes the result's run."""
