"""`misfit`: whether what one function is annotated to return can be what another one is annotated to take.

Annotations are promises that nobody keeps to the letter, so a misfit is told only where it is certain. What can not be
evaluated, or is known by its methods rather than by its class, may fit.
"""

from __future__ import annotations

import functools
import inspect
import sys
import typing
from abc import ABCMeta
from collections.abc import Callable
from numbers import Number
from types import FunctionType, MethodType, NoneType, UnionType
from typing import Any

_ASYNCHRONOUS = inspect.CO_COROUTINE | inspect.CO_ITERABLE_COROUTINE | inspect.CO_ASYNC_GENERATOR
_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def misfit(producer: Callable[..., Any], consumer: Callable[..., Any], argument: str) -> str | None:
    """Say why what one function returns can not be what another one takes, as far as their annotations tell.

    Of ``list[int]`` only ``list`` counts, and of a union one member that fits is enough. A function that is annotated
    to return a class may return a subclass of it. All numbers may stand for each other.

    Parameters
    ----------
    producer : callable
        What returns the value.
    consumer : callable
        What takes it.
    argument : str
        The name under which the consumer takes it.

    Returns
    -------
    str or None
        The rest of a sentence that begins with the producer; None if the value may fit.

    Examples
    --------
    >>> def count(path: str) -> int: ...
    >>> def rows(path: str) -> list[str]: ...
    >>> def features(frame: list[int] | None): ...
    >>> misfit(count, features, "frame")
    "is annotated to return int, and 'features' takes it as 'frame': list[int] | None"
    >>> misfit(rows, features, "frame") is None
    True
    """
    try:
        returning, taking = _annotated(producer), _annotated(consumer)
        if returning is None or taking is None or "return" not in returning.__annotations__:
            return None
        returns = typing.get_type_hints(returning)["return"]
        takes = _taken(taking, consumer, argument)
        if _may_fit(returns, takes):
            return None
        name = getattr(consumer, "__name__", taking.__qualname__)
        return f"is annotated to return {_in_words(returns)}, and {name!r} takes it as {argument!r}: {_in_words(takes)}"
    except Exception:  # noqa: BLE001 - annotations are code, and so is what the classes in them say about subclasses
        return None


def _annotated(called: Any) -> FunctionType | None:
    """Find the function whose annotations tell what a call takes and returns; None if there is no such function."""
    while isinstance(called, functools.partial):
        called = called.func
    if not isinstance(called, FunctionType):
        called = called.__func__ if isinstance(called, MethodType) else type(called).__call__
    if not isinstance(called, FunctionType) or not called.__annotations__:
        return None
    # A decorator passes annotations on, also if it changes what is returned, as contextlib.contextmanager does.
    is_decorated = "__wrapped__" in called.__dict__
    return None if is_decorated or called.__code__.co_flags & _ASYNCHRONOUS else called


def _taken(taking: FunctionType, consumer: Callable[..., Any], argument: str) -> Any:
    parameter = inspect.signature(consumer).parameters.get(argument)
    if parameter is None or parameter.kind not in _NAMED:
        return Any
    hint = typing.get_type_hints(taking).get(argument, Any)
    return typing.Optional[hint] if parameter.default is None else hint  # noqa: UP045 - not every hint has an `|`


def _may_fit(returns: Any, takes: Any) -> bool:
    return any(_may_be(given, taken) for given in _classes(returns) for taken in _classes(takes))


def _classes(hint: Any) -> list[type]:
    """List the classes of which a value may be; object stands for what is not known."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, UnionType):
        return [each for member in typing.get_args(hint) for each in _classes(member)]
    if origin is typing.Literal:
        return [type(value) for value in typing.get_args(hint)]
    if isinstance(hint, typing.NewType):
        return _classes(hint.__supertype__)
    known = origin or hint
    return [known if isinstance(known, type) and not _has_a_say(known) else object]


def _has_a_say(cls: type) -> bool:
    """Whether a class decides by itself what is an instance of it, like Any, a Protocol or a TypedDict."""
    by_metaclass = type(cls).__instancecheck__ not in (type.__instancecheck__, ABCMeta.__instancecheck__)
    return by_metaclass or ("__subclasshook__" in vars(cls) and cls.__module__ != "collections.abc")


def _may_be(given: type, taken: type) -> bool:
    """Whether an object may be an instance of both classes."""
    return (
        issubclass(given, taken)
        or issubclass(taken, given)
        or (issubclass(given, Number) and issubclass(taken, Number))
        or _may_implement(given, taken)
        or _may_implement(taken, given)
        or _have_a_common_subclass(given, taken)
    )


def _may_implement(cls: type, interface: type) -> bool:
    """Whether a class, or a subclass of it, may have all that an interface asks for, without having told it."""
    if not inspect.isabstract(interface) or cls.__module__ == "builtins":  # built-in classes have told all they do
        return False
    methods: frozenset[str] = vars(interface)["__abstractmethods__"]
    return inspect.isabstract(cls) or all(hasattr(cls, method) for method in methods)


def _have_a_common_subclass(given: type, taken: type) -> bool:
    """Whether some class is derived from both, as most of scikit-learn's models are from a mixin and an estimator."""
    subclasses: list[type] = type.__subclasses__(given)
    return any(taken in each.__mro__ or _have_a_common_subclass(each, taken) for each in subclasses)


def _in_words(hint: Any) -> str:
    if hint is NoneType:
        return "None"
    if not isinstance(hint, type) or typing.get_origin(hint):
        return str(hint).replace("typing.", "")
    return hint.__qualname__ if hint.__module__ == "builtins" else f"{_public_module(hint)}.{hint.__qualname__}"


def _public_module(cls: type) -> str:
    """Name the module a class is meant to be imported from: its package, ``pandas``, if that has it."""
    package = cls.__module__.partition(".")[0]
    return package if getattr(sys.modules.get(package), cls.__name__, None) is cls else cls.__module__
