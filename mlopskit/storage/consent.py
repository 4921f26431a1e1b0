"""Consent: whose objects may run code when they are loaded.

Pickles and their like can run anything when they are read, so loading one is an act of trust in
whoever wrote it. The file itself never decides. These do:

- **Your own key.** What you write is signed with it, and what it signed loads without ceremony.
  It comes from ``$MLOPSKIT_KEY`` (any secret text of 16 characters or more, which is how a team or a CI job
  shares one), else from the file ``key`` in the configuration folder, made on first use.
- **A key you named as trusted**, with `trust_key`.
- **A store you declared trusted**: ``Store(url, trusted=True)``.
- ``trust=True``, said for one load.

A signature is an HMAC-SHA256 (RFC 2104) over what the bytes are: their digest, length and format.
It says who wrote them, not where they may lie: whoever can write to a store can put one signed
object in the place of another. The registry's chained history is what notices that.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import attrs

from mlopskit.errors import NotTrustedError
from mlopskit.storage.backends.local import LocalBackend
from mlopskit.storage.store import checked_part

KEY_VARIABLE = "MLOPSKIT_KEY"
FOLDER_VARIABLE = "MLOPSKIT_CONFIG"
_SHORTEST_SECRET = 16


@attrs.frozen
class Signature:
    """Who vouches for some bytes: a key's public name, and the code only its owner can make."""

    key: str
    code: str


@attrs.frozen
class Key:
    """A secret that signs; `id` may be shown to anybody, the secret to nobody."""

    secret: bytes = attrs.field(repr=False)

    @property
    def id(self) -> str:
        """The key's public name, derived from the secret."""
        return hashlib.sha256(b"mlopskit key id\n" + self.secret).hexdigest()[:16]

    def sign(self, statement: bytes) -> Signature:
        """Vouch for `statement`.

        Examples
        --------
        >>> key = Key(b"a secret of sixteen or more")
        >>> key.vouches(key.sign(b"bytes"), b"bytes"), key.vouches(key.sign(b"bytes"), b"others")
        (True, False)
        """
        return Signature(self.id, self._code(statement))

    def vouches(self, signature: Signature, statement: bytes) -> bool:
        """Whether `signature` is this key's, and over this very statement."""
        code = signature.code.encode(errors="backslashreplace")  # it may be anything: a stranger wrote it
        return signature.key == self.id and hmac.compare_digest(code, self._code(statement).encode())

    def _code(self, statement: bytes) -> str:
        return hmac.new(self.secret, b"mlopskit artifact\n" + statement, hashlib.sha256).hexdigest()


def own_key() -> Key:
    """Return this user's key, made on first use.

    Raises
    ------
    NotTrustedError
        If ``$MLOPSKIT_KEY`` is too short to be a secret, or the key's file can not be read or made.
    """
    if text := os.environ.get(KEY_VARIABLE):
        return _key(text.encode(), f"${KEY_VARIABLE}")
    folder = configuration_folder()
    try:
        return _key(_read_or_make(folder), str(folder / "key"))
    except OSError as error:
        raise NotTrustedError(
            f"This user's key can not be kept in {folder} ({error.strerror}); set ${KEY_VARIABLE} to a secret, "
            f"or ${FOLDER_VARIABLE} to a folder that can be written."
        ) from error


def trust_key(name: str, secret: str) -> Key:
    """Trust everything that was signed with a colleague's key, from now on and for this user.

    Parameters
    ----------
    name : str
        What you call the key; it becomes a file name in the configuration folder.
    secret : str
        The colleague's secret. HMAC has one secret for signing and checking, so whoever holds
        it can sign as its owner: share it only within a team that shares its trust.

    Returns
    -------
    Key
        The key now trusted. To end the trust, delete the file ``trusted/<name>``.
    """
    key = _key(secret.encode(), name)
    folder = _private(configuration_folder() / "trusted")
    _files(folder).replace(checked_part(name, kind="key"), key.secret, version=None, durable=True)
    return key


def is_trusted(signature: Signature | None, statement: bytes) -> bool:
    """Whether this user's own key, or one that this user trusts, signed `statement`."""
    return signature is not None and any(key.vouches(signature, statement) for key in _trusted_keys())


def configuration_folder() -> Path:
    """Return where this user's keys lie: ``$MLOPSKIT_CONFIG``, else the system's place for such things."""
    if chosen := os.environ.get(FOLDER_VARIABLE):
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or Path.home()) / "mlopskit"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "mlopskit"


def _trusted_keys() -> Iterator[Key]:
    folder = configuration_folder() / "trusted"
    files = _files(folder)
    for name in files.list("", recursive=False):
        if name.endswith("/"):
            continue
        try:
            yield _key(files.read(name), str(folder / name))
        except OSError as error:
            warnings.warn(f"A trusted key was passed over: {error}", stacklevel=2)
    with contextlib.suppress(NotTrustedError):  # a reader needs no key of their own
        yield own_key()


def _key(secret: bytes, source: str) -> Key:
    secret = secret.strip()
    if len(secret) < _SHORTEST_SECRET:
        raise NotTrustedError(
            f"{source} is too short to be a secret; use {_SHORTEST_SECRET} random characters or more."
        )
    return Key(secret)


def _read_or_make(folder: Path) -> bytes:
    keys = _files(folder)
    try:
        return keys.read("key")
    except FileNotFoundError:
        _private(folder)
    with contextlib.suppress(FileExistsError):  # another process of this user was first
        keys.create("key", secrets.token_hex(32).encode(), durable=True)
    return keys.read("key")


def _files(folder: Path) -> LocalBackend:
    return LocalBackend(folder, mode=0o600)


def _private(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
