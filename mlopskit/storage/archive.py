"""ZIP files whose bytes follow from their content alone, and that appear only when they are whole."""

from __future__ import annotations

import contextlib
import io
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest time there is in a ZIP file


class Archive:
    """A ZIP file that is being written.

    Parameters
    ----------
    file : ZipFile
    """

    def __init__(self, file: ZipFile) -> None:
        self._file = file

    def add(self, name: str, content: bytes | BinaryIO) -> None:
        """Add a file: bytes, or whatever a binary file has, piece by piece."""
        entry = ZipInfo(name, _LONG_AGO)
        entry.compress_type, entry.external_attr = ZIP_DEFLATED, 0o644 << 16
        source = io.BytesIO(content) if isinstance(content, bytes) else content
        with self._file.open(entry, "w", force_zip64=True) as target:
            shutil.copyfileobj(source, target)


@contextlib.contextmanager
def new_archive(path: Path) -> Iterator[Archive]:
    """Write a ZIP file, which appears when the ``with`` block is left, and not at all after an error.

    Raises
    ------
    FileExistsError
        If there is something already.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with new_archive(Path(folder, "notes.zip")) as archive:
    ...         archive.add("notes.txt", b"hello")
    ...     ZipFile(Path(folder, "notes.zip")).read("notes.txt")
    b'hello'
    """
    if path.exists():
        raise FileExistsError(f"{path} exists; write to another file, or move that one away.")
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with ZipFile(partial, "x") as file:
            yield Archive(file)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
