"""`Files`: files that others write, wherever they lie: found, opened, and told apart by what is in them."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Protocol, TypeVar

import attrs

from mlopskit.errors import StoreError, UnreachableError
from mlopskit.storage.backends.local_files import LocalFiles, is_local, is_marked, path_of
from mlopskit.storage.backends.reader import GuardedReader
from mlopskit.storage.backends.scratch import private_folder
from mlopskit.storage.fingerprint.walk import Walk, encodes, seal
from mlopskit.storage.translation import store_error

_USER_AND_PASSWORD = re.compile(r"(?<=://)[^@/\s]*:[^@/\s]*@")
_QUERY = re.compile(r"(https?://[^?\s'\"]*)\?[^\s'\"]*")
_T = TypeVar("_T")


class _Place(Protocol):
    """One kind of filesystem, which raises Python's own exceptions."""

    def find(self, url: str, suffixes: tuple[str, ...]) -> Any: ...

    def open(self, url: str) -> BinaryIO: ...

    def version(self, url: str) -> str: ...

    def below(self, url: str) -> dict[str, str]: ...


@attrs.frozen
class File:
    """A file as it was found.

    Attributes
    ----------
    url : str
        Where it lies; a path, if that is on this machine.
    size : int or None
        In bytes; None if a server does not tell.
    version : str
        Another one for other content: the server's ETag or MD5, else the sha256 of the content.
    """

    url: str
    size: int | None
    version: str


@attrs.frozen
class Files:
    """Files on this machine, and on any filesystem that fsspec knows.

    Parameters
    ----------
    storage_options : mapping of str to object, optional
        Handed to the fsspec filesystem: ``key=``, ``endpoint_url=`` and so on. Never shown.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "january.csv").write_text("carrier,delay")
    >>> [file.size for file in Files().find(f"{folder}/*.csv")]
    [13]
    >>> Files().find(f"{folder}/*.parquet")
    []
    """

    storage_options: Mapping[str, Any] = attrs.field(factory=dict, repr=False)

    def find(self, url: str, suffixes: tuple[str, ...] = ("",)) -> list[File]:
        """List files, sorted by their URL; none if there are none.

        Parameters
        ----------
        url : str
            Of a file, of a folder, or a pattern with ``*``, ``?``, ``[...]`` or ``**``, which HTTP has not.
        suffixes : tuple of str
            How the names end that count in a folder; hidden files do not, nor what lies in folders below.

        Raises
        ------
        StoreError
            If they can not be reached, or their content not be read.
        MissingDependencyError
            If the library for this protocol is not installed.
        """
        found = self._attempt(url, lambda: self._place(url).find(url, suffixes))
        return sorted((File(*each) for each in found), key=lambda file: file.url)

    def open(self, url: str) -> BinaryIO:
        """Open a file for reading; the caller closes it.

        Raises
        ------
        NotFoundError
            If it is gone.
        """
        file = self._attempt(url, lambda: self._place(url).open(url))
        if not isinstance(file, GuardedReader):
            return file
        return io.BufferedReader(GuardedReader(file, lambda request: self._attempt(url, request)))

    def version(self, url: str) -> str:
        """Return the version of a file as it is now.

        Raises
        ------
        NotFoundError
            If it is gone.
        """
        return self._attempt(url, lambda: self._place(url).version(url))

    def below(self, url: str, suffixes: tuple[str, ...] = ("",)) -> dict[str, str]:
        """Find the files of a folder and of the folders below it, without a look at their content.

        Parameters
        ----------
        url : str
            Of a folder or a file.
        suffixes : tuple of str
            How the names end that count. No name on the way to a file may begin with ``_`` or ``.``: that is how
            those mark what is none of the data who write it.

        Returns
        -------
        dict of str to str
            Their URLs by their paths below the folder, in the order of these; a file has the path ``""``.

        Raises
        ------
        NotFoundError
            If there is nothing at the URL.
        """
        found = self._attempt(url, lambda: self._place(url).below(url))
        return {path: found[path] for path in sorted(found) if not path or _is_data(path, suffixes)}

    @contextlib.contextmanager
    def local_path(self, url: str) -> Iterator[Path]:
        """Give a file a path on this machine: its own, or that of a copy that is removed afterwards.

        Raises
        ------
        NotFoundError
            If it is elsewhere, and gone.
        """
        if is_local(url):
            yield Path(path_of(url))
            return
        with tempfile.NamedTemporaryFile(dir=private_folder()) as copy:
            with self.open(url) as file:
                shutil.copyfileobj(file, copy)
            copy.flush()
            yield Path(copy.name)

    def _place(self, url: str) -> _Place:
        if is_local(url):
            return LocalFiles()
        from mlopskit.storage.backends.remote_files import RemoteFiles

        return RemoteFiles(self.storage_options)

    def _attempt(self, url: str, operation: Callable[[], _T]) -> _T:
        """Turn the errors of filesystems into ours, which name the file and show no credentials."""
        shown = without_credentials(url)
        try:
            return operation()
        except StoreError:
            raise
        except (ConnectionError, TimeoutError) as error:
            said = without_credentials(str(error))
            raise UnreachableError(
                f"{shown} could not be reached ({said}); check the network and the endpoint."
            ) from error
        except OSError as error:
            folder, _, name = shown.rpartition("/")
            ours = store_error(error, name, folder or "the current folder")
            raise type(ours)(without_credentials(str(ours))) from error


def _is_data(path: str, suffixes: tuple[str, ...]) -> bool:
    return path.lower().endswith(suffixes) and not is_marked(PurePosixPath(path))


@encodes(Files)
def _no_content(_: Files, __: Walk) -> bytes:
    """How files are reached says nothing of what is in them, and credentials change."""
    return seal(b"files")


def has_credentials(url: str) -> bool:
    """Whether a user and password stand in front of the host.

    Examples
    --------
    >>> has_credentials("ftp://ana:secret@host/flights.csv"), has_credentials("ftp://host/flights.csv")
    (True, False)
    """
    return _USER_AND_PASSWORD.search(url) is not None


def without_credentials(text: str) -> str:
    """Return a text whose URLs show neither passwords nor the query of an HTTP address, which may be a token.

    Examples
    --------
    >>> without_credentials("ftp://ana:secret@host/flights.csv, https://host/flights.csv?signature=secret")
    'ftp://host/flights.csv, https://host/flights.csv?...'
    """
    return _QUERY.sub(r"\1?...", _USER_AND_PASSWORD.sub("", text))
