"""`Blobs`: immutable bytes named by their content, so that a wrong byte can not go unnoticed."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

import attrs

from mlopskit.errors import ConflictError, DamagedError, NotFoundError
from mlopskit.storage.condemned import Condemned, blob_name, digest_and_copy
from mlopskit.storage.store import Store, StoreLike
from mlopskit.storage.translation import store_error

BLOCK = 1 << 20
IN_MEMORY = 32 << 20  # bytes up to which a blob is verified in memory rather than on disk
_T = TypeVar("_T")


@attrs.frozen
class Blob:
    """What to ask a store for: the content's sha256, and its length in bytes."""

    digest: str
    size: int


EMPTY = Blob(hashlib.sha256().hexdigest(), 0)  # never written: a store keeps no empty files


class BlobWriter(io.RawIOBase):
    """A file to write a blob's bytes to; `blob` names them once `Blobs.writer` has been left."""

    def __init__(self, file: BinaryIO, store: Store) -> None:
        self._file = file
        self._store = store
        self._hash = hashlib.sha256()
        self._size = 0

    @property
    def blob(self) -> Blob:
        """Digest and size of what was written so far."""
        return Blob(self._hash.hexdigest(), self._size)

    def writable(self) -> bool:
        """Say yes, as a file does."""
        return True

    def write(self, data: Any) -> int:
        """Append bytes; returns how many, which is always all of them."""
        view = memoryview(data).cast("B") if not isinstance(data, bytes) else data
        self._hash.update(view)
        try:
            _write_all(self._file, view)
        except OSError as error:
            raise store_error(error, "a blob", str(self._store)) from error
        self._size += len(view)
        return len(view)


class Blobs:
    """Content-addressed bytes on a store: written once, deduplicated, verified on every read.

    Parameters
    ----------
    store : Store, str or path
        Where the bytes lie, below the folder ``blobs``.

    Examples
    --------
    >>> blobs = Blobs("memory://docs-blobs")
    >>> blob = blobs.put(b"some bytes")
    >>> blobs.read(blob)
    b'some bytes'
    >>> blobs.put(b"some bytes") == blob
    True
    """

    def __init__(self, store: StoreLike) -> None:
        self.store = Store.of(store)
        self._condemned = Condemned(self.store)

    def put(self, content: bytes | BinaryIO | Path) -> Blob:
        """Keep bytes, a readable binary file, or a local file's content; in bounded memory.

        Parameters
        ----------
        content : bytes, binary file or Path
            What to keep.

        Returns
        -------
        Blob
            The name to read it back by. Equal content has one name and is stored once.
        """
        if isinstance(content, bytes) and len(content) <= IN_MEMORY:
            blob = Blob(hashlib.sha256(content).hexdigest(), len(content))
            self._keep_bytes(blob, content)
            return blob
        with self.writer() as writer, _opened(content) as source:
            while block := source.read(BLOCK):
                writer.write(block)
        return writer.blob

    @contextlib.contextmanager
    def writer(self) -> Iterator[BlobWriter]:
        """Give a file to write to; on leaving, the blob is kept, on an error nothing is.

        Examples
        --------
        >>> with Blobs("memory://docs-blobs").writer() as file:
        ...     _ = file.write(b"piece by piece")
        >>> file.blob.size
        14
        """
        path = self.store.scratch() / f"{os.getpid()}-{uuid.uuid4().hex}"
        try:
            with self._scratch_file(path) as file:
                writer = BlobWriter(file, self.store)
                yield writer
            self._keep_file(writer.blob, path)
        finally:
            path.unlink(missing_ok=True)

    def read(self, blob: Blob) -> bytes:
        """Return the bytes, after checking that they are the ones that were put.

        Raises
        ------
        NotFoundError
            If the store does not have them.
        DamagedError
            If what the store has is something else.
        """
        if blob == EMPTY:
            return b""
        data = self._on_copy(blob, self.store.read)
        _refuse_damaged(blob, hashlib.sha256(data), len(data), self.store)
        return data

    @contextlib.contextmanager
    def open(self, blob: Blob) -> Iterator[BinaryIO]:
        """Open the bytes as a seekable file, checked before the first one is handed out.

        A big blob is checked where it lies on a local disk, and from elsewhere is first brought
        into a temporary file, so that memory stays bounded.

        Raises
        ------
        NotFoundError
            If the store does not have them.
        DamagedError
            If what the store has is something else.
        """
        if blob.size <= IN_MEMORY:
            yield io.BytesIO(self.read(blob))
            return
        with self._on_copy(blob, self.store.open) as source, self._checked(blob, source) as file:
            yield file

    def download(self, blob: Blob, path: Path) -> None:
        """Write the bytes to a local file, which appears only once they are checked.

        Raises
        ------
        NotFoundError, DamagedError
            As for `open`; `path` is then left as it was.
        """
        partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
        try:
            with self.open(blob) as source, partial.open("xb") as file:
                while block := source.read(BLOCK):
                    file.write(block)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    def __contains__(self, blob: Blob) -> bool:
        """Whether the store has bytes of this name and length; cheap, so it does not read them."""
        try:
            return blob == EMPTY or self._on_copy(blob, self.store.size) == blob.size
        except NotFoundError:
            return False

    def verify(self, blobs: Iterable[Blob] | None = None) -> list[str]:
        """Read everything and report what is damaged or missing.

        Parameters
        ----------
        blobs : iterable of Blob, optional
            What should be there; default: every blob that the store lists.

        Returns
        -------
        list of str
            A sentence for each bad blob, naming it; empty if all is well.
        """
        problems = []
        for blob in self._listed() if blobs is None else blobs:
            try:
                with self.open(blob):
                    continue
            except (DamagedError, NotFoundError) as error:
                problems.append(str(error))
        return problems

    def spares(self, record: object) -> bool:
        """Say whether collections of garbage leave the blobs alone that a record names.

        To be asked once the record is on the store; if the answer is no, put the blobs again, and ask again.
        One request, or two the first time.

        Parameters
        ----------
        record : JSON-able
            With a dict of ``digest`` and ``size`` for each blob, at any depth.

        Examples
        --------
        >>> blobs = Blobs("memory://docs-blobs")
        >>> blob = blobs.put(b"some bytes")
        >>> blobs.spares({"files": {"notes.txt": {"digest": blob.digest, "size": blob.size}}})
        True
        """
        named = [blob for blob in _blobs_in(record) if blob != EMPTY]
        if not named:
            return True
        self._condemned.look()
        return all(blob.digest not in self._condemned or self._has_copy(self._name(blob), blob) for blob in named)

    @contextlib.contextmanager
    def _checked(self, blob: Blob, source: BinaryIO) -> Iterator[BinaryIO]:
        if self.store.local_path(blob_name(blob.digest)) is not None:
            _check(blob, source, source, self.store)
            yield source
            return
        with cast("BinaryIO", tempfile.TemporaryFile()) as file:
            _check(blob, source, file, self.store)
            yield file

    def _has_copy(self, name: str, blob: Blob) -> bool:
        try:
            return self.store.size(name) == blob.size
        except NotFoundError:
            return False

    def _name(self, blob: Blob) -> str:
        """Return the name to write to."""
        return self._condemned.name(blob.digest)

    def _on_copy(self, blob: Blob, use: Callable[[str], _T]) -> _T:
        """Use the blob where it is: what was written again while it was condemned lies under a later name."""
        name = blob_name(blob.digest)
        try:
            return use(name)
        except NotFoundError:
            found = map(digest_and_copy, self.store.list(name.rpartition("/")[0]))
            copies = [each[1] for each in found if each and each[0] == blob.digest]
            if not copies:
                raise
            return use(blob_name(blob.digest, max(copies)))

    def _scratch_file(self, path: Path) -> BinaryIO:
        try:
            return cast("BinaryIO", path.open("xb", buffering=0))
        except OSError as error:
            raise store_error(error, "a blob", str(self.store)) from error

    def _listed(self) -> Iterator[Blob]:
        for name in self.store.list("blobs"):
            if found := digest_and_copy(name):  # whatever else somebody put there is not ours
                with contextlib.suppress(NotFoundError):  # deleted since it was listed
                    yield Blob(found[0], self.store.size(name))

    def _keep_bytes(self, blob: Blob, data: bytes) -> None:
        if blob == EMPTY:
            return
        try:
            self.store.create(self._name(blob), data)
        except ConflictError:  # the content decides the name, so other bytes there are damage
            self.store.replace(self._name(blob), data)

    def _keep_file(self, blob: Blob, path: Path) -> None:
        if blob == EMPTY:
            return
        if blob.size <= IN_MEMORY and self.store.local_path(self._name(blob)) is None:
            self._keep_bytes(blob, path.read_bytes())  # one request, and other bytes there are replaced
            return
        if not self._is_kept(blob):
            self._move(blob, path)

    def _move(self, blob: Blob, path: Path) -> None:
        try:
            self.store.create_from_file(self._name(blob), path)
        except ConflictError:
            if self._is_kept(blob):
                return
            self.store.delete(self._name(blob))  # what lies there is damaged: make room for the right bytes
            with contextlib.suppress(ConflictError):  # another writer repairs it too
                self.store.create_from_file(self._name(blob), path)

    def _is_kept(self, blob: Blob) -> bool:
        """Whether the right bytes are there; of a big blob far away, the right length has to do."""
        name = self._name(blob)
        if not self._has_copy(name, blob):
            return False
        if self.store.local_path(name) is None:
            return True
        try:
            with self.store.open(name) as file, self._checked(blob, file):
                return True
        except (DamagedError, NotFoundError):
            return False


