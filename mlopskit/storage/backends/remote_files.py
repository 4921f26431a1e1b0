"""The user's files anywhere else, through fsspec: found by URL or pattern, and told apart by what the server says.

A server that says nothing of a file's content (no ETag, no MD5) makes us read the file to tell.
"""

from __future__ import annotations

import errno
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, BinaryIO, TypeVar, cast

import fsspec

from mlopskit.errors import InvalidNameError, MissingDependencyError
from mlopskit.storage.backends.reader import GuardedReader
from mlopskit.storage.backends.remote import READ_BLOCK, as_standard_error

_VERSIONS = ("md5Hash", "ETag", "etag")
"""What the filesystems of fsspec call a file's version; first that of Google's which is the content's alone."""

_PATTERN = re.compile(r"[*?\[]")
_EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs", "az": "azure", "abfs": "azure", "abfss": "azure"}
_T = TypeVar("_T")


class RemoteFiles:
    """Files that an fsspec filesystem serves.

    Parameters
    ----------
    options : mapping of str to object
        Handed to the filesystem.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options

    def find(self, url: str, suffixes: tuple[str, ...]) -> Iterable[tuple[str, int | None, str]]:
        url = url.rstrip("/")
        filesystem, path = self._at(url)
        start = _start(url, path)
        try:
            found = _asked(url, lambda: _found(filesystem, path, suffixes))
        except FileNotFoundError:
            return []
        return [(start + name, info.get("size"), self._version(start + name, info)) for name, info in found.items()]

    def open(self, url: str) -> BinaryIO:
        filesystem, path = self._at(url)
        if _is_http(url):  # a server need not answer requests for part of a file
            return io.BytesIO(_asked(url, lambda: filesystem.cat_file(path)))
        file = _asked(url, lambda: filesystem.open(path, "rb", block_size=READ_BLOCK))
        return cast("BinaryIO", GuardedReader(file, lambda request: _asked(url, request)))

    def version(self, url: str) -> str:
        filesystem, path = self._at(url)
        return self._version(url, _asked(url, lambda: filesystem.info(path)))

    def below(self, url: str) -> dict[str, str]:
        url = url.rstrip("/")
        filesystem, path = self._at(url)
        if _asked(url, lambda: filesystem.info(path))["type"] != "directory":
            return {"": url}
        start = _start(url, path)
        found = _asked(url, lambda: filesystem.find(path))
        return {name.removeprefix(path).lstrip("/"): start + name for name in found}

    def _version(self, url: str, info: Mapping[str, Any]) -> str:
        for name in _VERSIONS:
            if told := info.get(name):
                return str(told).strip('"')
        with self.open(url) as file:
            digest = hashlib.file_digest(cast("io.RawIOBase", file), "sha256")
        return f"sha256:{digest.hexdigest()}"

    def _at(self, url: str) -> tuple[Any, str]:
        """Find the filesystem and the path there; what was listed before is forgotten, as it may have changed."""
        try:
            filesystem, path = fsspec.core.url_to_fs(url, **self._options)
        except ImportError as error:
            extra = _EXTRAS.get(_protocol(url))
            remedy = f"pip install 'mlopskit[{extra}]'" if extra else str(error)
            raise MissingDependencyError(f"{_protocol(url)}:// needs another library: {remedy}") from error
        except ValueError as error:
            raise InvalidNameError(
                f"{url} can not be reached through fsspec ({error}); use a path, s3://, gs://, az:// or https://."
            ) from error
        filesystem.invalidate_cache()
        return filesystem, path


def _start(url: str, path: str) -> str:
    """Return what makes a URL of a path: some filesystems take the host out of the path, some leave it in."""
    return url.removesuffix(path) if url.endswith(path) else f"{_protocol(url)}://"


def _found(filesystem: Any, path: str, suffixes: tuple[str, ...]) -> dict[str, Mapping[str, Any]]:
    """List files by path, with what is known of each."""
    if _PATTERN.search(path) and not _is_http(path):
        found = filesystem.glob(path, detail=True)
        return {name: info for name, info in found.items() if info["type"] == "file"}
    info = filesystem.info(path)
    if info["type"] != "directory":
        return {path: info}
    entries = {entry["name"]: entry for entry in filesystem.ls(path, detail=True) if entry["type"] == "file"}
    return {name: entry for name, entry in entries.items() if _is_wanted(name, suffixes)}


def _is_wanted(name: str, suffixes: tuple[str, ...]) -> bool:
    return name.lower().endswith(suffixes) and not name.rpartition("/")[2].startswith(".")


def _asked(url: str, request: Callable[[], _T]) -> _T:
    """Run a request, and turn whatever a cloud library raises into the exception Python has for it."""
    try:
        return request()
    except Exception as error:
        standard = _behind(error, url) if _is_http(url) else as_standard_error(error, url)
        if standard is error:
            raise
        raise standard from error


def _behind(error: Exception, url: str) -> Exception:
    """Say what is the matter with an HTTP address: to fsspec it is missing, whatever that is."""
    cause = error.__cause__ if isinstance(error, FileNotFoundError) else error
    status = getattr(cause, "status", None)
    if cause is None or status in (404, 410):
        return FileNotFoundError(errno.ENOENT, "no such page", url)
    if status in (401, 403):
        return PermissionError(errno.EACCES, f"status {status}", url)
    if status is not None:
        return ConnectionError(f"status {status}")
    return as_standard_error(cause, url) if isinstance(cause, Exception) else error


def _protocol(url: str) -> str:
    return url.partition("://")[0]


def _is_http(url: str) -> bool:
    return url.startswith(("http://", "https://"))
