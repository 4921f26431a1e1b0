"""What a code object does, operation by operation: one quick pass, with names, constants and jumps resolved.

Read from the bytes themselves, since `dis.get_instructions` spends ten times as long on what is only shown
to people. What differs without a difference is left out: caches, fused operations, the layout.
"""

from __future__ import annotations

import dis
import hashlib
import sys
import types
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from mlopskit.storage.fingerprint.functions import FUSED, HAS_DOCSTRING, JUMPS, NO_BEHAVIOUR
from mlopskit.storage.fingerprint.walk import Walk

_EXTENDED = dis.EXTENDED_ARG
_LEFT_OUT = {dis.opmap[name] for name in NO_BEHAVIOUR if name in dis.opmap} - {_EXTENDED}
_FUSED = {opcode: match.groups() for name, opcode in dis.opmap.items() if (match := FUSED.fullmatch(name))}
_KINDS = {
    **dict.fromkeys((*dis.haslocal, *dis.hasfree), "variable"),
    **dict.fromkeys(dis.hasname, "name"),
    **dict.fromkeys(dis.hasconst, "constant"),
    **dict.fromkeys(JUMPS, "jump"),
    **dict.fromkeys(_FUSED, "fused"),
}
_FLAG_BITS = {
    **dict.fromkeys(dis.hasname, 0),
    dis.opmap["LOAD_GLOBAL"]: 1,
    dis.opmap["LOAD_ATTR"]: 1 if sys.version_info >= (3, 12) else 0,
    dis.opmap.get("LOAD_SUPER_ATTR", -1): 2,
}
"""How many bits of the argument say something else beside which name it is."""

_WRITTEN_OUT = {str, int, float, bool, type(None)}
"""Types of constants whose text says all, and costs less than a digest."""

_WRITING = {"__module__", "__qualname__", "__doc__", "__firstlineno__", "__static_attributes__"}
"""What the body of a class notes of how it is written."""


class Operation(NamedTuple):
    """One operation.

    Attributes
    ----------
    offset : int
        Where it stands.
    name : str
        As `dis` calls it.
    kind : str
        What its argument is: a ``"constant"``, ``"code"``, ``"name"``, ``"variable"``, ``"jump"`` or ``"number"``.
    argument : object
        The constant or name itself; of nested code, its `Body`; of a jump, the offset that it goes to.
    flags : int
        Whatever else the argument says.
    """

    offset: int
    name: str
    kind: str
    argument: Any
    flags: int = 0


class Body(NamedTuple):
    """A code object and its operations."""

    code: types.CodeType
    operations: list[Operation]

    def each(self) -> Iterator[Body]:
        """Yield this one and all that are nested in it."""
        yield self
        for operation in self.operations:
            if operation.kind == "code":
                yield from operation.argument.each()


def body_of(code: types.CodeType) -> Body:
    """Read a code object and what is nested in it.

    Examples
    --------
    >>> def area(radius): return PI * radius
    >>> [operation.argument for operation in body_of(area.__code__).operations][:2]
    ['PI', 'radius']
    """
    return Body(code, _operations(code))


def _operations(code: types.CodeType) -> list[Operation]:
    names, constants, titles = code.co_names, code.co_consts, dis.opname
    variables = _variables(code)
    found: list[Operation] = []
    for offset, after, opcode, argument in _decoded(code.co_code):
        name, kind = titles[opcode], _KINDS.get(opcode, "number")
        if kind == "variable":
            found.append(Operation(offset, name, kind, variables[argument]))
        elif kind == "name":
            bits = _FLAG_BITS[opcode]
            found.append(Operation(offset, name, kind, names[argument >> bits], argument & ((1 << bits) - 1)))
            if name == "STORE_NAME" and found[-1].argument in _WRITING:
                del found[-2:]  # with what would be stored
        elif kind == "constant":
            found.append(_constant(offset, name, constants[argument]))
        elif kind == "jump":
            found.append(Operation(offset, name, kind, after + 2 * (-argument if "BACKWARD" in name else argument)))
        elif kind == "fused":
            first, second = _FUSED[opcode]
            found.append(Operation(offset, first, "variable", variables[argument >> 4]))
            found.append(Operation(offset, second, "variable", variables[argument & 15]))
        else:
            found.append(Operation(offset, name, kind, argument))
    return found


