"""What a filesystem must be able to do to hold a store."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Protocol


class Backend(Protocol):
    """Bytes under names, on one kind of filesystem. Names were checked by the caller."""

    needs_probe: bool
    """True where creating exclusively is the server's promise and has to be seen to be believed."""

    def read(self, name: str) -> bytes:
        """All bytes of `name`; FileNotFoundError if there is none."""

    def read_many(self, names: Iterable[str]) -> dict[str, bytes]:
        """The bytes of those names that exist, asked for at once where the backend can."""

    def open(self, name: str) -> BinaryIO:
        """A readable stream over `name`, a `GuardedReader` if far away; FileNotFoundError if there is none."""

    def size(self, name: str) -> int:
        """Length in bytes; FileNotFoundError if there is none."""

    def version(self, name: str) -> str:
        """A token that changes whenever `name` is replaced; UnsupportedOperation where there is none."""

    def create(self, name: str, data: bytes, *, durable: bool) -> None:
        """Write `name` at once and whole; FileExistsError if it exists."""

    def create_from_file(self, name: str, path: Path, *, durable: bool) -> None:
        """The same for the content of a local file below `scratch()`, which may be moved away."""

    def replace(self, name: str, data: bytes, *, version: str | None, durable: bool) -> None:
        """Overwrite whole; with `version`, FileExistsError unless that is still the current one."""

    def sync(self, name: str) -> None:
        """Wait until `name` survives a power loss, if it was written without waiting; FileNotFoundError if missing."""

    def list(self, folder: str, *, recursive: bool) -> list[str]:
        """Sorted names below `folder`, or its direct children, folders among them ending in '/'."""

    def delete(self, names: Iterable[str]) -> None:
        """Remove the names; those that do not exist are no error."""

    def scratch(self) -> Path:
        """A local folder for files on their way into `create_from_file`."""
