"""Signatures that anybody can check and only one can make: Ed25519, from the library ``cryptography``.

The key that `mlopskit.storage.consent` signs with is shared by all who check it, so each of them could sign as well.
Here the one who signs keeps a private key, and everybody may have the public one: sign the head of a model's history,
which stands for all of it, and give the statement along with the evidence.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from mlopskit.errors import FormatError
from mlopskit.storage.canonical_json import decode, encode
from mlopskit.storage.commit import Head
from mlopskit.storage.verification import Verification

if TYPE_CHECKING:
    from mlopskit.registry.registry import Registry

_FORMAT = 1
_PURPOSE = "mlopskit registry head"


@attrs.frozen
class SignedHead:
    """A statement that a model's history had a certain head, and who says so.

    Attributes
    ----------
    model : str
    head : Head
        Number and digest of the commit that was the last.
    public_key : str
        Of whoever signed, as 64 hexadecimal digits.
    signature : str
        Over all of this, as 128 hexadecimal digits.
    """

    model: str
    head: Head
    public_key: str
    signature: str

    def to_json(self) -> str:
        """Return the statement as JSON text, to be published."""
        return encode({**_statement(self.model, self.head, self.public_key), "signature": self.signature}).decode()

    @classmethod
    def from_json(cls, text: str) -> SignedHead:
        """Read what `to_json` gave.

        Raises
        ------
        FormatError
            If it is not such a statement.
        """
        try:
            said: dict[str, Any] = decode(text.encode())
            found = cls(said["model"], Head(said["number"], said["digest"]), said["public_key"], said["signature"])
        except (KeyError, TypeError) as error:
            raise FormatError("this is not a signed head: it lacks fields") from error
        if said.keys() - {"signature"} != _statement("", found.head, "").keys() or said["format"] != _FORMAT:
            raise FormatError(f"this is not a signed head of format {_FORMAT}; upgrade mlopskit if it is newer")
        return found


def make_key(path: str | os.PathLike[str]) -> str:
    """Make a private key in a file that only this user can read, and return the public one.

    Raises
    ------
    FileExistsError
        If there is something already.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     len(make_key(f"{folder}/key.pem"))
    64
    """
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
    return _public(key)


def sign_head(registry: Registry, model: str, key: str | os.PathLike[str]) -> SignedHead:
    """Sign what a model's history is now, with the private key in a file.

    Raises
    ------
    NotFoundError
        If there is no such model.
    ValueError
        If the file holds no Ed25519 private key.
    """
    private = serialization.load_pem_private_key(Path(key).read_bytes(), password=None)
    if not isinstance(private, Ed25519PrivateKey):
        raise ValueError(f"{key} holds a {type(private).__name__}, not an Ed25519 private key; make one with make_key.")
    head, public = registry.head(model), _public(private)
    signature = private.sign(encode(_statement(model, head, public))).hex()
    return SignedHead(model, head, public, signature)


def verify_head(registry: Registry, signed: SignedHead, public_key: str) -> Verification:
    """Check that the key signed the statement, and that the history still holds all that it had then.

    Parameters
    ----------
    registry : Registry
    signed : SignedHead
    public_key : str
        Of the one whom you believe, known from elsewhere; never the one that the statement itself names.

    Returns
    -------
    Verification
        As of `Registry.verify`; if the signature is not that key's, that is the only problem.
    """
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        statement = encode(_statement(signed.model, signed.head, public_key))
        key.verify(bytes.fromhex(signed.signature), statement)
    except (InvalidSignature, ValueError):
        problem = f"the head of {signed.model} was not signed with the key {public_key[:16]}..., or was changed since."
        return Verification(signed.head, (problem,))
    return registry.verify(signed.model, head=signed.head)


def _statement(model: str, head: Head, public_key: str) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "purpose": _PURPOSE,
        "model": model,
        "number": head.number,
        "digest": head.digest,
        "public_key": public_key,
    }


def _public(key: Ed25519PrivateKey) -> str:
    raw: bytes = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return raw.hex()
