"""Whose code a module is: the user's, which counts by content, or an installed package's, which counts by version."""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
import types
from functools import cache
from importlib import metadata
from pathlib import PurePath
from typing import Any

from mlopskit import packages

OWN = __name__.partition(".")[0]
_FOLDERS = {"site-packages", "dist-packages"}
_STARTED = {"__main__", "__mp_main__"}
"""What the program that was started is called, also in the processes of `multiprocessing`."""

_STANDARD = tuple(sysconfig.get_paths()[name] + os.sep for name in ("stdlib", "platstdlib"))


def is_installed(module: str | None) -> bool:
    """Whether a module belongs to the standard library or an installed package, by its name.

    Where it was imported from decides, so that a user's ``queue.py`` is the user's.

    Examples
    --------
    >>> is_installed("json.decoder"), is_installed("numpy"), is_installed("__main__")
    (True, True, False)
    """
    name = module if isinstance(module, str) else ""
    top = name.partition(".")[0]
    if top in _STARTED or not top:
        return False
    if top == OWN:  # how mlopskit does things is not the user's code either
        return True
    found = sys.modules.get(name)
    if found is None:
        found = sys.modules.get(top)
    return _lies_installed(name, id(found)) if found is not None else _would_be_installed(top)


@cache
def is_installed_file(path: str) -> bool:
    """Whether a file of source lies where packages are installed."""
    return not _FOLDERS.isdisjoint(PurePath(path).parts) or path.startswith("<frozen ")


def version_of(module: str) -> str:
    """Return the version of the package that a module belongs to; that of Python for the standard library.

    What the module says itself comes first, since another version may have been installed after it was
    imported. Nothing is imported to find out.

    Examples
    --------
    >>> import numpy
    >>> version_of("numpy.random") == numpy.__version__
    True
    """
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names:
        return f"{sys.version_info.major}.{sys.version_info.minor}"
    found = sys.modules.get(top)
    if found is None:
        return _version_on_disk(top)
    stated = _names(found).get("__version__")
    return str(stated) if isinstance(stated, str) else _version_of_imported(top, id(found))


@cache
def _version_of_imported(top: str, _identity: int) -> str:
    return packages.version_of(top)


@cache
def _version_on_disk(top: str) -> str:
    try:
        return metadata.version(top)
    except metadata.PackageNotFoundError:  # most are called like their module; for the others all have to be read
        distributions = metadata.packages_distributions().get(top)
        return metadata.version(distributions[0]) if distributions else ""


@cache
def _lies_installed(name: str, _identity: int) -> bool:
    """Say it of a module that is imported, or whose top-level package is."""
    top = name.partition(".")[0]
    for found in (sys.modules.get(name), sys.modules.get(top)):
        if places := _places(found):
            return any(map(_is_installed_place, places))
    return top in sys.stdlib_module_names  # what is built in has no file, nor has what is made at run time


@cache
def _would_be_installed(top: str) -> bool:
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return False
    return spec is not None and spec.origin is not None and _is_installed_place(spec.origin)


def _is_installed_place(place: str) -> bool:
    return place in ("built-in", "frozen") or is_installed_file(f"{place}/") or place.startswith(_STANDARD)


def _places(found: object) -> list[str]:
    names = _names(found)
    return [str(place) for place in (names.get("__file__"), *(names.get("__path__") or ())) if place]


def _names(found: object) -> dict[str, Any]:
    """Look into a module without asking it, which might import more of it; empty for what is none."""
    return types.ModuleType.__getattribute__(found, "__dict__") if issubclass(type(found), types.ModuleType) else {}
