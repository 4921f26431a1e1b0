"""Any other object, through cloudpickle: classes and functions of ``__main__`` and of notebooks come along by value."""

from __future__ import annotations

import pickle
from typing import Any, BinaryIO

import cloudpickle

from mlopskit.errors import MissingDependencyError, MlopskitError, SerializationError
from mlopskit.storage.serializers.serializer import Serializer


class CloudpickleSerializer(Serializer):
    """Whatever can be pickled. Reading it runs code: ask for consent first."""

    name = "cloudpickle"
    carries_code = True

    def accepts(self, _value: object) -> bool:
        """Whether to try, which is always."""
        return True

    def encode(self, value: object, file: BinaryIO) -> None:
        """Write protocol 5 straight to the file."""
        try:
            cloudpickle.Pickler(file, protocol=5).dump(value)
        except (MlopskitError, OSError, MemoryError):
            raise  # about the file or the machine
        except Exception as error:
            raise SerializationError(
                f"a {type(value).__module__}.{type(value).__qualname__} can not be pickled ({type(error).__name__}): "
                "keep only its plain parts, or write a Serializer for it"
            ) from error

    def decode(self, file: BinaryIO, _version: int) -> Any:
        """Run the pickle and return the object."""
        try:
            return pickle.load(file)
        except ImportError as error:
            raise MissingDependencyError(f"this object needs the module {error.name!r}: install it") from error
        except AttributeError as error:
            raise SerializationError(
                "this object's class or function is no longer where it was when the object was kept: "
                "install the version of its library that was used then"
            ) from error
