"""Functions by what they compute: bytecode, constants, defaults, closure, and what they read at module level.

A function is encoded together with the functions it reaches: each is numbered when it is first met and
then referred to by number, so recursion, also between several functions, needs no special case.
"""

from __future__ import annotations

import dis
import functools
import inspect
import re
import sys
import types
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from mlopskit.storage.fingerprint.standard import utf8
from mlopskit.storage.fingerprint.walk import Walk, encodes, encodes_family, seal

PLAIN = (str, bytes, bool, int, float, complex, type(None))
CODE = (types.FunctionType, types.BuiltinFunctionType, types.ModuleType, type)
NO_BEHAVIOUR = {"NOP", "RESUME", "CACHE", "EXTENDED_ARG"}
JUMPS = {*dis.hasjrel, *dis.hasjabs}
FUSED = re.compile("((?:LOAD|STORE)_FAST(?:_BORROW)?)_((?:LOAD|STORE)_FAST(?:_BORROW)?)")
"""Two operations in one, since Python 3.13; whether they are fused depends on how the source is broken into lines."""

HAS_DOCSTRING = 0x4000000
"""The code flag that says so since Python 3.13; before, the docstring is the first constant or None is."""


@encodes(types.FunctionType)
def function(root: types.FunctionType, walk: Walk) -> bytes:
    """Encode a function and, in the order in which they are met, those it reaches."""
    if is_installed(root):
        return installed(root)
    reached = [root]
    numbers = {id(root): 0}

    def refer(value: Any, step: str) -> bytes:
        if not isinstance(value, types.FunctionType) or is_installed(value):
            return walk(value, step)
        if id(value) not in numbers:
            numbers[id(value)] = len(reached)
            reached.append(value)
        return seal(b"function-number", b"%d" % numbers[id(value)])

    return seal(b"function", *[_one_function(each, refer, walk) for each in reached])


def _one_function(each: types.FunctionType, refer: Any, walk: Walk) -> bytes:
    keyword_defaults = sorted((each.__kwdefaults__ or {}).items())
    related = (
        [refer(default, f".__defaults__[{i}]") for i, default in enumerate(each.__defaults__ or ())],
        [walk(name) + refer(default, f".__kwdefaults__[{name!r}]") for name, default in keyword_defaults],
        [refer(value, f".<{name} in the closure>") for name, value in _closure(each)],
        [walk(name) + refer(value, f".<global {name}>") for name, value in module_values(each)],
    )
    return seal(b"one-function", walk(each.__code__, f".<code of {each.__name__}>"), *map(b"".join, related))


def _closure(each: types.FunctionType) -> Iterator[tuple[str, Any]]:
    for name, cell in zip(each.__code__.co_freevars, each.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:
            yield name, NotImplemented


def module_values(each: types.FunctionType) -> list[tuple[str, Any]]:
    """List the module-level values that a function names, as far as they count: plain data, code, modules, classes."""
    found = ((name, each.__globals__[name]) for name in global_names(each.__code__) if name in each.__globals__)
    return [(name, value) for name, value in found if isinstance(value, CODE) or _is_plain(value)]


def _is_plain(value: Any) -> bool:
    return all(map(_is_plain, value)) if type(value) is tuple else type(value) in PLAIN


def global_names(code: types.CodeType) -> list[str]:
    """List the module-level names that code reads, nested functions included, in order of appearance."""
    names = {
        str(instruction.argval): None
        for instruction in dis.get_instructions(code)
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    }
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= dict.fromkeys(global_names(constant))
    return list(names)


# -- code ------------------------------------------------------------------------------------


@encodes(types.CodeType)
def bytecode(code: types.CodeType, walk: Walk) -> bytes:
    """Encode what code does. Parameters count, as callers may pass them by name; other local names do not."""
    parameters = code.co_argcount + code.co_kwonlyargcount
    return seal(
        b"code",
        b"%d %d %d" % (code.co_posonlyargcount, code.co_argcount, code.co_kwonlyargcount),
        b"%d" % (code.co_flags & ~HAS_DOCSTRING),
        walk(code.co_varnames[:parameters]),
        walk(code.co_names),
        *_operations(code, walk),
    )


def _operations(code: types.CodeType, walk: Walk) -> Iterator[bytes]:
    """Encode operations; constants by value, and places by counting operations, as their numbers depend on layout."""
    operations = [*_unfused(code)]
    offsets = [offset for offset, *_ in operations]
    for _, name, opcode, argument in operations:
        yield name.encode()
        if opcode in dis.hasconst:
            yield walk(code.co_consts[argument], ".<constant>")
        else:
            yield b"%d" % (bisect_left(offsets, argument) if opcode in JUMPS else argument)
    for entry in dis.Bytecode(code).exception_entries:  # type: ignore[attr-defined]
        places = [bisect_left(offsets, place) for place in (entry.start, entry.end, entry.target)]
        yield b"except %d %d %d %d %d" % (*places, entry.depth, entry.lasti)


def _unfused(code: types.CodeType) -> Iterator[tuple[int, str, int, int]]:
    """List offset, name, number and argument of each operation; the argument of a jump is the offset it goes to."""
    for instruction in dis.get_instructions(code):
        offset, name, opcode = instruction.offset, instruction.opname, instruction.opcode
        argument = instruction.argval if opcode in JUMPS else instruction.arg or 0
        fused = FUSED.fullmatch(name)
        if fused:
            yield offset, fused[1], opcode, argument >> 4
            yield offset, fused[2], opcode, argument & 15
        elif name not in NO_BEHAVIOUR:
            yield offset, name, opcode, argument


# -- what is known by name, and what wraps functions -----------------------------------------


def is_installed(function: Any) -> bool:
    """Say whether a function is one of the standard library or an installed package, whose name stands for its code.

    A closure is not: it may be a library's decorator around a function of the user, under that function's name.
    """
    if function.__closure__:
        return False
    if (function.__module__ or "").partition(".")[0] in sys.stdlib_module_names:
        return True
    return not {"site-packages", "dist-packages"}.isdisjoint(PurePath(function.__code__.co_filename).parts)


def installed(function: Any) -> bytes:
    """Encode a function by module, name, and the version of its package."""
    module = str(function.__module__)
    version = getattr(sys.modules.get(module.partition(".")[0]), "__version__", None)
    return seal(b"installed", utf8(module), utf8(function.__qualname__), utf8(str(version)))


@encodes(types.BuiltinFunctionType)
def _builtin(value: types.BuiltinFunctionType, walk: Walk) -> bytes:
    owner = value.__self__
    if owner is None or isinstance(owner, types.ModuleType):
        return installed(value)
    return seal(b"method", walk(owner, ".__self__"), utf8(value.__name__))


@encodes(types.MethodType)
def _bound_method(value: types.MethodType, walk: Walk) -> bytes:
    return seal(b"method", walk(value.__self__, ".__self__"), walk(value.__func__, ".__func__"))


@encodes_family(functools._lru_cache_wrapper)
def _cached_function(value: Any, walk: Walk) -> bytes:
    return seal(b"cached", walk(inspect.unwrap(value), ".__wrapped__"))
