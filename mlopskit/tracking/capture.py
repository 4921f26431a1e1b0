"""The environment of a run, captured once for all runs of a moment, and kept as a blob."""

from __future__ import annotations

from typing import Any

from mlopskit.records.environment import Environment
from mlopskit.records.json import to_json
from mlopskit.storage.blobs import Blobs
from mlopskit.storage.canonical_json import encode
from mlopskit.storage.store import Store
from mlopskit.tracking.environment import current_environment

_last: tuple[Environment, str, dict[str, Any]] | None = None


def saved_environment(store: Store) -> dict[str, Any]:
    """Return digest and size of the blob with this process's environment, which is kept if it is not there yet."""
    global _last  # noqa: PLW0603 - found out once for all runs of a moment
    environment = current_environment()
    if _last is not None and _last[0] is environment and _last[1] == store.url:
        return _last[2]
    blob = Blobs(store).put(encode(to_json(environment)))
    kept = {"digest": blob.digest, "size": blob.size}
    _last = (environment, store.url, kept)
    return kept
