"""Which functions and classes a pickle names, found without importing or running any of them.

A pickled object is only the names of its classes and its state, so two equal pickles behave differently
once such a class has been edited. Who depends on the object depends on them as well.
"""

from __future__ import annotations

import importlib
import pickle
from collections.abc import Iterator
from functools import reduce
from typing import Any, BinaryIO


class _Anything(type):
    """Makes a class that takes all that a pickle does to a class, an instance, a list, a set or a dict."""

    def __call__(cls, *_: Any, **__: Any) -> Any:
        return cls

    def __setitem__(cls, _: Any, __: Any) -> None:
        pass

    def __setstate__(cls, _: Any) -> None:
        pass

    def append(cls, _: Any) -> None:
        """Take what a list would."""

    def extend(cls, _: Any) -> None:
        """Take what a list would."""

    def add(cls, _: Any) -> None:
        """Take what a set would."""


class _Stub(metaclass=_Anything):
    """Stands for whatever a pickle names or builds: a pickle that brings a class along makes instances of it, too."""

    def __new__(cls, *_: Any, **__: Any) -> Any:
        return cls


class _Names(pickle.Unpickler):
    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.found: dict[tuple[str, str], None] = {}

    def find_class(self, module: str, name: str) -> Any:
        if module.startswith("cloudpickle.") and name == "subimport":  # how it names a module
            return self._find_module
        self.found[module, name] = None
        return _Stub

    def _find_module(self, module: str) -> Any:
        self.found[module, ""] = None
        return _Stub

    def persistent_load(self, _: Any) -> Any:
        return _Stub


def pickled_names(file: BinaryIO) -> Iterator[tuple[str, str]]:
    """Yield module and qualified name of each function and class in a pickle.

    Raises
    ------
    ValueError
        If it is no pickle.

    Examples
    --------
    >>> import io
    >>> from fractions import Fraction
    >>> list(pickled_names(io.BytesIO(pickle.dumps([Fraction(1, 3)]))))
    [('fractions', 'Fraction')]
    """
    names = _Names(file)
    try:
        names.load()
    except Exception as error:  # bytes that are no pickle can make of it whatever they like
        raise ValueError(f"This is no pickle: {error}") from error
    return iter(names.found)


def named_object(name: str) -> Any:
    """Return the function, class or module that ``"module:name"`` stands for.

    Raises
    ------
    LookupError
        If it is not there, or its module can not be imported.

    Examples
    --------
    >>> named_object("fractions:Fraction")
    <class 'fractions.Fraction'>
    """
    module, _, path = name.partition(":")
    try:
        return reduce(getattr, path.split(".") if path else (), importlib.import_module(module))
    except Exception as error:
        raise LookupError(f"{name} can not be imported: {error}") from error
