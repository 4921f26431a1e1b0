"""The environment of a run, captured once for all runs of a moment, and kept as a blob."""

from __future__ import annotations

import sys
import time
from typing import Any

from mlopskit.records.environment import Environment
from mlopskit.records.json import to_json
from mlopskit.storage.blobs import Blobs
from mlopskit.storage.canonical_json import encode
from mlopskit.storage.store import Store
from mlopskit.tracking.environment import current_environment

_MOMENT = 5.0  # seconds

_last: tuple[Environment, str, dict[str, Any]] | None = None
_looked = (float("-inf"), 0)  # when, and how many modules there were


def saved_environment(store: Store) -> dict[str, Any]:
    """Return digest and size of the blob with this process's environment, which is kept if it is not there yet."""
    global _last, _looked  # noqa: PLW0603 - found out once for all runs of a moment
    now, modules = time.monotonic(), len(sys.modules)
    if _last is not None and _last[1] == store.url and now - _looked[0] < _MOMENT and _looked[1] == modules:
        return _last[2]
    environment = current_environment()
    _looked = now, modules
    if _last is not None and _last[0] is environment and _last[1] == store.url:
        return _last[2]
    blob = Blobs(store).put(encode(to_json(environment)))
    kept = {"digest": blob.digest, "size": blob.size}
    _last = (environment, store.url, kept)
    return kept
