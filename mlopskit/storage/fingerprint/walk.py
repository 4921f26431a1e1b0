"""The walk over one value: which encoding fits its type, how deep we are, and where."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import Any, TypeVar

from mlopskit.errors import FingerprintError
from mlopskit.storage.fingerprint.buffers import Leaves

MAX_DEPTH = 150
"""Levels of nesting. Each takes up to four Python frames, of the 1,000 that Python allows by default."""

Encoder = Callable[[Any, "Walk"], bytes]
_Encoder = TypeVar("_Encoder", bound=Encoder)

_SCALARS: dict[type, Callable[[Any], bytes]] = {}
_EXACT: dict[type, Encoder] = {}
_FAMILIES: dict[type, Encoder] = {}
_OPTIONAL = {
    library: f"{__package__}.{module}"
    for library, module in {"numpy": "arrays", "pandas": "frames", "pyarrow": "arrow", "scipy": "sparse"}.items()
}


def encodes_scalar(kind: type) -> Callable[[Callable[[Any], bytes]], Callable[[Any], bytes]]:
    """Register the encoder of exactly this type, whose values have no parts."""

    def register(encoder: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
        _SCALARS[kind] = encoder
        return encoder

    return register


def encodes(*types: type) -> Callable[[_Encoder], _Encoder]:
    """Register the encoder of exactly these types; a subclass is another type."""

    def register(encoder: _Encoder) -> _Encoder:
        _EXACT.update(dict.fromkeys(types, encoder))
        return encoder

    return register


def encodes_family(*types: type) -> Callable[[_Encoder], _Encoder]:
    """Register the encoder of these types and of their subclasses; the nearest base class wins."""

    def register(encoder: _Encoder) -> _Encoder:
        _FAMILIES.update(dict.fromkeys(types, encoder))
        return encoder

    return register


def seal(tag: bytes, *parts: bytes) -> bytes:
    """Sha256 of a kind (a word without spaces) and its parts, each preceded by its length."""
    return hashlib.sha256(b" ".join((tag, b"".join([b"%d:%b" % (len(part), part) for part in parts])))).digest()


def type_name(kind: type) -> str:
    """The name that messages call a type by."""
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


class Walk:
    """One traversal of one value; calling it gives the 32-byte digest of a part.

    Notes
    -----
    Digests are remembered by identity, so a part that is shared a million times is read once. What is
    remembered is also kept alive: otherwise a temporary could die and hand its identity to another.
    """

    def __init__(self, leaves: Leaves) -> None:
        self.leaves = leaves
        self._known: dict[int, tuple[Any, bytes]] = {}
        self._open: set[int] = set()
        self._path: list[int | str] = []

    def __call__(self, value: Any, step: int | str = "") -> bytes:
        """Digest a part that is reached from its parent by `step`: a position, or text such as ``.name``."""
        scalar = _SCALARS.get(type(value))
        if scalar:
            return scalar(value)
        key = id(value)
        if key in self._known:
            return self._known[key][1]
        self._path.append(step)
        if key in self._open:
            raise self.refusal(
                value, "contains itself", "Break the cycle, for instance by leaving the back reference out"
            )
        if len(self._path) > MAX_DEPTH:
            raise self.refusal(value, f"lies more than {MAX_DEPTH} levels deep", "Flatten it, or fingerprint its parts")
        self._open.add(key)
        digest = encoder_of(type(value))(value, self)
        self._open.remove(key)
        self._path.pop()
        self._known[key] = (value, digest)
        return digest

    def each(self, values: Sequence[Any], steps: Iterable[int | str] | None = None) -> list[bytes]:
        """Digest the parts in order."""
        return [self(value, step) for step, value in zip(steps or range(len(values)), values, strict=True)]

    def refusal(self, value: Any, problem: str, remedy: str) -> FingerprintError:
        """Say why the part that is being walked has no fingerprint, and where it is."""
        place = "value" + "".join(f"[{step}]" if isinstance(step, int) else step for step in self._path)
        return FingerprintError(f"{place} ({type_name(type(value))}) {problem}, so it has no fingerprint. {remedy}.")


def encoder_of(kind: type) -> Encoder:
    """Find the encoder of a type; those for optional libraries are loaded when their first value comes by."""
    if kind not in _EXACT:
        _load_encoders(kind)
    return _EXACT.get(kind) or next(_FAMILIES[base] for base in kind.__mro__ if base in _FAMILIES)


def _load_encoders(kind: type) -> None:
    for base in kind.__mro__:
        library = base.__module__.partition(".")[0]
        if library in _OPTIONAL:
            import_module(_OPTIONAL[library])
