"""`Outputs`: what the steps of a run gave so far, in memory or, until somebody needs it, on the store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from mlopskit.pipeline.caching.cache import Cache, Kept

_NOT_LOADED = object()


@attrs.define
class _Output:
    digest: str  # empty: it has none, so what is made of it can not be looked up
    value: Any = _NOT_LOADED
    kept: Kept | None = None


class Outputs:
    """Values by the name of the output.

    Parameters
    ----------
    cache : Cache
        Where those that are not in memory lie.
    """

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._outputs: dict[str, _Output] = {}
        self._given: set[str] = set()

    def __contains__(self, name: object) -> bool:
        return name in self._outputs

    def give(self, name: str, value: Any, digest: str) -> None:
        """Note a value that the user gave; it stays, also if its step runs for the sake of another output."""
        self._given.add(name)
        self._outputs[name] = _Output(digest, value)

    def add_value(self, name: str, value: Any, digest: str) -> None:
        """Note a value that lies nowhere but in memory."""
        if name not in self._given:
            self._outputs[name] = _Output(digest, value)

    def add_kept(self, kept: Mapping[str, Kept], values: Mapping[str, Any] | None = None) -> None:
        """Note outputs that are on the store, and their values as far as they are in memory too."""
        for name, each in kept.items():
            if name in self._given:
                continue
            self._outputs[name] = _Output(each.digest(), (values or {}).get(name, _NOT_LOADED), each)

    def digest(self, name: str) -> str:
        """Return the content digest of an output; empty if it has none."""
        return self._outputs[name].digest

    def kept(self, name: str) -> Kept | None:
        """Return where an output lies, if it is on the store."""
        return self._outputs[name].kept

    def value(self, name: str) -> Any:
        """Return an output, loaded if need be; whatever loading raises comes out."""
        output = self._outputs[name]
        if output.value is _NOT_LOADED:
            assert output.kept is not None, "what is not in memory is on the store"  # noqa: S101 - for the type checker
            output.value = self._cache.load(output.kept)
        return output.value

    def in_memory(self, name: str) -> bool:
        """Whether an output can be had without reading it."""
        return self._outputs[name].value is not _NOT_LOADED

    def let_go(self, name: str) -> None:
        """Forget a value that can be loaded again."""
        output = self._outputs.get(name)
        if output is not None and output.kept is not None:
            output.value = _NOT_LOADED
