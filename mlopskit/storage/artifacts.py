"""`Artifacts`: any value, kept as blobs and given back: verified first, and with consent.

A dict, list or tuple whose parts are not all JSON is kept part by part, so that a dict of two
frames is two blobs in the frames' own format rather than one pickle. What is small may be kept
in the artifact's own record, so that it needs no file at all.
"""

from __future__ import annotations

import hashlib
import io
from base64 import b64decode, b64encode
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Literal

import attrs

from mlopskit.errors import DamagedError, FormatError, NotTrustedError, SerializationError
from mlopskit.storage.blob import Blob, refuse_damaged
from mlopskit.storage.blobs import Blobs
from mlopskit.storage.canonical_json import encode
from mlopskit.storage.consent import Signature, is_trusted, own_key
from mlopskit.storage.serializers import Serializer, serializer_named, serializers_for
from mlopskit.storage.store import Store, StoreLike

LARGEST_GROUP = 64  # parts kept as blobs of their own; beyond that one pickle costs less than so many files


@attrs.frozen
class Artifact:
    """Where one value's bytes are and what they are; small enough for a commit.

    Attributes
    ----------
    type : str
        The value's class, for people: ``"pandas.DataFrame"``.
    serializer : str
        The name of the serializer that wrote it.
    version : int
        That serializer's format number.
    blob : Blob
        What the bytes are, wherever they lie.
    signature : Signature or None
        Who vouches for them; only on formats that can carry code.
    content : bytes or None
        The bytes, if they are kept here and not as a blob.
    """

    type: str
    serializer: str
    version: int
    blob: Blob
    signature: Signature | None = None
    content: bytes | None = attrs.field(default=None, repr=False)

    @property
    def digest(self) -> str:
        """Digest of the content: equal bytes in one format have one digest, in another format another."""
        return hashlib.sha256(self.statement).hexdigest()

    @property
    def statement(self) -> bytes:
        """What a signature vouches for."""
        return encode([self.serializer, self.version, self.blob.digest, self.blob.size])


@attrs.frozen
class ArtifactGroup:
    """A dict, list or tuple of artifacts."""

    container: Literal["dict", "list", "tuple"]
    keys: tuple[str, ...]  # of a dict, in its order; empty for the others
    items: tuple[Artifact | ArtifactGroup, ...]

    @property
    def digest(self) -> str:
        """Digest of the content, from those of the parts."""
        parts = [self.container, list(self.keys), [item.digest for item in self.items]]
        return hashlib.sha256(encode(parts)).hexdigest()


AnyArtifact = Artifact | ArtifactGroup


class Artifacts:
    """Values of any type on a store.

    Parameters
    ----------
    store : Store, str or path
        Where the blobs lie.

    Examples
    --------
    >>> artifacts = Artifacts("memory://docs-artifacts")
    >>> saved = artifacts.save({"threshold": 0.5})
    >>> saved.serializer, artifacts.load(saved)
    ('json', {'threshold': 0.5})
    """

    def __init__(self, store: StoreLike) -> None:
        self.blobs = Blobs(store)

    @property
    def store(self) -> Store:
        """Where the blobs lie."""
        return self.blobs.store

    def save(
        self,
        value: object,
        *,
        serializer: str | None = None,
        inline: int = 0,
        durable: bool = True,
        prefer: Collection[str] = (),
    ) -> AnyArtifact:
        """Keep a value in the first format that can hold it exactly.

        Parameters
        ----------
        value : object
            Anything.
        serializer : str, optional
            The name of the only one to use, such as ``"skops"``; by default one is chosen by type.
        inline : int, default 0
            If the value, or each part of a group, takes no more bytes than this, they are kept in the artifact
            and nothing is written to the store.
        durable : bool, default True
            False skips waiting for a local disk: a power loss may then take the value. Only for what can be made
            again. Saving an equal value durably later makes up for it.
        prefer : names of serializers, default ()
            To try before all others, unless `serializer` is given: such as ``["columns"]``, which keeps frames in
            more bytes than Parquet does, and in less time.

        Returns
        -------
        Artifact or ArtifactGroup
            What `load` needs. It is not written anywhere: put it into a record.

        Raises
        ------
        SerializationError
            If no serializer, or not the one named, can hold the value.
        MissingDependencyError
            If the one named is not known here.
        """
        choices = list(serializers_for(value, prefer)) if serializer is None else _only(serializer, value)
        if serializer is None and all(choice.carries_code for choice in choices) and _is_group(value):
            try:
                return self._save_group(value, inline=inline, durable=durable, prefer=prefer)
            except RecursionError:
                raise SerializationError(f"A {_type_name(value)} nested this deeply can not be kept.") from None
        for choice in choices:
            try:
                return self._save_with(choice, value, inline=inline, durable=durable)
            except SerializationError as error:
                refusal = error
        raise SerializationError(f"A {_type_name(value)} can not be kept: {refusal}") from refusal

    def load(self, artifact: AnyArtifact, *, trust: bool = False) -> Any:
        """Give a value back, after its bytes were verified.

        Parameters
        ----------
        artifact : Artifact or ArtifactGroup
            What `save` returned.
        trust : bool, default False
            True consents to running whatever code the bytes bring along.

        Raises
        ------
        NotTrustedError
            If the bytes can carry code and nobody whom this user trusts has signed them.
        NotFoundError, DamagedError
            If the bytes are gone, or are not what was written.
        """
        if isinstance(artifact, ArtifactGroup):
            parts = [self.load(item, trust=trust) for item in artifact.items]
            return _CONTAINERS[artifact.container](artifact.keys, parts)
        serializer = serializer_named(artifact.serializer)
        if serializer.carries_code and not (trust or self.store.trusted):
            _require_consent(artifact)
        if artifact.content is not None:
            _refuse_damaged_content(artifact)
            return serializer.read(io.BytesIO(artifact.content), artifact.version)
        with self.blobs.open(artifact.blob) as file:
            return serializer.read(file, artifact.version)

    def verify(self, artifact: AnyArtifact) -> list[str]:
        """Read the bytes and report, a sentence each, what is damaged or missing; runs nothing."""
        return [problem for leaf in leaves(artifact) for problem in self._problems(leaf)]

    def _problems(self, leaf: Artifact) -> Iterator[str]:
        if leaf.content is None:
            yield from self.blobs.verify([leaf.blob])
            return
        try:
            _refuse_damaged_content(leaf)
        except DamagedError as error:
            yield str(error)

    def _save_with(self, serializer: Serializer, value: object, *, inline: int, durable: bool) -> Artifact:
        with self.blobs.writer(durable=durable, inline=inline) as file:
            serializer.write(value, file)  # type: ignore[arg-type]
        content = file.content if inline and file.blob.size <= inline else None
        artifact = Artifact(_type_name(value), serializer.name, serializer.version, file.blob, None, content)
        if not serializer.carries_code:
            return artifact
        return attrs.evolve(artifact, signature=_signature(artifact))

    def _save_group(self, value: Any, **how: Any) -> ArtifactGroup:
        is_dict = isinstance(value, dict)
        items = tuple(self.save(item, **how) for item in (value.values() if is_dict else value))
        return ArtifactGroup(type(value).__name__, tuple(value) if is_dict else (), items)  # type: ignore[arg-type]


