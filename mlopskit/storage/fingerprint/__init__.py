"""One content digest for any value: equal in every process, on every machine, whatever the hash seed.

The digest is a tree of sha256. Each part of a value is sealed with the name of its kind and its
length (`walk`), so no two structures meet by concatenation; nothing is pickled, so neither memory
addresses nor the order in which a set happens to iterate can enter.

=================  =================================================================================
`walk`             one call: dispatch by type, depth, cycles, and where in the value we are
`buffers`          long runs of bytes, cut into leaves that are hashed side by side
`standard`         Python's own scalars and containers
`objects`          anything else, by its class and the state it would hand to ``copy``
`functions`        code, closures, defaults and the module-level values a function reads
`arrays`           numpy
`frames`           pandas; `arrow` and `sparse` hold the columns and matrices of pyarrow and scipy
=================  =================================================================================

The format number below is part of every digest. Raise it when any encoding changes, and renew the
frozen digests in the tests: values fingerprinted before then are simply no longer recognised.
"""

from __future__ import annotations

from typing import Any

from mlopskit.errors import FingerprintError
from mlopskit.storage.fingerprint import functions, objects, standard  # noqa: F401 (they register themselves)
from mlopskit.storage.fingerprint.buffers import Leaves
from mlopskit.storage.fingerprint.walk import Walk, seal

__all__ = ["fingerprint"]

FORMAT = b"1"


def fingerprint(value: Any) -> str:
    """Answer whether a value is the same as one seen in another process, on another machine, at another time.

    Two values have one digest when they agree in type, structure and content:

    * types are exact: ``1``, ``True``, ``1.0``, ``"1"`` and ``numpy.int64(1)`` all differ, and so do
      ``0.0`` and ``-0.0``; every NaN is the same NaN;
    * dicts and sets have no order, lists and tuples do;
    * arrays count by dtype, shape and elements, not by memory order, strides or byte order;
    * frames count by columns, index, names and dtypes; not by block layout, ``attrs``, the memory
      under a missing value, or the storage behind a string column. An index of evenly spaced int64
      is the same as the equal ``RangeIndex``;
    * objects, such as scikit-learn estimators, count by class name and by the state they would hand
      to ``copy``; a ``functools.cached_property`` is derived from it and left out. scikit-learn puts its
      version into that state;
    * functions count by what they compute: bytecode, constants, parameters, defaults, closure, and the
      plain data and functions they name at module level; not by name, comments, docstring, annotations,
      line numbers or names of local variables. Bytecode belongs to one minor version of Python.
      Functions of installed packages count by name and version;
    * classes and modules count by name; a path counts by its text, never by the file.

    Parameters
    ----------
    value
        Anything made of data and code.

    Returns
    -------
    str
        64 lowercase hexadecimal digits (sha256).

    Raises
    ------
    FingerprintError
        If some part has no content that another process could meet again (an open file, a lock, a
        generator), if the value contains itself, or if it is nested too deeply. The message names the
        part and where it is.

    Examples
    --------
    >>> fingerprint({"a": 1, "b": [2.0, None]})
    '...'
    >>> fingerprint({"b": [2.0, None], "a": 1}) == fingerprint({"a": 1, "b": [2.0, None]})
    True
    >>> fingerprint(1) == fingerprint(True)
    False
    """
    try:
        with Leaves() as leaves:
            return seal(b"mlopskit.fingerprint", FORMAT, Walk(leaves)(value)).hex()
    except RecursionError:
        raise FingerprintError(
            "The value is nested too deeply to be fingerprinted from this far down the call stack. "
            "Flatten it, or fingerprint its parts."
        ) from None