def _constant(offset: int, name: str, value: Any) -> Operation:
    if isinstance(value, types.CodeType):
        return Operation(offset, name, "code", body_of(value))
    return Operation(offset, name, "constant", value)


def _decoded(raw: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yield offset, offset of what comes next, number and argument of each operation."""
    starts = [2 * place for place, opcode in enumerate(raw[::2]) if opcode]  # 0 is a cache of what stands before it
    wide = 0
    for start, after in zip(starts, [*starts[1:], len(raw)], strict=True):
        opcode, argument = raw[start], wide | raw[start + 1]
        if opcode == _EXTENDED:
            wide = argument << 8
            continue
        wide = 0
        if opcode not in _LEFT_OUT:
            yield start, after, opcode, argument


def _variables(code: types.CodeType) -> tuple[str, ...]:
    """Name the places of local variables, in the order in which operations count them."""
    cells = tuple(name for name in code.co_cellvars if name not in code.co_varnames)
    return code.co_varnames + cells + code.co_freevars


def is_read(code: types.CodeType, operation: Operation) -> bool:
    """Whether an operation of this code loads the value of a variable."""
    loads = operation.kind == "variable" and operation.name.startswith("LOAD_")
    return loads and not (operation.argument in _cells(code) and _passes_on(operation.name))


def _passes_on(name: str) -> bool:
    """Whether an operation makes or passes on the cell of a variable that functions share, and does not look into it.

    Which cells those are follows from the names that the inner function uses; in which order, from the alphabet.
    """
    return "DEREF" not in name


def _cells(code: types.CodeType) -> frozenset[str]:
    return frozenset(code.co_cellvars + code.co_freevars)


# -- digest ----------------------------------------------------------------------------------


def computation_digest(body: Body, walk: Walk, outer: Mapping[str, str] | None = None, depth: int = 0) -> bytes:
    """Digest what code computes, with the code nested in it.

    Parameters count by name, as callers may pass them so; other local variables by the order in which they
    come. Docstrings, line numbers, and the name of the function itself do not count.

    Parameters
    ----------
    body : Body
    walk : Walk
        What digests the constants.
    outer : mapping of str to str, optional
        What stands for each variable of the function around it.
    depth : int
        How many functions there are around it.
    """
    code = body.code
    parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    counts = code.co_posonlyargcount, code.co_argcount, code.co_kwonlyargcount, code.co_flags & ~HAS_DOCSTRING
    labels = _Labels(depth, parameters, {name: name if outer is None else outer[name] for name in code.co_freevars})
    cells = _cells(code)
    offsets = [operation.offset for operation in body.operations]
    lines = [repr((counts, parameters))]
    for _, name, kind, argument, flags in body.operations:
        if kind == "variable":
            said = "" if argument in cells and _passes_on(name) else labels[argument]
        elif kind == "constant":
            said = repr(argument) if type(argument) in _WRITTEN_OUT else f"#{walk(argument).hex()}"
        elif kind == "code":
            said = computation_digest(argument, walk, labels, depth + 1).hex()
        elif kind == "jump":
            said = str(bisect_left(offsets, argument))
        else:
            said = f"{argument} {flags}"
        lines.append(f"{name} {said}")
    lines.extend(_exceptions(code, offsets))
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).digest()


def _exceptions(code: types.CodeType, offsets: list[int]) -> Iterator[str]:
    if code.co_exceptiontable:
        for entry in dis._parse_exception_table(code):  # type: ignore[attr-defined]
            places = [bisect_left(offsets, place) for place in (entry.start, entry.end, entry.target)]
            yield f"except {places} {entry.depth} {entry.lasti}"


class _Labels(dict[str, str]):
    """What stands for each variable: that of the function around it, or a number given when it is first asked for."""

    def __init__(self, depth: int, parameters: tuple[str, ...], outer: Mapping[str, str]) -> None:
        super().__init__({**outer, **{name: f"{depth}.{number}" for number, name in enumerate(parameters)}})
        self._depth = depth

    def __missing__(self, name: str) -> str:
        self[name] = f"{self._depth}.{len(self)}"
        return self[name]