def _blobs_in(record: object) -> Iterator[Blob]:
    if isinstance(record, Mapping):
        if "digest" in record and "size" in record:
            yield Blob(record["digest"], record["size"])
        record = list(record.values())
    if isinstance(record, (list, tuple)):
        for part in record:
            yield from _blobs_in(part)


def _write_all(file: BinaryIO, data: Any) -> None:
    view = memoryview(data)
    while view:  # an unbuffered file may take less than it is given, on a full disk for one
        view = view[file.write(view) :]


@contextlib.contextmanager
def _opened(content: bytes | BinaryIO | Path) -> Iterator[BinaryIO]:
    if isinstance(content, bytes):
        yield io.BytesIO(content)
    elif isinstance(content, Path):
        with content.open("rb") as file:
            yield file
    else:
        yield content


def _check(blob: Blob, source: BinaryIO, file: BinaryIO, store: Store) -> None:
    """Hash all of `source`, copying it to `file` if that is another, and rewind `file`."""
    digest, size = hashlib.sha256(), 0
    while block := source.read(BLOCK):
        digest.update(block)
        size += len(block)
        if file is not source:
            file.write(block)
    _refuse_damaged(blob, digest, size, store)
    file.seek(0)


def _refuse_damaged(blob: Blob, digest: Any, size: int, store: Store) -> None:
    if (digest.hexdigest(), size) == (blob.digest, blob.size):
        return
    what = (
        f"has {size:,} bytes instead of {blob.size:,}" if size != blob.size else "holds other bytes of the same length"
    )
    raise DamagedError(
        f"{blob_name(blob.digest)} in {store} {what}; it is not what was written. "
        "Restore it from a backup, or make it again."
    )
