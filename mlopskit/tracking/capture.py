"""The environment of a run, captured once for all runs of a moment, and kept as a blob."""

from __future__ import annotations

import sys
import time
from typing import Any

import attrs

from mlopskit.records.environment import Environment
from mlopskit.records.json import to_json
from mlopskit.storage.blobs import Blobs
from mlopskit.storage.canonical_json import encode
from mlopskit.tracking.environment import current_environment

_MOMENT = 5.0  # seconds
_HOUR = 3600.0


@attrs.frozen
class KeptEnvironment:
    """An environment, and which blob on which store it is.

    Attributes
    ----------
    environment : Environment
    url : str
        The store's.
    at : float
        When it was put there, by the monotonic clock.
    reference : dict
        Digest and size of the blob.
    """

    environment: Environment
    url: str
    at: float
    reference: dict[str, Any]


_last: KeptEnvironment | None = None
_looked = (float("-inf"), 0)  # when, and how many modules there were


def kept_environment(blobs: Blobs) -> KeptEnvironment:
    """Return this process's environment, which is put on the store if it was not within the hour."""
    global _last, _looked  # noqa: PLW0603 - found out once for all runs of a moment
    now, modules, url = time.monotonic(), len(sys.modules), blobs.store.url
    last = None if _last is None or _last.url != url or now - _last.at > _HOUR else _last
    if last is not None and now - _looked[0] < _MOMENT and _looked[1] == modules:
        return last
    environment = current_environment()
    _looked = now, modules
    if last is None or last.environment is not environment:
        last = _last = KeptEnvironment(environment, url, now, put_environment(blobs, environment))
    return last


def put_environment(blobs: Blobs, environment: Environment) -> dict[str, Any]:
    """Put an environment on the store, and return digest and size of its blob."""
    blob = blobs.put(encode(to_json(environment)))
    return {"digest": blob.digest, "size": blob.size}
