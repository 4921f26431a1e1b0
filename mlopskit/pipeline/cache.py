"""`Cache`: the outputs of earlier runs, found again by what they were made of.

A step's key is the sha256 over the fingerprint of its function and its checks, and the digest of
every argument. ``cache/<kk>/<key>.json`` names the output's artifact. It is written last, so whatever
a killed run leaves behind is either a whole entry or none; an entry that can not be read, or
whose output can not, is a miss. Nothing here is needed: deleting ``cache`` loses only time.
"""

from __future__ import annotations

import hashlib
import pathlib
import warnings
from collections.abc import Mapping
from typing import Any

import attrs

from mlopskit.errors import FormatError, MlopskitError, NotFoundError, NotTrustedError
from mlopskit.pipeline.step import Step
from mlopskit.storage.artifacts import AnyArtifact, Artifacts, artifact_from_json, artifact_to_json, leaves
from mlopskit.storage.canonical_json import decode, encode
from mlopskit.storage.consent import is_trusted
from mlopskit.storage.fingerprint import fingerprint
from mlopskit.storage.serializers import serializer_named
from mlopskit.storage.store import StoreLike

FORMAT = 1
"""Raise it when the key or the entry changes; entries of another format are misses."""


@attrs.frozen
class Entry:
    """What one step once gave.

    Attributes
    ----------
    step : str
        The step's name then.
    artifact : Artifact or ArtifactGroup
        Where the output lies.
    seconds : float
        How long the step took.
    metrics : dict of str to float
        The output itself, if it is a dict of numbers.
    """

    step: str
    artifact: AnyArtifact
    seconds: float
    metrics: Mapping[str, float]

    @property
    def digest(self) -> str:
        """Digest of the output: equal for equal bytes in one format."""
        return self.artifact.digest


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

    def find(self, key: str, step: str) -> Entry | None:
        """Return the entry of that key; None, with a warning, for one that is damaged or not to be trusted."""
        try:
            entry = _entry(decode(self.store.read(_name(key))), key)
            self._require_trust(entry.artifact)
        except NotFoundError:
            return None
        except MlopskitError as error:
            warnings.warn(f"Step {step!r} runs again: {error}", RuntimeWarning, stacklevel=2)
            return None
        return entry

    def keep(self, key: str, step: str, value: Any, seconds: float, metrics: Mapping[str, float]) -> Entry:
        """Keep an output; the entry is written after it.

        Raises
        ------
        SerializationError
            If no serializer can hold the output.
        StoreError
            If the store does not take it.
        """
        # Outputs are synced, unlike entries: blobs are shared, and a registry that finds one there relies on it.
        while True:
            entry = Entry(step, self.artifacts.save(value), seconds, metrics)
            record = _record(entry, key)
            self.store.replace(_name(key), encode(record), durable=False)
            if self.artifacts.blobs.spares(record):  # else it was taken for garbage before the entry was there
                return entry

    def load(self, entry: Entry) -> Any:
        """Return the output that an entry names, after its bytes were verified."""
        return self.artifacts.load(entry.artifact)

    def _require_trust(self, artifact: AnyArtifact) -> None:
        """Find out without reading the bytes, so that a step is known to run before those after it are looked at."""
        for leaf in leaves(artifact):
            if self.store.trusted or not serializer_named(leaf.serializer).carries_code:
                continue
            if not is_trusted(leaf.signature, leaf.statement):
                raise NotTrustedError(f"its {leaf.type} can run code when loaded, and nobody you trust signed it.")


def code_digest(step: Step) -> str:
    """Return the content digest of what a step does: its function and its checks.

    Raises
    ------
    FingerprintError
        If one of them has none.
    """
    return fingerprint((step.function, step.validate))


def key_of(code: str, arguments: Mapping[str, str]) -> str:
    """Name the output of some code, given the digest of every argument."""
    return hashlib.sha256(encode({"format": FORMAT, "code": code, "arguments": dict(arguments)})).hexdigest()


def digest_of(value: Any) -> str:
    """Return the content digest of a run parameter, a default, or a value that was given.

    A `pathlib.Path` that names an existing file counts by its text and by the file's size and time
    of modification. A str is only text, even if it names a file: what is in the file then goes unseen.

    Raises
    ------
    FingerprintError
        If the value has no content digest.
    """
    if isinstance(value, pathlib.Path) and value.is_file():
        status = value.stat()
        return fingerprint((value, status.st_size, status.st_mtime_ns))
    return fingerprint(value)


def _name(key: str) -> str:
    return f"cache/{key[:2]}/{key}.json"


def _record(entry: Entry, key: str) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "key": key,
        "step": entry.step,
        "artifact": artifact_to_json(entry.artifact),
        "digest": entry.digest,
        "seconds": entry.seconds,
        "metrics": dict(entry.metrics),
    }


def _entry(record: Any, key: str) -> Entry:
    try:
        entry = Entry(record["step"], artifact_from_json(record["artifact"]), record["seconds"], record["metrics"])
        intact = (record["format"], record["key"], record["digest"]) == (FORMAT, key, entry.digest)
    except (KeyError, TypeError) as error:
        raise FormatError(f"{_name(key)} is no cache entry.") from error
    if not intact:
        raise FormatError(f"{_name(key)} is not what was written.")
    return entry
