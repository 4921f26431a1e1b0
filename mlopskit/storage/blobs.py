"""`Blobs`: immutable bytes named by their content, so that a wrong byte can not go unnoticed."""

from __future__ import annotations

import contextlib
import hashlib
import io
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

from mlopskit.errors import ConflictError, DamagedError, NotFoundError
from mlopskit.storage.blob import EMPTY, Blob, refuse_damaged
from mlopskit.storage.blob_writer import BLOCK, BlobWriter
from mlopskit.storage.condemned import Condemned, blob_name, digest_and_copy
from mlopskit.storage.store import Store, StoreLike

__all__ = ["EMPTY", "Blob", "Blobs"]

IN_MEMORY = 32 << 20  # bytes up to which a blob is verified in memory rather than on disk
WRITTEN_AT_ONCE = BLOCK  # bytes up to which a blob waits in memory for its end, and then needs no scratch file
_T = TypeVar("_T")


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

    def put(self, content: bytes | BinaryIO | Path, *, durable: bool = True) -> Blob:
        """Keep bytes, a readable binary file, or a local file's content; in bounded memory.

        Parameters
        ----------
        content : bytes, binary file or Path
            What to keep.
        durable : bool, default True
            False skips waiting for a local disk, as for `Store.create`: fit for what can be made again.
            Putting the same content durably later makes up for it.

        Returns
        -------
        Blob
            The name to read it back by. Equal content has one name and is stored once.
        """
        if isinstance(content, bytes) and len(content) <= IN_MEMORY:
            blob = Blob.of(content)
            self._keep_bytes(blob, content, durable=durable)
            return blob
        with self.writer(durable=durable) as writer, _opened(content) as source:
            while block := source.read(BLOCK):
                writer.write(block)
        return writer.blob

    @contextlib.contextmanager
    def writer(self, *, durable: bool = True, inline: int = 0) -> Iterator[BlobWriter]:
        """Give a file to write to; on leaving, the blob is kept, on an error nothing is.

        Parameters
        ----------
        durable : bool, default True
            As for `put`.
        inline : int, default 0
            If the bytes are no more than this many, nothing goes to the store: the caller keeps the `content`.

        Examples
        --------
        >>> with Blobs("memory://docs-blobs").writer() as file:
        ...     _ = file.write(b"piece by piece")
        >>> file.blob.size
        14
        """
        with BlobWriter(self.store, in_memory=max(inline, WRITTEN_AT_ONCE)) as file:
            yield file
            file.finish()
            if file.blob.size > inline:
                self._keep(file, durable=durable)

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
        refuse_damaged(blob, Blob.of(data), self._place(blob))
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
            With a dict of ``digest`` and ``size`` for each blob, at any depth. One that has ``content`` as
            well stands for bytes that the record holds itself.

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
            refuse_damaged(blob, _rest_of(source), self._place(blob))
            source.seek(0)
            yield source
            return
        with cast("BinaryIO", tempfile.TemporaryFile()) as file:
            refuse_damaged(blob, _rest_of(source, copy=file), self._place(blob))
            file.seek(0)
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

    def _place(self, blob: Blob) -> str:
        return f"{blob_name(blob.digest)} in {self.store}"

    def _listed(self) -> Iterator[Blob]:
        for name in self.store.list("blobs"):
            if found := digest_and_copy(name):  # whatever else somebody put there is not ours
                with contextlib.suppress(NotFoundError):  # deleted since it was listed
                    yield Blob(found[0], self.store.size(name))

    def _keep(self, file: BlobWriter, *, durable: bool) -> None:
        content = file.content
        if content is None and file.blob.size <= IN_MEMORY and self.store.local_path(self._name(file.blob)) is None:
            content = file.path.read_bytes()  # one request, and other bytes there are replaced
        if content is not None:
            self._keep_bytes(file.blob, content, durable=durable)
        elif not self._is_kept(file.blob, durable=durable):
            self._move(file.blob, file.path, durable=durable)

    def _keep_bytes(self, blob: Blob, data: bytes, *, durable: bool) -> None:
        if blob == EMPTY:
            return
        try:
            self.store.create(self._name(blob), data, durable=durable)
        except ConflictError:  # the content decides the name, so other bytes there are damage
            self.store.replace(self._name(blob), data, durable=durable)

    def _move(self, blob: Blob, path: Path, *, durable: bool) -> None:
        try:
            self.store.create_from_file(self._name(blob), path, durable=durable)
        except ConflictError:
            if self._is_kept(blob, durable=durable):
                return
            self.store.delete(self._name(blob))  # what lies there is damaged: make room for the right bytes
            with contextlib.suppress(ConflictError):  # another writer repairs it too
                self.store.create_from_file(self._name(blob), path, durable=durable)

    def _is_kept(self, blob: Blob, *, durable: bool) -> bool:
        """Whether the right bytes are there, and synced if `durable`; of a big blob far away, the length has to do."""
        name = self._name(blob)
        if not self._has_copy(name, blob):
            return False
        if self.store.local_path(name) is None:
            return True
        try:
            with self.store.open(name) as file, self._checked(blob, file):
                pass
            if durable:  # whoever wrote it may not have waited for the disk
                self.store.sync(name)
        except (DamagedError, NotFoundError):
            return False
        return True


def _blobs_in(record: object) -> Iterator[Blob]:
    if isinstance(record, Mapping):
        if "digest" in record and "size" in record and "content" not in record:  # else the record has the bytes itself
            yield Blob(record["digest"], record["size"])
        record = list(record.values())
    if isinstance(record, (list, tuple)):
        for part in record:
            yield from _blobs_in(part)


@contextlib.contextmanager
def _opened(content: bytes | BinaryIO | Path) -> Iterator[BinaryIO]:
    if isinstance(content, bytes):
        yield io.BytesIO(content)
    elif isinstance(content, Path):
        with content.open("rb") as file:
            yield file
    else:
        yield content


def _rest_of(source: BinaryIO, copy: BinaryIO | None = None) -> Blob:
    """Read `source` to its end, writing it to `copy` as well if there is one, and name what it held."""
    found, size, block = hashlib.sha256(), 0, memoryview(bytearray(BLOCK))
    while count := source.readinto(block):  # type: ignore[attr-defined]
        found.update(block[:count])
        size += count
        if copy is not None:
            copy.write(block[:count])
    return Blob(found.hexdigest(), size)
