"""`Step`: one function of a pipeline, and how it is wired, called, checked and kept."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
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
    outputs : sequence of str, optional
        Names of several outputs: the function returns a tuple or list of as many values, or a dict with
        these keys. Other steps take each by its name, and depend on that one alone. With `over` each output is the
        list, or dict, of that part of what was returned.
    cache : bool, default True
        False runs the step every time, as one must that reads a clock or a database. Steps
        after it are still taken from the cache when its output is what it was.
    validate : object, optional
        Its ``validate(output)`` gives a report whose ``raise_if_failed()`` makes the step fail,
        such as a `Validator`. It counts for the cache: changed checks run the step again.
    retries : int, default 0
        How many more times the function is called when it raises.
    backoff : float, default 0
        Seconds to wait before the first retry; each later wait is twice as long.
    timeout : float, optional
        Seconds after which one call is given up. The function then runs in a process of its own, which is
        killed, whatever it is doing.
    over : str, optional
        Call the function once for each of many items. The name of an argument: its list is taken item by item, and
        the output is the list of what was returned (of a dict: the dict by the same keys). The name of
        anything else: a column of the one frame among the inputs; the function gets the rows of each value of the
        column, and the output is a dict by value. Items are cached one by one.
    when : callable, optional
        Its arguments are filled like the function's; if it returns something false the step is skipped, and so are
        the steps that need it, but for those whose argument has a default. It is called in every run.
    resources : mapping of str to float, optional
        What the step takes of the budget that ``run(resources=...)`` states, such as ``{"gpu": 1}``.
    ignore : str or collection of str, optional
        Names that do not count for the cache: arguments, or what the code reads at module level or in a closure.
    depends_on : object, optional
        Whatever else counts for the cache: a function that is called by a name made at run time, a version
        number, a `pathlib.Path` to a file; several in a list.
    on_success : callable, optional
        Called once the whole run has succeeded, unless the step was skipped. Its arguments are filled like those of
        `when`: with outputs, this step's own among them, and run parameters.

    Raises
    ------
    PipelineError
        If the name is no identifier, the arguments can not be filled by name, or an option makes no sense.

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
    outputs: tuple[str, ...]
    cache: bool
    validate: OutputValidator | None
    retries: int
    backoff: float
    timeout: float | None
    over: str | None
    when: Callable[..., Any] | None
    resources: Mapping[str, float]
    ignore: frozenset[str]
    depends_on: Any
    on_success: Callable[..., object] | None
    arguments: Mapping[str, Any] = attrs.field(repr=False, eq=False)
    """The function's arguments and their defaults, in order; `REQUIRED` for those without one."""
    condition: Mapping[str, Any] = attrs.field(repr=False, eq=False)
    """The same of `when`."""
    follow_up: Mapping[str, Any] = attrs.field(repr=False, eq=False)
    """The same of `on_success`."""

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        name: str | None = None,
        inputs: Mapping[str, str] | None = None,
        outputs: Sequence[str] = (),
        cache: bool = True,
        validate: OutputValidator | None = None,
        retries: int = 0,
        backoff: float = 0.0,
        timeout: float | None = None,
        over: str | None = None,
        when: Callable[..., Any] | None = None,
        resources: Mapping[str, float] | None = None,
        ignore: str | Iterable[str] = (),
        depends_on: Any = None,
        on_success: Callable[..., object] | None = None,
    ) -> None:
        if not callable(function):
            raise PipelineError(f"A step is a function, not a {type(function).__name__}; wrap it in one.")
        if inspect.iscoroutinefunction(function):
            raise PipelineError(
                f"{_name_of(function)!r} is asynchronous, and a step is called, not awaited; "
                "call it with asyncio.run in a plain function."
            )
        name = name if name is not None else _name_of(function)
        _check_name(name)
        arguments = _arguments(function, name, inputs or {})
        self.__attrs_init__(
            function=function,
            name=name,
            inputs=dict(inputs or {}),
            outputs=_checked_outputs(name, outputs),
            cache=cache,
            validate=validate,
            retries=retries,
            backoff=backoff,
            timeout=timeout,
            over=over,
            when=when,
            resources=dict(resources or {}),
            ignore=frozenset([ignore] if isinstance(ignore, str) else ignore),
            depends_on=depends_on,
            on_success=on_success,
            arguments=arguments,
            condition=_arguments(when, name, {}) if when is not None else {},
            follow_up=_arguments(on_success, name, {}) if on_success is not None else {},
        )
        _check_numbers(self)

    @property
    def results(self) -> tuple[str, ...]:
        """The names that other steps know its outputs by."""
        return self.outputs or (self.name,)

    def to_send(self) -> Step:
        """Return what another process needs for a call; the rest is called here, and may be what can not be sent."""
        sent = copy.copy(self)
        for name, nothing in (("when", None), ("condition", {}), ("on_success", None), ("follow_up", {})):
            object.__setattr__(sent, name, nothing)
        return sent

    def with_function(self, function: Callable[..., Any]) -> Step:
        """Return this step with another function, all else being as it is."""
        derived = ("function", "arguments", "condition", "follow_up")
        options = [field.name for field in attrs.fields(Step) if field.name not in derived]
        return Step(function, **{name: getattr(self, name) for name in options})


def _name_of(function: Callable[..., Any]) -> str:
    while isinstance(function, functools.partial):
        function = function.func
    return getattr(function, "__name__", "")


def _check_name(name: str) -> None:
    if not name.isidentifier():
        raise PipelineError(
            f"{name!r} can not name a step, since arguments refer to steps by name: "
            'use a Python identifier, Step(..., name="model").'
        )


def _checked_outputs(name: str, outputs: Sequence[str]) -> tuple[str, ...]:
    if isinstance(outputs, str):
        raise PipelineError(f"Step {name!r}: outputs is a sequence of names, such as outputs=({outputs!r}, ...).")
    for output in outputs:
        if not (isinstance(output, str) and output.isidentifier()):
            raise PipelineError(f"Step {name!r}: {output!r} can not name an output; use a Python identifier.")
    if len(set(outputs)) < len(outputs):
        raise PipelineError(f"Step {name!r} has an output twice: {', '.join(outputs)}.")
    return tuple(outputs)


def _check_numbers(step: Step) -> None:
    if step.retries < 0:
        raise PipelineError(f"Step {step.name!r}: retries must be 0 or more, not {step.retries}.")
    if not step.backoff >= 0:
        raise PipelineError(f"Step {step.name!r}: backoff must be 0 or more seconds, not {step.backoff}.")
    if step.timeout is not None and not step.timeout > 0:
        raise PipelineError(f"Step {step.name!r}: timeout must be more than 0 seconds, not {step.timeout}.")
    for resource, amount in step.resources.items():
        if not amount >= 0:
            raise PipelineError(f"Step {step.name!r}: resources[{resource!r}] must be 0 or more, not {amount}.")


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
    _check_inputs(name, inputs, arguments)
    return arguments


def _check_inputs(name: str, inputs: Mapping[str, str], arguments: Collection[str]) -> None:
    for argument in inputs:
        if argument not in arguments:
            raise PipelineError(
                f"Step {name!r}: inputs names the argument {argument!r}, and the function has "
                f"{', '.join(arguments) or 'none'}."
            )
