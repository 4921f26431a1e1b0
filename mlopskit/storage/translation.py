"""From the errors of operating systems and servers to those of mlopskit."""

from __future__ import annotations

import errno
import io

from mlopskit.errors import (
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    StoreError,
    StoreFullError,
    UnsupportedBackendError,
)


def store_error(error: OSError, name: str, store: str) -> StoreError:
    """Turn a backend's or this machine's error about `name` into one that says what to do next."""
    if isinstance(error, FileNotFoundError):
        return NotFoundError(
            f"{name} does not exist in {store}; check the name, the URL, and that the bucket was made."
        )
    if isinstance(error, FileExistsError):
        return ConflictError(f"{name} exists in {store}.")
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return PermissionDeniedError(
            f"{store} refused {name} ({error.strerror or error}); check credentials and permissions."
        )
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreFullError(f"{store} is full: {name} was not written. Free some space and try again.")
    if isinstance(error, io.UnsupportedOperation):
        return UnsupportedBackendError(f"{store}: {error}.")
    if isinstance(error, NotADirectoryError | IsADirectoryError):
        return ConflictError(f"{name} in {store} would be both a name and a folder of names; choose another.")
    return StoreError(f"{store} failed on {name}: {type(error).__name__}: {error}")
