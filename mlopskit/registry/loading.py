"""The program of the clean process of `check_loading`: load a version, and tell how that went.

It runs as a file of its own, and imports what it needs late: that something can not be imported is an answer.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Answer what stands on standard input, in the file named by the first argument."""
    try:
        said = _load()
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the answer
        said = {"error": f"{type(error).__name__}: {error}", "module": _missing_module(error)}
    Path(sys.argv[1]).write_text(json.dumps(said), encoding="utf-8")


def _load() -> dict[str, Any]:
    import pickle

    store, version, trust = pickle.load(sys.stdin.buffer)
    from mlopskit.registry.registry import Registry

    model = Registry(store).load(version, trust=trust)
    if "sample" not in getattr(getattr(model, "version", None), "artifacts", ()):
        return {"sample": False}
    import pandas as pd

    from mlopskit.errors import SignatureError

    try:
        model.predict(pd.DataFrame({"no such column": [1]}))
    except SignatureError:
        return {"sample": True, "refuses": True}
    return {"sample": True, "refuses": False}


def _missing_module(error: BaseException | None) -> str | None:
    while error is not None and not (isinstance(error, ImportError) and error.name):
        error = error.__cause__ or error.__context__
    return error.name if isinstance(error, ImportError) else None


if __name__ == "__main__":
    main()
