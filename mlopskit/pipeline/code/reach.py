"""`Reach`: from a function on, what it reads by name, looked up as it would be when it runs.

Functions, classes and modules of the user count by their content and are followed further; values count by
theirs; installed packages count by name and version, and are not entered. The walk over values is that
of `mlopskit.storage.fingerprint`; it meets code wherever it lies: in a dict, a default, a
closure, a partial, an attribute, a base class.

Code that is met is given a token, its name and a number, and waits in line, so that code which
refers to itself needs no special case.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import importlib
import importlib.util
import inspect
import itertools
import logging
import sys
import types
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mlopskit.errors import FingerprintError
from mlopskit.pipeline.code.class_members import fields_in, functions_in, hints_of, is_generated, members_of
from mlopskit.pipeline.code.installed import is_installed, version_of
from mlopskit.pipeline.code.names import Import, facts_of
from mlopskit.pipeline.code.names import Path as NamePath
from mlopskit.pipeline.code.ownership import (
    NOTHING,
    is_found_by_name,
    is_made_for_somebody,
    is_of_package,
    is_put_into,
    member_of,
)
from mlopskit.storage.file_content import file_digest
from mlopskit.storage.fingerprint.buffers import Leaves
from mlopskit.storage.fingerprint.standard import utf8
from mlopskit.storage.fingerprint.walk import Walk, seal, type_name

_ROOT = seal(b"root")
_SLOT = seal(b"slot")
_GENERATED = seal(b"generated")
_LOGGER = seal(b"logger")
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
_UNORDERED = {dict, set, frozenset}
_LOOKS_ANYWHERE = {"eval", "exec", "globals", "vars"}
"""With these a function can read any name of its module."""

_OF_ANY_MODULE = {
    *vars(types.ModuleType("")), "__file__", "__cached__", "__builtins__", "__path__", "__all__", "__annotations__",
    "__warningregistry__",
}  # fmt: skip
"""Names that each module has, and that say nothing of what is in it."""


class Reach(Walk):
    """A walk that does not stop at code.

    Attributes
    ----------
    found : list of bytes
        For each piece of code, its token and what it is.
    parts : dict of str to str
        The same for people, see `Code`.
    """

    def __init__(self, leaves: Leaves, ignore: frozenset[str]) -> None:
        super().__init__(leaves)
        self.found: list[bytes] = []
        self.parts: dict[str, str] = {}
        self._ignore = ignore
        self._tokens: dict[int, bytes] = {}
        self._waiting: list[tuple[Any, bytes]] = []
        self._numbers: dict[str, itertools.count[int]] = {}
        self._place = "value"
        self._root: types.FunctionType | None = None
        self._filled: frozenset[str] = frozenset()
        self._calls_root = False

    def begin(self, root: Any, filled: frozenset[str], beside: Mapping[str, Any]) -> bytes:
        """Digest what the walk begins with; what a function is called does not count there."""
        if type(root) is types.FunctionType and not is_of_package(root):
            self._root, self._filled = root, filled
            self._tokens[id(root)] = _ROOT
            self._waiting.append((root, _ROOT))
            own = _ROOT
        else:
            own = self(root)
        return seal(own, *(utf8(name) + self._part("value", name, value) for name, value in sorted(beside.items())))

    def __call__(self, value: Any, step: int | str = "") -> bytes:
        """Digest a part; code by a token that stands for it, and a path that names a file by what is in the file."""
        if id(value) in self._known:
            return self._known[id(value)][1]
        kind = type(value)
        if kind is types.FunctionType:
            return self._function(value)
        if isinstance(value, type):
            return self._class(value)
        if kind is types.ModuleType:
            return self._module(value)
        if kind is types.BuiltinFunctionType and isinstance(value.__self__, types.ModuleType | None):
            return self._builtin(value)
        if kind is functools._lru_cache_wrapper:
            return seal(b"cached", self(inspect.unwrap(value)))
        if kind in _UNORDERED:
            self._number_functions(value.values() if kind is dict else value)
        elif isinstance(value, Path):
            return self._path_and_content(value, step)
        if isinstance(value, logging.Logger):  # what is logged is no output, and its name is often that of the module
            return _LOGGER
        if kind.__module__ == "numpy" and kind.__name__ == "ufunc" and value.__name__.endswith("(vectorized)"):
            raise self.refusal(value, "is a ufunc made of a function that can not be seen")
        if _is_by_name(value, kind):
            return seal(b"by-name", self(kind), self(getattr(value, "__dict__", None)))
        return super().__call__(value, step)

    def follow(self) -> None:
        """Look at all code that was met, and at what is met on the way."""
        self._follow_waiting()
        if self._root is not None and self._calls_root:  # then nobody fills its arguments
            self.found.append(seal(b"defaults", *self._defaults(self._root, frozenset())))
            self._follow_waiting()

    def _follow_waiting(self) -> None:
        while self._waiting:
            value, token = self._waiting.pop(0)
            if isinstance(value, types.FunctionType):
                content = self._function_content(value)
            elif isinstance(value, type):
                content = self._class_content(value)
            else:
                content = self._module_content(value)
            self.found.append(token + content)

    def refusal(self, value: Any, problem: str, remedy: str = "") -> FingerprintError:  # noqa: ARG002
        """Say where the part is that has no fingerprint, in terms of the code that reaches it."""
        self._path.clear()
        self._open.clear()
        return FingerprintError(
            f"{self._place} ({type_name(type(value))}) {problem}, so whether it has changed can not be told. "
            "Leave it out with Step(..., ignore=[name]), and say with depends_on= what it stands for."
        )

    # -- what is met -----------------------------------------------------------------------------

    def _function(self, value: types.FunctionType) -> bytes:
        # With a closure it may be a library's decorator around somebody's function.
        if is_of_package(value) and (value.__closure__ is None or is_found_by_name(value)):
            return self._installed(value, str(value.__globals__.get("__name__")), value.__qualname__)
        return self._token(value, value.__qualname__)

    def _class(self, value: type) -> bytes:
        module, qualname = value.__module__, value.__qualname__
        if is_installed(module) and not is_made_for_somebody(module, qualname):
            return self._installed(value, module, qualname)
        return self._token(value, qualname)

    def _module(self, value: types.ModuleType) -> bytes:
        name = value.__name__
        return self._package(name, "") if is_installed(name) else self._token(value, name)

    def _installed(self, value: Any, module: str, qualname: str) -> bytes:
        self._known[id(value)] = value, self._package(module, qualname)
        return self._known[id(value)][1]

    def _path_and_content(self, value: Path, step: int | str) -> bytes:
        name = super().__call__(value, step)
        try:
            return seal(b"file", name, file_digest(value)) if value.is_file() else name
        except OSError as error:
            raise self.refusal(value, f"names a file that can not be read ({error})") from error

    def _builtin(self, value: types.BuiltinFunctionType) -> bytes:
        module = str(value.__module__)
        if is_installed(module):
            return self._package(module, value.__qualname__)
        file = getattr(sys.modules.get(module), "__file__", None)  # an extension module of the user's
        content = self.leaves.content(Path(file).read_bytes()) if file else b""
        return seal(b"extension", utf8(value.__qualname__), content)

    def _package(self, module: str, qualname: str) -> bytes:
        top, version = module.partition(".")[0], version_of(module)
        if top not in sys.stdlib_module_names:
            self.parts[f"package {top}"] = version
        return seal(b"installed", utf8(module), utf8(qualname), utf8(version))

    def _token(self, value: Any, name: str) -> bytes:
        if id(value) not in self._tokens:
            # Names without modules: code that moves to another file, or runs as __main__, is still the same.
            number = next(self._numbers.setdefault(name, itertools.count()))
            self._tokens[id(value)] = seal(b"token", utf8(name), b"%d" % number)
            self._waiting.append((value, self._tokens[id(value)]))  # keeps it alive, and so its identity
        self._calls_root = self._calls_root or value is self._root
        return self._tokens[id(value)]

    def _number_functions(self, values: Collection[Any]) -> None:
        """Give functions that may have one name their numbers in an order that is that of no set or dict."""
        functions = [each for each in values if type(each) is types.FunctionType]
        for each in sorted(functions, key=lambda each: facts_of(each.__code__).digest):
            self._function(each)

    # -- functions -------------------------------------------------------------------------------

    def _function_content(self, value: types.FunctionType) -> bytes:
        module = str(value.__globals__.get("__name__", ""))
        name = f"{module}.{value.__qualname__}".lstrip(".")
        related = b"".join(
            [*self._defaults(value, self._filled if value is self._root else frozenset()), *self._closure(value, name)]
        )
        if is_of_package(value):
            return seal(b"wrapper", self._package(module, value.__qualname__), related)
        facts = facts_of(value.__code__)
        self._note(f"function {name}", facts.digest)
        self.parts["package python"] = PYTHON  # each compiles to operations of its own
        return seal(
            b"function",
            PYTHON.encode(),
            facts.digest,
            related,
            b"".join(self._read(facts.paths, value, module)),
            b"".join(self._imported(each, value.__globals__) for each in facts.imports),
        )

    def _defaults(self, value: types.FunctionType, filled: frozenset[str]) -> Iterator[bytes]:
        code, positional = value.__code__, value.__defaults__ or ()
        names = code.co_varnames[code.co_argcount - len(positional) : code.co_argcount]
        for name, default in [*zip(names, positional, strict=True), *sorted((value.__kwdefaults__ or {}).items())]:
            if name not in filled and name not in self._ignore:
                yield seal(utf8(name), self._part("default", f"{value.__qualname__}({name}=)", default))

    def _closure(self, value: types.FunctionType, name: str) -> Iterator[bytes]:
        if _is_single_dispatch(value):  # its closure also remembers what it was called with
            yield self._part("value", f"implementations of {name}", value.registry)  # type: ignore[attr-defined]
            return
        for variable, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=True):
            if variable in self._ignore:
                continue
            try:
                content = cell.cell_contents
            except ValueError:  # not bound yet
                content = NotImplemented
            yield seal(utf8(variable), self._part("value", f"{variable} in the closure of {name}", content))

    def _read(self, paths: Iterable[NamePath], value: types.FunctionType, module: str) -> Iterator[bytes]:
        names = value.__globals__
        for path in paths:
            if path[0] in self._ignore or ".".join(path) in self._ignore:
                continue
            if path[0] in names:
                yield seal(b"name", *map(utf8, path), self._asked(names[path[0]], path[1:], f"{module}.{path[0]}"))
            elif path[0] in _LOOKS_ANYWHERE:
                yield seal(b"anything", self._names(names))
            elif not hasattr(builtins, path[0]):
                yield seal(b"unbound", utf8(path[0]))

    def _asked(self, value: Any, attributes: NamePath, label: str) -> bytes:
        """Digest what a path leads to: through modules to the first thing that is none."""
        if isinstance(value, types.ModuleType):
            if is_installed(value.__name__):
                return self._asked_of_package(value.__name__, value, attributes)
            if not attributes or (found := member_of(value, attributes[0])) is NOTHING:
                return self(value)
            return self._asked(found, attributes[1:], f"{value.__name__}.{attributes[0]}")
        held = (
            vars(value).get(attributes[0], NOTHING) if attributes and isinstance(value, types.FunctionType) else NOTHING
        )
        own = self._part("value", label, value)
        return own if held is NOTHING else own + self._part("value", f"{label}.{attributes[0]}", held)

    def _asked_of_package(self, name: str, module: types.ModuleType | None, attributes: NamePath) -> bytes:
        """Digest what is asked of a package, whether it is imported yet or not.

        What it keeps in its modules is its own affair, unless somebody put code of his there.
        """
        found: Any = module
        for attribute in attributes:
            if not isinstance(found, types.ModuleType):
                break
            found = member_of(found, attribute)
        own = self._package(name, attributes[0] if attributes else "")
        return own + self(found) if is_put_into(name, found) else own

    def _part(self, kind: str, label: str, value: Any) -> bytes:
        """Digest a value that code reads, and note it under its name unless it is code itself."""
        outer, self._place = self._place, label
        digest = self(value)
        self._place = outer
        if not _is_code(value):
            self._note(f"{kind} {label}", digest)
        return digest

    def _note(self, label: str, digest: bytes) -> None:
        """Note a part for people; of several with one name, such as lambdas, all."""
        short, names = (
            digest.hex()[:16],
            itertools.chain([label], (f"{label} ({number})" for number in itertools.count(2))),
        )
        self.parts[next(name for name in names if self.parts.get(name, short) == short)] = short

    def _imported(self, statement: Import, names: Mapping[str, Any]) -> bytes:
        package = names.get("__package__") or str(names.get("__name__", "")).rpartition(".")[0]
        try:
            name = importlib.util.resolve_name("." * statement.level + statement.module, package)
        except ImportError:
            name = statement.module
        if is_installed(name):
            module = sys.modules.get(name)  # not imported for this: that may take seconds
            return seal(b"import", *(self._asked_of_package(name, module, path) for path in statement.paths))
        try:
            module = importlib.import_module(name)
            _import_submodules(module, statement.paths)
        except Exception:  # noqa: BLE001 - the step will say so when it runs
            return seal(b"unimportable", utf8(statement.module))
        return seal(b"import", *(self._asked(module, path, name) for path in statement.paths))

    # -- classes and modules ---------------------------------------------------------------------

    def _class_content(self, value: type) -> bytes:
        name = f"{value.__module__}.{value.__qualname__}"
        body = []
        for member, content in members_of(value):
            if member not in self._ignore and (digest := self._member_content(name, member, content)) is not None:
                body.append(utf8(member) + digest)
        body += [utf8(key) + self._hint(hint) for key, hint in sorted(hints_of(value).items())]
        self._note(f"class {name}", seal(b"class", *body))
        return seal(b"class", *body, self(type(value)), *(self(base) for base in value.__bases__))

    def _member_content(self, owner: str, member: str, content: Any) -> bytes | None:
        if isinstance(content, types.MemberDescriptorType | types.GetSetDescriptorType):
            return _SLOT
        if is_generated(content):
            return _GENERATED
        self._place = f"{owner}.{member}"
        try:
            fields = fields_in(member, content)
            if fields is not None:
                return seal(b"fields", utf8(fields[0]), *map(self, fields[1]))
            functions = functions_in(content)
            if functions is not None:
                return seal(b"descriptor", self(type(content)), *(self(function) for function in functions))
            return self(content)
        except FingerprintError:
            if member.startswith("__"):  # what a library made of the rest, such as a compiled validator
                return None
            raise

    def _hint(self, hint: Any) -> bytes:
        try:
            return self(hint)
        except FingerprintError:
            return utf8(type(hint).__qualname__)

    def _module_content(self, module: types.ModuleType) -> bytes:
        return self._names(vars(module))

    def _names(self, names: Mapping[str, Any]) -> bytes:
        """Digest all names of a module, for code that may ask for any of them."""
        asked = {
            name: value for name, value in names.items() if name not in _OF_ANY_MODULE and name not in self._ignore
        }
        return b"".join(
            utf8(name) + self._part("value", f"{names.get('__name__')}.{name}", value)
            for name, value in sorted(asked.items())
        )


def _is_by_name(value: Any, kind: Any) -> bool:
    """Whether pickling an object of the user's takes down nothing but what its module calls it."""
    if kind.__reduce__ is object.__reduce__ or is_installed(kind.__module__):
        return False
    try:
        return isinstance(value.__reduce__(), str)
    except Exception:  # noqa: BLE001 - whoever walks over it will say so
        return False


def _is_single_dispatch(function: types.FunctionType) -> bool:
    return function.__globals__ is vars(functools) and hasattr(function, "registry")


def _import_submodules(module: types.ModuleType, paths: Iterable[NamePath]) -> None:
    """Import what ``from module import name`` would, where the name is that of a module."""
    for name in {path[0] for path in paths if path}:
        if hasattr(module, "__path__") and member_of(module, name) is NOTHING:
            with contextlib.suppress(ModuleNotFoundError):
                importlib.import_module(f"{module.__name__}.{name}")


def _is_code(value: Any) -> bool:
    return isinstance(value, types.FunctionType | types.BuiltinFunctionType | types.ModuleType | type)
