"""From the URL a user gives to the backend that serves it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mlopskit.errors import InvalidNameError, UnsupportedBackendError
from mlopskit.storage.backends.backend import Backend
from mlopskit.storage.backends.local import LocalBackend
from mlopskit.storage.backends.memory import MemoryBackend

PROTOCOLS = ("a folder", "memory", "s3", "gs", "az", "abfs")


def full_url(url: str | os.PathLike[str] | None) -> str:
    """Return the URL in full: the default for None, an absolute path for a folder.

    Raises
    ------
    InvalidNameError
        If the URL names no place: it is empty, or ends after its protocol.
    """
    text = os.fspath(url) if url is not None else os.environ.get("MLOPSKIT_STORE") or "mlopskit-store"
    protocol, separator, rest = text.partition("://")
    is_folder = not separator or protocol in ("file", "local")
    if not (text if not separator else rest if is_folder else rest.strip("/")):
        raise InvalidNameError(
            f"{text!r} names no place for a store; use a folder, 'memory://name' or 's3://bucket/prefix'."
        )
    if not separator:
        return os.path.abspath(os.path.expanduser(text))  # noqa: PTH100, PTH111 - a later chdir must not move the store
    if is_folder:
        return os.path.abspath(rest)  # noqa: PTH100
    return text.rstrip("/")


def backend_at(url: str, options: dict[str, Any]) -> Backend:
    """Return the backend that serves a full URL; UnsupportedBackendError if none can do so safely."""
    protocol, separator, rest = url.partition("://")
    if separator and protocol != "memory":
        return _remote_backend(protocol, url, options)
    if options:
        raise TypeError(f"A store at {url} takes no storage options; got {', '.join(sorted(options))}.")
    return MemoryBackend(rest) if separator else LocalBackend(Path(url))


def _remote_backend(protocol: str, url: str, options: dict[str, Any]) -> Backend:
    from mlopskit.storage.backends.remote import BACKENDS

    if protocol not in BACKENDS:
        raise UnsupportedBackendError(
            f"{protocol}:// is not known to create a name exclusively, so two writers could both win. "
            f"Use {', '.join(PROTOCOLS)}."
        )
    return BACKENDS[protocol](url, options)
