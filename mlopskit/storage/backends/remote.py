"""Object stores through fsspec: S3, Google Cloud Storage, Azure.

What was learnt by racing, killing and cutting off real servers, and is kept here:

- a filesystem instance of our own, without the listing cache, since that one is stale on purpose;
- retries belong to `Store` alone, so s3fs and botocore are told not to retry as well;
- ``cat_file(start=0)`` is one request where ``cat_file()`` is two, but no empty object survives it;
- after a fork the old instance's connections and event loop are dead, so a new one is made.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, cast

import fsspec

from mlopskit.storage.backends.reader import GuardedReader
from mlopskit.storage.backends.scratch import private_folder

READ_BLOCK = 8 * 2**20

_RANGE_NOT_SATISFIABLE = 416  # what reading an empty object from its first byte is answered
_RETRYABLE_STATUS = {408, 409, 429, 500, 502, 503, 504}
_RETRYABLE_ERRNO = {errno.EBUSY, getattr(errno, "EREMOTEIO", errno.EIO)}
_NETWORK_ERRORS = {
    "ConnectionError",
    "HTTPClientError",
    "ClientConnectionError",
    "ClientPayloadError",
    "ServiceRequestError",
    "TransportError",
}
_CREDENTIAL_ERRORS = {
    "NoCredentialsError",
    "PartialCredentialsError",
    "ClientAuthenticationError",
    "DefaultCredentialsError",
}


class RemoteBackend:
    """Names below one prefix of a bucket or container, through an fsspec filesystem."""

    needs_probe = True
    upload_arguments: ClassVar[dict[str, Any]] = {}

    def __init__(self, url: str, options: dict[str, Any]) -> None:
        self._url = url
        self._options = options
        self._process = os.getpid()

    @property
    def filesystem(self) -> Any:
        """The fsspec filesystem of this process."""
        if self._process != os.getpid():
            self.__dict__.pop("_connection", None)
            self._process = os.getpid()
        return self._connection[0]

    @cached_property
    def _connection(self) -> tuple[Any, str]:
        return self._connect()

    def _connect(self) -> tuple[Any, str]:
        filesystem, root = fsspec.core.url_to_fs(self._url, **self._filesystem_options())
        return filesystem, root.rstrip("/")

    def _filesystem_options(self) -> dict[str, Any]:
        return {"skip_instance_cache": True, "use_listings_cache": False, **self._options}

    def _at(self, name: str) -> str:
        return f"{self._connection[1]}/{name}" if name else self._connection[1]

    def read(self, name: str) -> bytes:
        with _translated(name):
            try:
                return cast("bytes", self.filesystem.cat_file(self._at(name), start=0))
            except Exception as error:
                if _http_status(error) == _RANGE_NOT_SATISFIABLE:
                    return b""
                raise

    def read_many(self, names: Iterable[str]) -> dict[str, bytes]:
        names = list(names)
        filesystem = self.filesystem
        answers = filesystem.cat_ranges(
            [self._at(n) for n in names], [0] * len(names), [None] * len(names), on_error="return"
        )
        found = {}
        for name, answer in zip(names, answers, strict=True):
            if not isinstance(answer, Exception):
                found[name] = answer
            elif _http_status(answer) == _RANGE_NOT_SATISFIABLE:
                found[name] = b""
            elif not isinstance(standard := as_standard_error(answer, name), FileNotFoundError):
                raise standard from answer
        return found

    def open(self, name: str) -> BinaryIO:
        with _translated(name):
            file = self.filesystem.open(self._at(name), "rb", block_size=READ_BLOCK)
            _refuse_folder(file.details, name)

        def translated(request: Callable[[], Any]) -> Any:
            with _translated(name):
                return request()

        return cast("BinaryIO", GuardedReader(file, translated))

    def size(self, name: str) -> int:
        with _translated(name):
            found = self.filesystem.info(self._at(name))
            _refuse_folder(found, name)
            return int(found["size"])

    def version(self, name: str) -> str:
        raise io.UnsupportedOperation(self._no_swap)

    def create(self, name: str, data: bytes, *, durable: bool) -> None:
        with _translated(name):
            self.filesystem.pipe_file(self._at(name), data, mode="create")

    def create_from_file(self, name: str, path: Path, *, durable: bool) -> None:
        with _translated(name):
            self.filesystem.put_file(os.fspath(path), self._at(name), mode="create", **self.upload_arguments)

    def replace(self, name: str, data: bytes, *, version: str | None, durable: bool) -> None:
        with _translated(name):
            self.filesystem.pipe_file(self._at(name), data, **self._condition(version))

    def sync(self, name: str) -> None:
        """What a server has acknowledged is kept: it ignores ``durable``."""

    def _condition(self, version: str | None) -> dict[str, Any]:
        """What to tell `pipe_file` so that it only replaces `version`."""
        if version is not None:
            raise io.UnsupportedOperation(self._no_swap)
        return {}

    @property
    def _no_swap(self) -> str:
        return f"{self._url.partition(':')[0]} can not compare and swap through fsspec"

    def list(self, folder: str, *, recursive: bool) -> list[str]:
        filesystem, cut = self.filesystem, len(self._at("")) + 1
        try:
            with _translated(folder):
                if recursive:
                    names = (path[cut:] for path in filesystem.find(self._at(folder)))
                    return sorted(name for name in names if name != folder and not _is_marker(name))
                entries = filesystem.ls(self._at(folder), detail=True)
        except FileNotFoundError:
            return []
        suffix = {"directory": "/"}
        names = (entry["name"].rstrip("/")[cut:] + suffix.get(entry["type"], "") for entry in entries)
        return sorted(name for name in names if name.rstrip("/") != folder)

    def delete(self, names: Iterable[str]) -> None:
        filesystem = self.filesystem
        for name in names:
            try:
                with _translated(name):
                    filesystem.rm_file(self._at(name))
            except FileNotFoundError:
                continue

    def scratch(self) -> Path:
        return private_folder()


class S3Backend(RemoteBackend):
    """S3 and what speaks its protocol; the server compares and swaps by ETag."""

    upload_arguments: ClassVar[dict[str, Any]] = {"chunksize": 16 * 2**20, "max_concurrency": 4}

    def _filesystem_options(self) -> dict[str, Any]:
        options = super()._filesystem_options()
        options["config_kwargs"] = {"retries": {"total_max_attempts": 1}, **options.get("config_kwargs", {})}
        return options

    def _connect(self) -> tuple[Any, str]:
        filesystem, root = super()._connect()
        filesystem.retries = 1
        return filesystem, root

    def version(self, name: str) -> str:
        with _translated(name):
            return str(self.filesystem.info(self._at(name))["ETag"])

    def _condition(self, version: str | None) -> dict[str, Any]:
        return {} if version is None else {"IfMatch": version}


class AzureBackend(RemoteBackend):
    """Azure Blob Storage; the server compares and swaps by ETag."""

    def version(self, name: str) -> str:
        with _translated(name):
            return str(self.filesystem.info(self._at(name))["etag"])

    def _condition(self, version: str | None) -> dict[str, Any]:
        from azure.core import MatchConditions

        if version is None:
            return {"overwrite": True}
        return {"overwrite": True, "etag": version, "match_condition": MatchConditions.IfNotModified}


def _refuse_folder(found: dict[str, Any], name: str) -> None:
    if found["type"] == "directory":
        raise FileNotFoundError(errno.ENOENT, "no such name", name)


def _is_marker(name: str) -> bool:
    """Whether this is what web consoles make to show an empty folder."""
    return not name or name.endswith("/")


@contextlib.contextmanager
def _translated(name: str) -> Iterator[None]:
    """Turn whatever a cloud library raises into the exception Python has for it."""
    try:
        yield
    except Exception as error:
        standard = as_standard_error(error, name)
        if standard is error:
            raise
        raise standard from error


def as_standard_error(error: Exception, name: str) -> Exception:
    """Name a cloud library's error in Python's terms; an unknown one comes back as it is."""
    status = _http_status(error)
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if isinstance(error, FileExistsError) or status == 412:
        return FileExistsError(errno.EEXIST, "name is taken or content has changed", name)
    if status in _RETRYABLE_STATUS or kinds & _NETWORK_ERRORS or getattr(error, "errno", None) in _RETRYABLE_ERRNO:
        return ConnectionError(f"{type(error).__name__}: {error}")
    if isinstance(error, FileNotFoundError) or status == 404:
        return FileNotFoundError(errno.ENOENT, str(error), name)
    if isinstance(error, PermissionError) or status in (401, 403) or kinds & _CREDENTIAL_ERRORS:
        return PermissionError(errno.EACCES, str(error), name)
    return error


def _http_status(error: BaseException | None) -> int | None:
    """The status of the reply behind an error: botocore keeps a dict, gcsfs a code, Azure an attribute."""
    while error is not None:
        response = getattr(error, "response", None)
        if isinstance(response, dict):
            return cast("int", response.get("ResponseMetadata", {}).get("HTTPStatusCode"))
        for attribute in ("status_code", "code"):
            if isinstance(status := getattr(error, attribute, None), int):
                return status
        error = error.__cause__
    return None


BACKENDS: dict[str, type[RemoteBackend]] = {
    "s3": S3Backend,
    "s3a": S3Backend,
    "gs": RemoteBackend,
    "gcs": RemoteBackend,
    "az": AzureBackend,
    "abfs": AzureBackend,
    "abfss": AzureBackend,
}
