"""`Store`: bytes under names on any filesystem; the one way to whatever mlopskit keeps."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import re
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, Union

from mlopskit.errors import (
    ConflictError,
    FormatError,
    InvalidNameError,
    NotFoundError,
    StoreError,
    UnreachableError,
    UnsupportedBackendError,
)
from mlopskit.storage.backends.local import LocalBackend
from mlopskit.storage.backends.reader import GuardedReader
from mlopskit.storage.backends.url import backend_at, full_url
from mlopskit.storage.identifiers import new_id
from mlopskit.storage.translation import store_error

FORMAT = 1
IDENTITY = "mlopskit.json"

PART_LENGTH = 128
NAME_LENGTH = 512

_PART = rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{PART_LENGTH - 1}}}"
_IS_PART = re.compile(_PART).fullmatch
_IS_NAME = re.compile(rf"{_PART}(?:/{_PART})*").fullmatch
_RULE = (
    f"a name is parts joined by '/', each of 1 to {PART_LENGTH} letters, digits, '.', '_' or '-' "
    f"and beginning with a letter or digit, {NAME_LENGTH} characters at most in all"
)

_FIRST_DELAY, _LONGEST_DELAY = 0.1, 5.0  # seconds; each delay is drawn below a ceiling that doubles
_T = TypeVar("_T")


class Store:
    """Bytes under names, on a folder, in memory, or on an object store.

    Every name is written once and whole: a reader sees all of it or nothing, also when the
    writer is killed, and when `create` returns, the bytes are on the disk or acknowledged by
    the server. Equal URLs mean the same store, for any number of processes and machines.

    Parameters
    ----------
    url : str, path or None
        A folder, ``"memory://name"``, ``"s3://bucket/prefix"``, ``"gs://..."``, ``"az://..."``.
        None means ``$MLOPSKIT_STORE``, else the folder ``mlopskit-store`` below the current one.
    trusted : bool, default False
        True declares that whoever can write to this store may run code in this process:
        objects that carry code are then loaded without asking. See `mlopskit.storage.consent`.
    retry_seconds : float, default 30
        How long an operation is tried again, with growing random pauses, while the backend
        does not answer.
    **storage_options
        Handed to the fsspec filesystem: ``key=``, ``secret=``, ``endpoint_url=`` and so on.

    Raises
    ------
    UnsupportedBackendError
        If the URL names a filesystem that can not create a name exclusively.
    InvalidNameError
        If the URL names no place, such as ``"s3://"``.

    Warnings
    --------
    A pickled Store carries its storage options, **credentials included**, since worker processes
    need them: never keep one on a store, in a file or in a message queue.

    Examples
    --------
    >>> store = Store("memory://docs")
    >>> store.create("notes/first", b"hello")
    >>> store.read("notes/first")
    b'hello'
    >>> store.create("notes/first", b"other")
    Traceback (most recent call last):
    mlopskit.errors.ConflictError: notes/first exists with other content in memory://docs; ...
    """

    def __init__(
        self,
        url: str | os.PathLike[str] | None = None,
        *,
        trusted: bool = False,
        retry_seconds: float = 30.0,
        **storage_options: Any,
    ) -> None:
        self.url = full_url(url)
        self.trusted = trusted
        self.retry_seconds = retry_seconds
        self.storage_options = storage_options
        self._backend = backend_at(self.url, storage_options)
        self._prepared = False
        self._preparing = threading.RLock()

    @classmethod
    def of(cls, store: StoreLike) -> Store:
        """Return `store` itself, or the store at that URL (None: the default one).

        Examples
        --------
        >>> Store.of("memory://docs").url
        'memory://docs'
        """
        return store if isinstance(store, cls) else cls(store)  # type: ignore[arg-type]

    def read(self, name: str) -> bytes:
        """Return all bytes of `name`; at most one request.

        Raises
        ------
        NotFoundError
            If there is no such name.
        """
        checked_name(name)
        self._prepare(writing=False)
        return self._attempt(name, lambda: self._backend.read(name))

    def read_many(self, names: Iterable[str]) -> dict[str, bytes]:
        """Return the bytes of those `names` that exist, asked for together where the backend can."""
        names = [checked_name(name) for name in names]
        self._prepare(writing=False)
        return self._attempt(_shown_names(names), lambda: self._backend.read_many(names)) if names else {}

    def open(self, name: str) -> BinaryIO:
        """Open `name` for reading as a stream; the caller closes it.

        Raises
        ------
        NotFoundError
            If there is no such name.
        """
        checked_name(name)
        self._prepare(writing=False)
        file = self._attempt(name, lambda: self._backend.open(name))
        if not isinstance(file, GuardedReader):
            return file
        return io.BufferedReader(GuardedReader(file, lambda request: self._attempt(name, request)))

    def size(self, name: str) -> int:
        """Return the length of `name` in bytes.

        Raises
        ------
        NotFoundError
            If there is no such name.
        """
        checked_name(name)
        self._prepare(writing=False)
        return self._attempt(name, lambda: self._backend.size(name))

    def create(self, name: str, data: bytes, *, durable: bool = True) -> None:
        """Write `data` under `name`, only if the name is free: of many writers exactly one succeeds.

        Creating what already exists with the very same bytes succeeds as well, so that a writer
        whose reply was lost finds that it won. Writers that must tell who was first put
        something of their own into the bytes, as `CommitLog` does.

        Parameters
        ----------
        name : str
            A free name.
        data : bytes
            At least one byte.
        durable : bool, default True
            False skips waiting for a local disk: a power loss may then take the bytes, or leave
            a torn file. Only for what is checked on reading and can be made again. True waits also
            for equal bytes that are there already, since whoever wrote them may not have.

        Raises
        ------
        ConflictError
            If the name exists with other content.
        """
        _refuse_empty(name, data)
        self._prepare(writing=True)
        self._create(name, data, durable=durable)

    def create_from_file(self, name: str, path: Path, *, durable: bool = True) -> None:
        """Write a local file's content under `name`, only if the name is free, in bounded memory.

        The file should lie in `scratch`, and may be gone afterwards. Unlike `create` this can
        not tell a lost reply from another writer; use it for names derived from the content.

        Raises
        ------
        ConflictError
            If the name exists.
        """
        _refuse_empty(name, path.stat().st_size)
        self._prepare(writing=True)
        self._attempt(name, lambda: self._backend.create_from_file(name, path, durable=durable))

    def replace(self, name: str, data: bytes, *, version: str | None = None, durable: bool = True) -> None:
        """Write `data` under `name` in place of whatever is there, at once and whole.

        Parameters
        ----------
        name : str
            A name, free or taken.
        data : bytes
            At least one byte.
        version : str, optional
            What `version` returned: replace only if the content has not changed since.
        durable : bool, default True
            As for `create`.

        Raises
        ------
        ConflictError
            If `version` is given and no longer current.
        UnsupportedBackendError
            If `version` is given and the backend can not compare: a local disk, GCS.
        """
        _refuse_empty(name, data)
        self._prepare(writing=True)
        try:
            self._attempt(name, lambda: self._backend.replace(name, data, version=version, durable=durable))
        except ConflictError:
            if version is None:  # a folder has the name, or a name the folder
                raise
            if self._found(name) == data:  # an earlier attempt went through and its reply was lost
                return
            raise ConflictError(f"{name} in {self} has changed since version {version}; read it again.") from None

    def sync(self, name: str) -> None:
        """Wait until `name` is on a local disk, which whoever wrote it with ``durable=False`` did not.

        Raises
        ------
        NotFoundError
            If there is no such name.
        """
        checked_name(name)
        self._attempt(name, lambda: self._backend.sync(name))

    def version(self, name: str) -> str:
        """Return a token that changes when `name` is replaced, for `replace`.

        Raises
        ------
        UnsupportedBackendError
            If the backend can not compare and swap: a local disk, GCS.
        """
        checked_name(name)
        self._prepare(writing=False)
        return self._attempt(name, lambda: self._backend.version(name))

    def list(self, folder: str = "", *, recursive: bool = True) -> list[str]:
        """List the names below `folder`, sorted.

        Never used to find the newest commit: some stores show new names late.

        Parameters
        ----------
        folder : str, default ""
            A name's leading parts; empty for the whole store.
        recursive : bool, default True
            False lists direct children only, folders among them with a trailing ``/``.
        """
        if folder:
            checked_name(folder)
        self._prepare(writing=False)
        return self._attempt(folder, lambda: self._backend.list(folder, recursive=recursive))

    def delete(self, *names: str) -> None:
        """Remove the names; one that does not exist is no error."""
        for name in names:
            checked_name(name)
        if names:
            self._prepare(writing=False)
            self._attempt(_shown_names(names), lambda: self._backend.delete(names))

    def local_path(self, name: str) -> Path | None:
        """Return where `name` lies on this machine's disk, or None for a store elsewhere."""
        checked_name(name)
        return self._backend.path(name) if isinstance(self._backend, LocalBackend) else None

    def scratch(self) -> Path:
        """Return a local folder for temporary files that are to become names of this store."""
        return self._attempt("scratch", self._backend.scratch)

    def __repr__(self) -> str:
        return f"Store({str(self)!r})"

    def __str__(self) -> str:
        return re.sub(r"//[^@]*:[^@]*@", "//", self.url)  # no credentials on a screen

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Store) and other.url == self.url

    def __hash__(self) -> int:
        return hash(self.url)

    def __getstate__(self) -> dict[str, Any]:
        return {"url": self.url, "trusted": self.trusted, "retry_seconds": self.retry_seconds, **self.storage_options}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    def _create(self, name: str, data: bytes, *, durable: bool) -> None:
        try:
            self._attempt(name, lambda: self._backend.create(name, data, durable=durable))
        except ConflictError:
            found = self._found(name)
            if found is None:  # a folder has the name, or a name the folder
                raise
            if found != data:
                raise ConflictError(
                    f"{name} exists with other content in {self}; it can not be created again."
                ) from None
            if durable:
                self._sync_or_create(name, data)

    def _sync_or_create(self, name: str, data: bytes) -> None:
        try:
            self.sync(name)
        except NotFoundError:  # deleted since it was found
            self._create(name, data, durable=True)

    def _found(self, name: str) -> bytes | None:
        return self._attempt(name, lambda: self._backend.read_many([name])).get(name)

    def _prepare(self, *, writing: bool) -> None:
        """Check the store's format before its first use, and make its identity before the first write."""
        if self._prepared:
            return
        with self._preparing:
            found = self._found(IDENTITY)
            if found is None and not writing:
                return
            if found is None:
                found = self._make_identity()
            _check_format(found, self)
            self._prepared = True

    def _make_identity(self) -> bytes:
        if self._backend.needs_probe:
            self._probe()
        identity = json.dumps({"digest": "sha256", "format": FORMAT, "store": new_id()}).encode()
        try:
            self._create(IDENTITY, identity, durable=True)
        except ConflictError:  # another process made it just now
            return self._attempt(IDENTITY, lambda: self._backend.read(IDENTITY))
        return identity

    def _probe(self) -> None:
        """See with our own eyes that this server lets one writer win; some ignore the condition."""
        name = f"probe/{new_id()}"
        self._create(name, b"first", durable=True)
        try:
            self._create(name, b"second", durable=True)
        except ConflictError:
            return
        finally:
            with contextlib.suppress(StoreError):  # whoever may write need not be allowed to delete
                self._attempt(name, lambda: self._backend.delete([name]))
        raise UnsupportedBackendError(
            f"{self} overwrote a name that was to be created only once, so writers could destroy each other's work; "
            "use a server that honours If-None-Match, or a local folder."
        )

    def _attempt(self, name: str, operation: Callable[[], _T]) -> _T:
        """Run `operation`, again while the backend does not answer, and turn its errors into ours."""
        deadline, ceiling = None, _FIRST_DELAY
        while True:
            try:
                return operation()
            except StoreError:
                raise
            except (ConnectionError, TimeoutError) as error:
                delay = random.uniform(0, ceiling)  # noqa: S311 - spreads writers, hides nothing
                deadline = deadline or time.monotonic() + self.retry_seconds  # from the first failure on
                if time.monotonic() + delay > deadline:
                    raise UnreachableError(
                        f"{self} did not answer for {name} within {self.retry_seconds:g} s ({error}); "
                        "whether the last request went through is unknown. Check the network and the endpoint."
                    ) from error
            except OSError as error:
                raise store_error(error, name, str(self)) from error
            time.sleep(delay)
            ceiling = min(2 * ceiling, _LONGEST_DELAY)


