"""Telling NumPy's moments and spans of time, which it hands out as bare ints when they count nanoseconds."""

from __future__ import annotations

from typing import Any


def counts_time(values: Any) -> bool:
    """Whether an array or a scalar is of moments or spans of time, so that ``tolist`` and ``item`` may lose it.

    Examples
    --------
    >>> import numpy as np
    >>> counts_time(np.array(["2013-01-01"], dtype="M8[ns]")), counts_time(np.array([1])), counts_time([1])
    (True, False, False)
    """
    return getattr(getattr(values, "dtype", None), "kind", "") in ("m", "M")
