"""`Cache`: the outputs of earlier runs, found again by what they were made of.

``cache/steps/<key>.json``    what one step gave; small outputs lie in it, the others in blobs
``cache/items/<key>/*.json``  the same of single items of a step that runs over many
``cache/plans/<kk>/<key>.json``    all the entries of one whole run, so that an unchanged one is found by one read
``cache/last/<name>.json``    what the last run of a pipeline was made of, see `mlopskit.pipeline.explanation`
``cache/leases/<key>.json``   who is making an output right now, see `mlopskit.pipeline.caching.leases`

An entry is written last, so whatever a killed run leaves behind is either a whole entry or none; an
entry that can not be read, or whose output can not, is a miss. Nothing here is needed: deleting
``cache`` loses only time. Nothing is synced to the disk either: what a power loss tears is a miss.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, BinaryIO

import attrs

from mlopskit.errors import FingerprintError, FormatError, MlopskitError, NotFoundError, NotTrustedError
from mlopskit.pipeline.code import code_of
from mlopskit.pipeline.code.installed import is_installed
from mlopskit.pipeline.code.pickled_names import named_object, pickled_names
from mlopskit.pipeline.running.warning import warn
from mlopskit.storage.artifacts import (
    AnyArtifact,
    Artifact,
    Artifacts,
    artifact_from_json,
    artifact_to_json,
    leaves,
)
from mlopskit.storage.canonical_json import decode, encode
from mlopskit.storage.consent import is_trusted
from mlopskit.storage.fingerprint import fingerprint
from mlopskit.storage.identifiers import new_id
from mlopskit.storage.serializers import serializer_named
from mlopskit.storage.store import StoreLike

FORMAT = 2
"""Raise it when an entry changes; entries of another format are misses."""

INLINE = 2048
"""Bytes up to which an output lies in its entry: one file instead of two, and one request."""

FAST = ("columns", "npy")
"""Formats that cost least to write and to read, rather than those that take least room."""


@attrs.frozen
class Kept:
    """Where one output lies.

    Attributes
    ----------
    artifact : Artifact or ArtifactGroup
        Its bytes.
    content : str
        What it is compared by: of a small output the digest of its content, in which dicts and sets have no order; of a
        big one that of its bytes, which were digested as they were written.
    names : tuple of str
        The functions and classes of the user's that these bytes name, as ``"module:name"``.
    """

    artifact: AnyArtifact
    content: str
    names: tuple[str, ...] = ()

    def digest(self) -> str:
        """Digest the output with the code, as it is now, that gives it its behaviour; empty if that has no digest."""
        if not self.names:
            return self.content
        codes = [_code_digest(name) for name in self.names]
        if not all(codes):
            return ""
        return hashlib.sha256(encode([self.content, codes])).hexdigest()


@attrs.frozen
class Entry:
    """What one step once gave.

    Attributes
    ----------
    key : str
        What it is found by.
    step : str
        The step's name then.
    outputs : mapping of str to Kept
        Each output by its name.
    seconds : float
        How long the step took.
    metrics : mapping of str to float
        The output itself, if it is a dict of numbers.
    """

    key: str
    step: str
    outputs: Mapping[str, Kept]
    seconds: float
    metrics: Mapping[str, float]


class Cache:
    """Outputs of steps on a store.

    Parameters
    ----------
    store : Store, str, path or None
        Where entries and outputs lie.
    """

    def __init__(self, store: StoreLike) -> None:
        self.artifacts = Artifacts(store)
        self.store = self.artifacts.store

    # -- steps -----------------------------------------------------------------------------------

    def find(self, key: str, step: str) -> Entry | None:
        """Return the entry of that key; None, with a warning, for one that is damaged or not to be trusted."""
        try:
            entry = _entry(self._record("steps", key))
            self._require_trust(kept.artifact for kept in entry.outputs.values())
        except NotFoundError:
            return None
        except MlopskitError as error:
            warn(f"Step {step!r} runs again: {error}")
            return None
        return entry

    def written(self, key: str) -> bytes:
        """Return the bytes of the entry of that key, good or not; empty if there is none."""
        try:
            return self.store.read(_name("steps", key))
        except NotFoundError:
            return b""

    def keep(self, entry: Entry, values: Mapping[str, Any]) -> Entry:
        """Keep the outputs of a step; the entry, which comes back with them, is written after them.

        Parameters
        ----------
        entry : Entry
            Outputs that it has already are not kept again.
        values : mapping of str to object
            The others by name.

        Raises
        ------
        SerializationError
            If no serializer can hold an output.
        StoreError
            If the store does not take it.
        """
        while True:
            full = attrs.evolve(entry, outputs={**entry.outputs, **{name: self.save(values[name]) for name in values}})
            record = _entry_to_json(full)
            self._write("steps", entry.key, record)
            if all(_is_inline(kept.artifact) for kept in full.outputs.values()) or self.artifacts.blobs.spares(record):
                return full  # else a blob was taken for garbage before the entry was there

    def save(self, value: Any) -> Kept:
        """Keep a value by itself; it is found again by whoever has what this returns.

        Raises
        ------
        SerializationError, StoreError
            As `keep`.
        """
        artifact = self.artifacts.save(value, inline=INLINE, durable=False, prefer=FAST)
        return Kept(artifact, _content_digest(value, artifact), tuple(self._names(artifact)))

    def load(self, kept: Kept) -> Any:
        """Return the output that an entry names, after its bytes were verified."""
        return self.artifacts.load(kept.artifact)

    # -- whole runs ------------------------------------------------------------------------------

    def find_plan(self, key: str) -> list[Entry]:
        """Return the entries of a whole run; none if it is not known, or one of them is not to be trusted."""
        try:
            entries = [_entry(record) for record in self._record("plans", key)["entries"]]
            self._require_trust(kept.artifact for entry in entries for kept in entry.outputs.values())
        except (MlopskitError, KeyError, TypeError):  # the steps are looked up one by one then, and say what is wrong
            return []
        return entries

    def keep_plan(self, key: str, entries: Iterable[Entry]) -> None:
        """Remember the entries of a whole run.

        Raises
        ------
        StoreError
            If the store does not take it.
        """
        self._write("plans", key, {"entries": [_entry_to_json(entry) for entry in entries]})

    # -- items -----------------------------------------------------------------------------------

    def find_items(self, key: str) -> dict[str, Kept]:
        """Return what is known of the single items of a step, by the digest of each."""
        found: dict[str, Kept] = {}
        try:
            batches = self.store.read_many(self.store.list(_items_folder(key)))
        except MlopskitError:
            return {}
        for data in batches.values():
            with contextlib.suppress(MlopskitError, KeyError, TypeError, AttributeError):  # that one is lost, no other
                found |= self._items_of(decode(data), key)
        return found

    def _items_of(self, batch: Any, key: str) -> dict[str, Kept]:
        if batch["format"] != FORMAT or batch["key"] != key:
            return {}
        items = {item: _kept(kept) for item, kept in batch["items"].items()}
        self._require_trust(kept.artifact for kept in items.values())
        return items

    def keep_items(self, key: str, items: Mapping[str, Kept]) -> None:
        """Remember some items of a step, beside those that are known.

        Raises
        ------
        StoreError
            If the store does not take it.
        """
        record = {"format": FORMAT, "key": key, "items": {item: _kept_to_json(kept) for item, kept in items.items()}}
        self.store.create(f"{_items_folder(key)}/{new_id()}.json", encode(record), durable=False)

    # -- the last run ----------------------------------------------------------------------------

    def last(self, pipeline: str) -> dict[str, Any]:
        """Return what the last run of a pipeline noted; empty if there was none."""
        try:
            record: dict[str, Any] = decode(self.store.read(_last_name(pipeline)))
            return record if record.get("format") == FORMAT else {}
        except (MlopskitError, AttributeError):
            return {}

    def keep_last(self, pipeline: str, note: Mapping[str, Any]) -> None:
        """Note what a run of a pipeline was made of.

        Raises
        ------
        StoreError
            If the store does not take it.
        """
        self.store.replace(_last_name(pipeline), encode({"format": FORMAT, **note}), durable=False)

    # -- bytes -----------------------------------------------------------------------------------

    def _record(self, kind: str, key: str) -> Any:
        record = decode(self.store.read(_name(kind, key)))
        if not isinstance(record, dict) or (record.get("format"), record.get("key")) != (FORMAT, key):
            raise FormatError(f"{_name(kind, key)} is not what was written.")
        return record

    def _write(self, kind: str, key: str, record: Mapping[str, Any]) -> None:
        self.store.replace(_name(kind, key), encode({**record, "format": FORMAT, "key": key}), durable=False)

    def _require_trust(self, artifacts: Iterable[AnyArtifact]) -> None:
        """Find out without reading the bytes, so that a step is known to run before those after it are looked at."""
        for leaf in (leaf for artifact in artifacts for leaf in leaves(artifact)):
            if self.store.trusted or not _carries_code(leaf.serializer):
                continue
            if not is_trusted(leaf.signature, leaf.statement):
                raise NotTrustedError(f"its {leaf.type} can run code when loaded, and nobody you trust signed it.")

    def _names(self, artifact: AnyArtifact) -> Iterator[str]:
        for leaf in leaves(artifact):
            if _carries_code(leaf.serializer):
                with self._opened(leaf) as file, contextlib.suppress(Exception):  # no pickle: it names nothing
                    yield from (f"{module}:{name}" for module, name in pickled_names(file) if not is_installed(module))

    def _opened(self, leaf: Artifact) -> contextlib.AbstractContextManager[BinaryIO]:
        if leaf.content is not None:
            return contextlib.nullcontext(io.BytesIO(leaf.content))
        return self.artifacts.blobs.open(leaf.blob)


def _is_inline(artifact: AnyArtifact) -> bool:
    return all(leaf.content is not None for leaf in leaves(artifact))


def _content_digest(value: Any, artifact: AnyArtifact) -> str:
    if not _is_inline(artifact):
        return artifact.digest
    try:
        return fingerprint(value)
    except FingerprintError:
        return artifact.digest


@cache
def _carries_code(serializer: str) -> bool:
    return serializer_named(serializer).carries_code


def _code_digest(name: str) -> str:
    """Digest a function or class by its name; empty for one that has no content digest."""
    try:
        return code_of(named_object(name)).digest
    except LookupError:
        return "not there"
    except FingerprintError:
        return ""


def _name(kind: str, key: str) -> str:
    return f"cache/{kind}/{key}.json"


def _items_folder(key: str) -> str:
    return f"cache/items/{key}"


def _last_name(pipeline: str) -> str:
    return f"cache/last/{hashlib.sha256(pipeline.encode()).hexdigest()[:32]}.json"


def _kept_to_json(kept: Kept) -> dict[str, Any]:
    return {
        "artifact": artifact_to_json(kept.artifact),
        "content": kept.content,
        "names": list(kept.names),
        "check": kept.artifact.digest,  # tells a record that was tampered with or mixed up
    }


def _kept(record: Mapping[str, Any]) -> Kept:
    kept = Kept(artifact_from_json(record["artifact"]), record["content"], tuple(record["names"]))
    if record["check"] != kept.artifact.digest:
        raise FormatError("A cache entry is not what was written.")
    return kept


def _entry_to_json(entry: Entry) -> dict[str, Any]:
    return {
        "key": entry.key,
        "step": entry.step,
        "outputs": {name: _kept_to_json(kept) for name, kept in entry.outputs.items()},
        "seconds": entry.seconds,
        "metrics": dict(entry.metrics),
    }


def _entry(record: Any) -> Entry:
    try:
        outputs = {name: _kept(kept) for name, kept in record["outputs"].items()}
        return Entry(record["key"], record["step"], outputs, record["seconds"], record["metrics"])
    except (KeyError, TypeError, AttributeError) as error:
        raise FormatError("This is no cache entry.") from error
