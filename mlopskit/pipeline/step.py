"""`Step`: one function of a pipeline, and how it is wired, checked and kept."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import attrs

from mlopskit.errors import PipelineError

REQUIRED = inspect.Parameter.empty
"""Stands for the default of an argument that has none."""


class Report(Protocol):
    """What a validator found."""

    def raise_if_failed(self) -> object:
        """Raise an error that says what failed, or do nothing."""


class OutputValidator(Protocol):
    """What can check a step's output, such as a `Validator`."""

    def validate(self, output: Any, /) -> Report:
        """Look at the output and report."""


@attrs.frozen(init=False)
class Step:
    """What has to be said about a function beyond its name and its arguments.

    A function that needs nothing said goes into a `Pipeline` as it is. It stays an ordinary
    function: it can be called, tested and debugged without any pipeline.

    Parameters
    ----------
    function : callable
        Each argument is filled by name: with the output of the step of that name, else with
        the run parameter of that name, else with its default.
    name : str, optional
        A Python identifier; default: the function's own name.
    inputs : mapping of str to str, optional
        ``{"argument": "step"}``, for arguments that are called otherwise than the step.
    cache : bool, default True
        False runs the step every time, as one must that reads a clock or a database. Steps
        after it are still taken from the cache when its output is what it was.
    validate : object, optional
        Its ``validate(output)`` gives a report whose ``raise_if_failed()`` makes the step fail,
        such as a `Validator`. It counts for the cache: changed checks run the step again.
    retries : int, default 0
        How many more times the function is called, at once, when it raises.

    Raises
    ------
    PipelineError
        If the name is no identifier, or the arguments can not be filled by name.

    Examples
    --------
    >>> def train(frame, max_depth=6): ...
    >>> step = Step(train, name="model", inputs={"frame": "features"})
    >>> step.name, dict(step.arguments)["max_depth"]
    ('model', 6)
    """

    function: Callable[..., Any]
    name: str
    inputs: Mapping[str, str]
    cache: bool
    validate: OutputValidator | None
    retries: int
    arguments: Mapping[str, Any] = attrs.field(repr=False, eq=False)
    """The function's arguments and their defaults, in order; `REQUIRED` for those without one."""

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        name: str | None = None,
        inputs: Mapping[str, str] | None = None,
        cache: bool = True,
        validate: OutputValidator | None = None,
        retries: int = 0,
    ) -> None:
        name = name if name is not None else getattr(function, "__name__", "")
        if not name.isidentifier():
            raise PipelineError(
                f"{name!r} can not name a step, since arguments refer to steps by name: "
                'use a Python identifier, Step(..., name="model").'
            )
        if retries < 0:
            raise PipelineError(f"Step {name!r}: retries must be 0 or more, not {retries}.")
        arguments = _arguments(function, name, inputs or {})
        self.__attrs_init__(function, name, dict(inputs or {}), cache, validate, retries, arguments)


def _arguments(function: Callable[..., Any], name: str, inputs: Mapping[str, str]) -> dict[str, Any]:
    """List what the function takes by name; one with ``**kwargs`` takes whatever `inputs` names besides."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError) as error:
        raise PipelineError(f"Step {name!r}: {error}. Wrap it in a function with named arguments.") from error
    if any(each.kind is each.POSITIONAL_ONLY and each.default is REQUIRED for each in parameters):
        raise PipelineError(
            f"Step {name!r} has positional-only arguments, and a pipeline fills arguments by name. "
            "Wrap it in a function with named arguments."
        )
    arguments = {
        each.name: each.default for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)
    }
    if any(each.kind is each.VAR_KEYWORD for each in parameters):
        return arguments | {argument: REQUIRED for argument in inputs if argument not in arguments}
    for argument in inputs:
        if argument not in arguments:
            raise PipelineError(
                f"Step {name!r}: inputs names the argument {argument!r}, and the function has "
                f"{', '.join(arguments) or 'none'}."
            )
    return arguments
