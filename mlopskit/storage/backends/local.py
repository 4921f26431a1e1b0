"""A folder on this machine. A name appears at once, whole and on the disk, or not at all.

fsspec's own local filesystem checks before it writes, so that two writers can both win, and
overwrites in place, so that a full disk destroys what was there. Here bytes go to a temporary
file, are synced, and get their name by `os.link`, which the kernel refuses when the name is taken.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import io
import os
import stat
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeAlias

STALE_SECONDS = 24 * 3600
_SCRATCH = ".scratch"
_NO_SWAP = "a local disk can not compare and swap"
_NameGiver: TypeAlias = Callable[[str], None]
_NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS}


class LocalBackend:
    """Names below one folder, which is made by the first write; new files get `mode`, less the umask."""

    needs_probe = False

    def __init__(self, root: Path, *, mode: int = 0o666) -> None:
        self._root = os.fspath(root)
        self._mode = mode
        self._swept = False

    def path(self, name: str) -> Path:
        """Where `name` lies on this disk."""
        return Path(self._root, name)

    def read(self, name: str) -> bytes:
        with self._opened(name, buffering=0) as file:
            return file.read()

    def read_many(self, names: Iterable[str]) -> dict[str, bytes]:
        found = {}
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                found[name] = self.read(name)
        return found

    def open(self, name: str) -> BinaryIO:
        return self._opened(name)

    def size(self, name: str) -> int:
        try:
            found = os.stat(self._at(name))  # noqa: PTH116 - a hot path
        except NotADirectoryError:
            raise _missing(name) from None
        if stat.S_ISDIR(found.st_mode):
            raise _missing(name)
        return found.st_size

    def version(self, name: str) -> str:
        raise io.UnsupportedOperation(_NO_SWAP)

    def create(self, name: str, data: bytes, *, durable: bool) -> None:
        if os.path.lexists(self._at(name)):
            if os.path.isdir(self._at(name)):  # noqa: PTH112 - a hot path
                raise IsADirectoryError(errno.EISDIR, "name is a folder", name)
            raise FileExistsError(errno.EEXIST, "name is taken", name)
        with self._staged(data, durable=durable) as staged:
            self._link(staged, name, durable=durable)
            with contextlib.suppress(FileNotFoundError):  # where there are no hard links it was renamed
                os.unlink(staged)  # noqa: PTH108 - a hot path

    def create_from_file(self, name: str, path: Path, *, durable: bool) -> None:
        if durable:
            _sync_file(path)
        self._link(os.fspath(path), name, durable=durable)
        path.unlink(missing_ok=True)  # writing to it now would write to the store

    def replace(self, name: str, data: bytes, *, version: str | None, durable: bool) -> None:
        if version is not None:
            raise io.UnsupportedOperation(_NO_SWAP)
        with self._staged(data, durable=durable) as staged:
            self._in_folder_of(name, lambda target: os.replace(staged, target), durable=durable)

    def sync(self, name: str) -> None:
        _sync_file(self.path(name))
        _sync_folder(os.path.dirname(self._at(name)))  # noqa: PTH120 - a hot path

    def list(self, folder: str, *, recursive: bool) -> list[str]:
        return sorted(self._below(folder, recursive=recursive))

    def delete(self, names: Iterable[str]) -> None:
        for name in names:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
                self.path(name).unlink()

    def scratch(self) -> Path:
        return Path(self._scratch())

    def _scratch(self) -> str:
        folder = self._at(_SCRATCH)
        if not os.path.isdir(folder):  # noqa: PTH112 - a hot path
            if self._swept and not os.path.isdir(self._root):  # noqa: PTH112
                raise ConnectionError(errno.ENOTCONN, "the store's folder has vanished; bring it back", self._root)
            Path(folder).mkdir(parents=True, exist_ok=True)
        if not self._swept:
            self._swept = True
            _remove_stale(Path(folder))
        return folder

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _opened(self, name: str, buffering: int = -1) -> BinaryIO:
        try:
            return open(self._at(name), "rb", buffering=buffering)  # noqa: PTH123 - half the time of Path.open
        except (IsADirectoryError, NotADirectoryError):
            raise _missing(name) from None

    def _below(self, folder: str, *, recursive: bool) -> Iterator[str]:
        prefix = f"{folder}/" if folder else ""
        try:
            entries = list(os.scandir(self._at(folder)))
        except (FileNotFoundError, NotADirectoryError):
            return
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if not entry.is_dir():
                yield prefix + entry.name
            elif recursive:
                yield from self._below(prefix + entry.name, recursive=True)
            else:
                yield f"{prefix}{entry.name}/"

    @contextlib.contextmanager
    def _staged(self, data: bytes, *, durable: bool) -> Iterator[str]:
        """Give a file with these bytes that is to be renamed or removed; on an error it is removed here."""
        path = f"{self._scratch()}/{os.getpid()}-{uuid.uuid4().hex}"
        try:
            with open(path, "xb", buffering=0, opener=self._made) as file:
                view = memoryview(data)
                while view:
                    view = view[file.write(view) :]
                if durable:
                    os.fsync(file.fileno())
            yield path
        except BaseException:
            Path(path).unlink(missing_ok=True)
            raise

    def _made(self, path: str, flags: int) -> int:
        return os.open(path, flags, self._mode)

    def _link(self, path: str, name: str, *, durable: bool) -> None:
        self._in_folder_of(name, lambda target: _link_exclusively(path, target), durable=durable)

    def _in_folder_of(self, name: str, give_name: _NameGiver, *, durable: bool) -> None:
        target = self._at(name)
        try:
            give_name(target)
        except FileNotFoundError:  # the folder is missing: the first name in it
            _make_folders(os.path.dirname(target))  # noqa: PTH120 - a hot path
            give_name(target)
        if durable:
            _sync_folder(os.path.dirname(target))  # noqa: PTH120 - a hot path


def _missing(name: str) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, "no such name", name)


def _link_exclusively(path: str, target: str) -> None:
    try:
        os.link(path, target)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        _rename_exclusively(path, target)


def _rename_exclusively(path: str, target: str) -> None:
    """Linux's renameat2 with RENAME_NOREPLACE, for filesystems without hard links."""
    at_current_folder, no_replace = -100, 1
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "renameat2"):
        raise io.UnsupportedOperation("this filesystem has neither hard links nor an exclusive rename")
    if libc.renameat2(at_current_folder, os.fsencode(path), at_current_folder, os.fsencode(target), no_replace):
        code = ctypes.get_errno()
        if code in (errno.EINVAL, errno.ENOSYS):
            raise io.UnsupportedOperation("this filesystem has neither hard links nor an exclusive rename")
        raise OSError(code, os.strerror(code), target)


def _make_folders(folder: str) -> None:
    """Make a folder, on the disk at once: every later write into it takes that for granted, durable or not."""
    if os.path.isdir(folder):  # noqa: PTH112 - a hot path
        return
    parent = os.path.dirname(folder)  # noqa: PTH120 - a hot path
    if parent != folder:
        _make_folders(parent)
    with contextlib.suppress(FileExistsError):  # if it is no folder, what comes next says so
        os.mkdir(folder)  # noqa: PTH102 - a hot path
    _sync_folder(parent)  # a folder is only on the disk when its parent says so


def _sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: str) -> None:
    if os.name == "nt":  # Windows can not open a folder; NTFS journals the name itself
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_stale(folder: Path) -> None:
    """Remove what killed writers left behind, once it is far older than any write takes."""
    oldest = time.time() - STALE_SECONDS
    for path in folder.iterdir():
        with contextlib.suppress(OSError):  # another process sweeps too, or still owns it
            if path.stat().st_mtime < oldest:
                path.unlink()