StoreLike = Union[Store, str, os.PathLike[str], None]  # noqa: UP007 - evaluated when read
"""What every class takes as its store."""


def _refuse_empty(name: str, data: bytes | int) -> None:
    checked_name(name)
    if not data:
        raise ValueError(
            f"{name}: a store keeps no empty files, since some servers can not read them back; write at least a byte."
        )


def _check_format(identity: bytes, store: Store) -> None:
    try:
        number = json.loads(identity)["format"]
    except (ValueError, TypeError, KeyError):
        raise FormatError(
            f"{IDENTITY} in {store} is not readable; restore it from a backup, or use another store."
        ) from None
    if number != FORMAT:
        raise FormatError(f"{store} has format {number}; this mlopskit reads format {FORMAT}. Update mlopskit.")


def checked_name(name: str) -> str:
    """Return `name` if it is safe as a path below a store's root.

    The rule is stricter than any backend needs: no absolute path, no ``..``, no hidden or
    temporary file, no control character and no letter that two filesystems fold differently
    can be written with it.

    Parameters
    ----------
    name : str
        Such as ``"registry/flight-delays/log/00000001.json"``.

    Raises
    ------
    InvalidNameError
        If the name breaks the rule; the message states the rule.

    Examples
    --------
    >>> checked_name("runs/2013/a.json")
    'runs/2013/a.json'
    >>> checked_name("../secrets")
    Traceback (most recent call last):
    mlopskit.errors.InvalidNameError: '../secrets' can not be a name on a store: a name is ...
    """
    if isinstance(name, str) and len(name) <= NAME_LENGTH and _IS_NAME(name):
        return name
    raise InvalidNameError(f"{_shown(name)} can not be a name on a store: {_RULE}.")


def checked_part(name: str, kind: str = "name") -> str:
    """Return `name` if it is safe as one part of a path, such as a model's name.

    Parameters
    ----------
    name : str
        The name a user gave.
    kind : str
        What is being named, for the message: ``"model"``, ``"experiment"``.

    Raises
    ------
    InvalidNameError
        If the name is not one allowed part.

    Examples
    --------
    >>> checked_part("flight-delays", kind="model")
    'flight-delays'
    """
    if isinstance(name, str) and _IS_PART(name):
        return name
    raise InvalidNameError(
        f"{_shown(name)} can not name a {kind}: use 1 to {PART_LENGTH} letters, digits, '.', '_' or '-', "
        "beginning with a letter or digit."
    )


def _shown_names(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _shown(name: object) -> str:
    text = repr(name)
    return text if len(text) <= 80 else f"{text[:60]}... ({len(text)} characters)"
