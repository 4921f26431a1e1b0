"""scikit-learn estimators through skops, whose files are checked type by type before anything is built from them.

Only what skops trusts by default is written or read, so that reading runs no code of the file's own. What holds more
(trees, whose node arrays skops can not vouch for, callables, other libraries' estimators) is left to cloudpickle.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, BinaryIO

import numpy as np
from sklearn.base import BaseEstimator

from mlopskit.errors import MissingDependencyError, NotTrustedError, SerializationError
from mlopskit.storage.serializers.serializer import Serializer


class SkopsSerializer(Serializer):
    """An estimator of scikit-learn itself that is made of types skops trusts by default."""

    name = "skops"

    def accepts(self, value: object) -> bool:
        """Whether skops is installed and this is one of scikit-learn's own estimators."""
        is_own = isinstance(value, BaseEstimator) and type(value).__module__.startswith("sklearn.")
        return is_own and find_spec("skops") is not None

    def encode(self, value: Any, file: BinaryIO) -> None:
        """Write the estimator once it has been seen to come back the same."""
        import skops.io

        data = skops.io.dumps(value)
        if not _is_same(value, skops.io.loads(data, trusted=[]), {}):
            raise SerializationError(f"skops does not bring a {type(value).__qualname__} back exactly")
        file.write(data)

    def decode(self, file: BinaryIO, _version: int) -> Any:
        """Return the estimator; a file with any type beyond skops' defaults is refused."""
        try:
            import skops.io
            from skops.io.exceptions import UntrustedTypesFoundException
        except ImportError as error:
            raise MissingDependencyError("this was kept by skops: pip install 'mlopskit[skops]'") from error
        try:
            return skops.io.load(file, trusted=[])
        except UntrustedTypesFoundException as error:
            raise NotTrustedError(
                "this file asks for types that mlopskit never writes in the format 'skops': do not trust it"
            ) from error


def _is_same(one: Any, other: Any, seen: dict[int, object]) -> bool:
    """Whether two objects consist of equal parts of the same types, all the way down."""
    if type(one) is not type(other):
        return False
    if id(one) in seen or one is other:
        return True
    seen[id(one)] = one  # kept alive, lest another object get its id
    if isinstance(one, np.ndarray) and not one.dtype.hasobject:
        return (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
    if isinstance(one, float | np.generic | str | bytes | int):
        return repr(one) == repr(other)
    if isinstance(one, np.ndarray):
        return one.shape == other.shape and _is_same(one.tolist(), other.tolist(), seen)
    if isinstance(one, dict):
        return _is_same([*one.items()], [*other.items()], seen)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(_is_same(*pair, seen) for pair in zip(one, other, strict=True))
    return _is_same(one.__reduce_ex__(4), other.__reduce_ex__(4), seen)