def leaves(artifact: AnyArtifact) -> list[Artifact]:
    """Return the single artifacts that a group consists of, or the artifact itself."""
    if isinstance(artifact, Artifact):
        return [artifact]
    return [leaf for item in artifact.items for leaf in leaves(item)]


def artifact_to_json(artifact: AnyArtifact) -> dict[str, Any]:
    """Turn an artifact into a JSON-able dict, for a record.

    Examples
    --------
    >>> artifact_to_json(Artifact("builtins.str", "text", 1, Blob("ab12", 3)))
    {'type': 'builtins.str', 'serializer': 'text', 'version': 1, 'digest': 'ab12', 'size': 3}
    """
    if isinstance(artifact, ArtifactGroup):
        items = [artifact_to_json(item) for item in artifact.items]
        return {"container": artifact.container, "keys": list(artifact.keys), "items": items}
    value: dict[str, Any] = {
        "type": artifact.type,
        "serializer": artifact.serializer,
        "version": artifact.version,
        "digest": artifact.blob.digest,
        "size": artifact.blob.size,
    }
    if artifact.signature is not None:
        value["signature"] = {"key": artifact.signature.key, "code": artifact.signature.code}
    if artifact.content is not None:
        value["content"] = b64encode(artifact.content).decode()
    return value


def artifact_from_json(value: Mapping[str, Any]) -> AnyArtifact:
    """Turn what `artifact_to_json` gave back into an artifact.

    Raises
    ------
    FormatError
        If the dict is not one.
    """
    try:
        if (container := value.get("container")) is not None:
            _ = _CONTAINERS[container]
            return ArtifactGroup(container, tuple(value["keys"]), tuple(map(artifact_from_json, value["items"])))
        signed = value.get("signature")
        signature = Signature(signed["key"], signed["code"]) if signed else None
        blob = Blob(value["digest"], value["size"])
        content = b64decode(value["content"], validate=True) if "content" in value else None
        return Artifact(value["type"], value["serializer"], value["version"], blob, signature, content)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise FormatError(f"this is not the record of an artifact: {type(error).__name__} {error}") from error


_CONTAINERS: dict[str, Callable[[Sequence[str], list[Any]], Any]] = {
    "dict": lambda keys, items: dict(zip(keys, items, strict=True)),
    "list": lambda _, items: items,
    "tuple": lambda _, items: tuple(items),
}


def _only(name: str, value: object) -> list[Serializer]:
    serializer = serializer_named(name)
    if not serializer.accepts(value):
        raise SerializationError(f"A {_type_name(value)} can not be kept with {name}, or {name} is not installed.")
    return [serializer]


def _is_group(value: object) -> bool:
    if type(value) is dict:
        return 0 < len(value) <= LARGEST_GROUP and all(type(key) is str for key in value)
    return type(value) in (list, tuple) and 0 < len(value) <= LARGEST_GROUP  # type: ignore[arg-type]


def _refuse_damaged_content(artifact: Artifact) -> None:
    found = Blob.of(artifact.content or b"")
    refuse_damaged(artifact.blob, found, f"the {artifact.type} kept in its own record")


def _signature(artifact: Artifact) -> Signature | None:
    try:
        return own_key().sign(artifact.statement)
    except NotTrustedError:  # no key can be had here: the bytes are kept, and whoever loads them must consent
        return None


def _require_consent(artifact: Artifact) -> None:
    if is_trusted(artifact.signature, artifact.statement):
        return
    key = artifact.signature.key if artifact.signature else None
    signer = f"was signed with the key {key}, which you have not trusted" if key else "is not signed"
    raise NotTrustedError(
        f"Loading this {artifact.type} ({artifact.serializer}) can run code, and it {signer}. If you know where it "
        "comes from: pass trust=True, trust its key with mlopskit.storage.consent.trust_key, or open the store with "
        "trusted=True."
    )


def _type_name(value: object) -> str:
    kind = type(value)
    return f"{kind.__module__.partition('.')[0]}.{kind.__qualname__}"
