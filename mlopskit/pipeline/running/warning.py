"""`warn`: a warning that points at the user's own line, from however deep in the library."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

_LIBRARY = str(Path(__file__).parents[2])


def warn(message: str) -> None:
    """Give a RuntimeWarning at the call that led into this library.

    Examples
    --------
    >>> with warnings.catch_warnings(record=True, action="always") as caught:
    ...     warn("Step 'model' is not cached: the disk is full")
    >>> str(caught[0].message)
    "Step 'model' is not cached: the disk is full"
    """
    frame, level = sys._getframe(), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_LIBRARY):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, RuntimeWarning, stacklevel=level)
