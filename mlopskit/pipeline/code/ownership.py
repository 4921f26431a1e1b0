"""Whose a function or class is: that of a package, or one that somebody made with the package, or put into it."""

from __future__ import annotations

import functools
import inspect
import sys
import types
from typing import Any

from mlopskit.pipeline.code.installed import is_installed, is_installed_file

NOTHING = object()
"""Stands for a name that a module does not have."""


def is_of_package(function: types.FunctionType) -> bool:
    """Whether the code of a function is that of an installed package."""
    # ``functools.wraps`` makes __module__ that of another function.
    return is_installed(function.__globals__.get("__name__")) or is_installed_file(function.__code__.co_filename)


def is_found_by_name(function: types.FunctionType) -> bool:
    """Whether a function of a package, decorated or not, is what the package itself calls so."""
    module = sys.modules.get(function.__module__ or "")
    return module is not None and is_installed(module.__name__) and member_of(module, function.__qualname__) is function


def is_made_for_somebody(module: str, qualname: str) -> bool:
    """Whether a class says it is of a package, and was made by it of what somebody gave, such as fields."""
    return "<locals>" in qualname or (module == "types" and not hasattr(types, qualname))


def is_put_into(package: str, found: Any) -> bool:
    """Whether what a package's module holds is code that is not the package's."""
    while isinstance(found, functools.partial | types.MethodType):
        found = found.func if isinstance(found, functools.partial) else found.__func__
    found = inspect.unwrap(found) if isinstance(found, functools._lru_cache_wrapper) else found
    if isinstance(found, types.FunctionType):
        own = str(found.__globals__.get("__name__")).partition(".")[0] == package.partition(".")[0]
        return not own and (found.__closure__ is not None or not is_of_package(found))
    return found is not NOTHING and not is_installed((found if isinstance(found, type) else type(found)).__module__)


def member_of(module: types.ModuleType, name: str) -> Any:
    """Look a name up without asking the module, which might import more of itself."""
    names = types.ModuleType.__getattribute__(module, "__dict__")
    return names.get(name, sys.modules.get(f"{module.__name__}.{name}", NOTHING))
