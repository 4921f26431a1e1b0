"""What a serializer is: the one class to subclass when values of your own type shall be kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, BinaryIO, ClassVar, final

from mlopskit.errors import DamagedError, FormatError, MlopskitError, SerializationError


class Serializer(ABC):
    """How values of some types become bytes and come back, exactly.

    Subclass it, define `accepts`, `encode` and `decode`, and name the class in the entry point group
    ``mlopskit.serializers``. Callers use `write` and `read`, which turn whatever goes wrong into one of
    mlopskit's exceptions, so that the three hooks may simply let theirs out.

    Attributes
    ----------
    name
        Kept beside the bytes; the serializer is looked up by it when they are read. Never change it.
    version
        The number of the format that `encode` writes. Raise it when the format changes; `decode` is told the
        number that the bytes were written with and must go on reading the old ones.
    carries_code
        True when reading can run code that the bytes bring along. Whoever calls `read` must have asked for
        consent, and have checked the bytes' digest, before.

    Examples
    --------
    >>> class ComplexSerializer(Serializer):
    ...     name = "complex"
    ...     def accepts(self, value):
    ...         return type(value) is complex
    ...     def encode(self, value, file):
    ...         file.write(repr(value).encode())
    ...     def decode(self, file, version):
    ...         return complex(file.read().decode())
    >>> import io
    >>> file = io.BytesIO()
    >>> ComplexSerializer().write(1j, file)
    >>> ComplexSerializer().read(io.BytesIO(file.getvalue()), version=1)
    1j
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    carries_code: ClassVar[bool] = False

    @abstractmethod
    def accepts(self, value: object) -> bool:
        """Whether `encode` can be expected to keep this value exactly; cheap, and never raises."""

    @abstractmethod
    def encode(self, value: Any, file: BinaryIO) -> None:
        """Write the value to a file that offers ``write`` alone, in pieces when it is big.

        Raise when it turns out that the value would not come back exactly: the next serializer is tried then.
        """

    @abstractmethod
    def decode(self, file: BinaryIO, version: int) -> Any:
        """Return the value from a seekable file whose bytes were written in format `version`."""

    @final
    def write(self, value: object, file: BinaryIO) -> None:
        """Write a value; `file` needs only ``write``.

        Raises
        ------
        SerializationError
            The value can not be kept exactly. Part of it may have been written: start over with a new file.
        """
        try:
            self.encode(value, file)
        except Exception as error:
            if _is_not_about_the_content(error) or isinstance(error, MemoryError):
                raise
            raise SerializationError(
                f"a {type(value).__qualname__} can not be kept exactly as {self.name!r}: {type(error).__name__}"
            ) from error

    @final
    def read(self, file: BinaryIO, version: int) -> Any:
        """Return the value that was written to these bytes.

        Parameters
        ----------
        file
            Seekable, at its start, opened for reading bytes.
        version
            The `version` of the serializer that wrote it.

        Raises
        ------
        FormatError
            The format is newer than this serializer.
        DamagedError
            The bytes are not what was written.
        """
        if not 1 <= version <= self.version:
            raise FormatError(
                f"this is version {version} of the format {self.name!r}, of which 1 to {self.version} are known here: "
                "upgrade mlopskit, or the plugin that brings this format"
            )
        try:
            return self.decode(file, version)
        except Exception as error:
            if _is_not_about_the_content(error) or isinstance(error, Warning):
                raise
            raise DamagedError(
                f"these bytes are not in the format {self.name!r} ({type(error).__name__}): restore them from a copy"
            ) from error


def _is_not_about_the_content(error: Exception) -> bool:
    # Parsers raise an OSError of their own for content they dislike; only the system sets errno.
    return isinstance(error, MlopskitError) or (isinstance(error, OSError) and error.errno is not None)
