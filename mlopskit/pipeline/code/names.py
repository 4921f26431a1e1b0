"""What a code object reads by name: module-level names, what is asked of them, and what it imports itself.

Read off the bytecode, nested functions included. ``np.random.default_rng(SEED)`` reads the paths
``("np", "random", "default_rng")`` and ``("SEED",)``; how far a path leads is found out by whoever
resolves it, since only there it is known which of its parts are modules.
"""

from __future__ import annotations

import types
from collections.abc import Iterator

import attrs

from mlopskit.pipeline.code.operations import Body, Operation, body_of, computation_digest, is_read
from mlopskit.storage.fingerprint.buffers import Leaves
from mlopskit.storage.fingerprint.walk import Walk

Path = tuple[str, ...]

_READS_MODULE_LEVEL = {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"}
_ASKS = {"LOAD_ATTR", "LOAD_METHOD"}
_PLACE = {"__name__", "__file__", "__package__", "__spec__", "__loader__", "__cached__", "__path__"}
"""Names that say where a module lies, and whether it is the one that was started: neither is part of the code."""

_REMEMBERED = 10_000


@attrs.frozen
class Import:
    """An import statement inside a function.

    Attributes
    ----------
    module : str
        As it is written, without the dots in front.
    level : int
        How many dots there are.
    paths : tuple of tuple of str
        What is asked of the module; an empty path stands for all of it.
    """

    module: str
    level: int
    paths: tuple[Path, ...]


@attrs.frozen
class CodeFacts:
    """What is known of a code object by itself, before any of its names is resolved.

    Attributes
    ----------
    digest : bytes
        Of what it computes; not of its name, lines, docstring, annotations or local names.
    paths : tuple of tuple of str
        The module-level names it reads, each with the attributes that are asked of it, sorted.
    imports : tuple of Import
        What it imports when it runs.
    """

    digest: bytes
    paths: tuple[Path, ...]
    imports: tuple[Import, ...]


_facts: dict[int, tuple[types.CodeType, CodeFacts]] = {}


def facts_of(code: types.CodeType) -> CodeFacts:
    """Return what is known of a code object; it never changes, so it is found out once.

    Examples
    --------
    >>> def area(radius): return math.pi * radius ** 2 + OFFSET
    >>> facts_of(area.__code__).paths
    (('OFFSET',), ('math', 'pi'))
    """
    # By identity: equal code objects may differ in what their equality leaves out.
    known = _facts.get(id(code))
    if known is not None:
        return known[1]
    facts = _found_out(code)
    if len(_facts) >= _REMEMBERED:
        _facts.clear()
    _facts[id(code)] = code, facts
    return facts


def _found_out(code: types.CodeType) -> CodeFacts:
    body = body_of(code)
    paths: dict[Path, None] = {}
    imports: dict[Import, None] = {}
    for each in body.each():
        if each.code.co_name != "__annotate__":  # since Python 3.14: hints, which are only evaluated when asked for
            paths.update(dict.fromkeys(_paths(each.operations)))
            imports.update(dict.fromkeys(_imports(each)))
    with Leaves() as leaves:
        return CodeFacts(computation_digest(body, Walk(leaves)), tuple(sorted(paths)), tuple(imports))


def _paths(operations: list[Operation]) -> Iterator[Path]:
    for position, operation in enumerate(operations):
        if operation.name in _READS_MODULE_LEVEL and operation.argument not in _PLACE:
            yield (operation.argument, *_asked(operations, position + 1))


def _asked(operations: list[Operation], position: int) -> Iterator[str]:
    """Yield the attributes that are loaded right after a value."""
    while position < len(operations) and operations[position].name in _ASKS:
        yield operations[position].argument
        position += 1


def _imports(body: Body) -> Iterator[Import]:
    operations = body.operations
    for position, operation in enumerate(operations):
        if operation.name == "IMPORT_NAME":
            # Right before it stand the level and the names after "from", or None.
            level, names = operations[position - 2].argument, operations[position - 1].argument
            module, binds = operation.argument, _bound(operations, position + 1)
            asked = _asked_of_names(body, binds) if names else _asked_of_module(body, module, binds)
            yield Import(module, level, tuple(dict.fromkeys(asked)))
        elif operation.name in _READS_MODULE_LEVEL and (module := _imported_by_call(operations, position)):
            yield Import(module, 0, ((),))


def _imported_by_call(operations: list[Operation], position: int) -> str:
    """Return the module that ``import_module("m")`` or ``__import__("m")`` imports; empty if it is no such call."""
    path = (operations[position].argument, *_asked(operations, position + 1))
    if path[-1] not in ("import_module", "__import__"):
        return ""
    after = operations[position + len(path) :]
    given = next((each for each in after if each.name != "PUSH_NULL"), operations[position])
    named = given.kind == "constant" and isinstance(given.argument, str) and not given.argument.startswith(".")
    return given.argument if named else ""


def _bound(operations: list[Operation], position: int) -> list[tuple[Path, str]]:
    """List what an import statement takes from the module, and the local name that it gets; empty if it is no local."""
    bound: list[tuple[Path, str]] = []
    taken: Path = ()
    for operation in operations[position:]:
        if operation.name == "IMPORT_FROM":
            taken = (*taken, operation.argument)
        elif operation.name in ("STORE_FAST", "STORE_DEREF"):
            bound.append((taken, operation.argument))
            if not taken:  # "import m"; after "from m import a, b" there may be more
                return bound
            taken = ()
        elif operation.name in ("STORE_GLOBAL", "STORE_NAME"):  # read by anybody
            return []
        elif operation.name not in ("SWAP", "ROT_TWO", "POP_TOP") or (operation.name == "POP_TOP" and not taken):
            return bound
    return bound


def _asked_of_names(body: Body, bound: list[tuple[Path, str]]) -> Iterator[Path]:
    """Yield what is asked of names that come ``from`` a module; they may be modules themselves."""
    if not bound:
        yield ()
    for taken, local in bound:
        yield from ((*taken, *asked) for asked in _asked_of_local(body, local) or [()])


def _asked_of_module(body: Body, module: str, bound: list[tuple[Path, str]]) -> list[Path]:
    """List what is asked of the module that is imported; an empty path if that can not be told."""
    if not bound:
        return [()]
    (taken, local), *_ = bound
    paths = _asked_of_local(body, local)
    prefix = () if taken else tuple(module.split(".")[1:])  # "import a.b" binds a, and "import a.b as c" binds b
    if not paths or not all(path[: len(prefix)] == prefix for path in paths):
        return [()]
    return [path[len(prefix) :] for path in paths]


def _asked_of_local(body: Body, local: str) -> list[Path]:
    """List the attributes that are asked of a local name, by nested functions as well, each time it is read."""
    return [
        tuple(_asked(each.operations, position + 1))
        for each in body.each()
        for position, operation in enumerate(each.operations)
        if operation.argument == local and is_read(each.code, operation)
    ]
