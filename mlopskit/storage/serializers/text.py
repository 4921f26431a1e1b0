"""Bytes, text and plain JSON values: kept as files that any tool reads."""

from __future__ import annotations

from typing import Any, BinaryIO

from mlopskit.storage import canonical_json
from mlopskit.storage.serializers.serializer import Serializer

_CHARACTERS_AT_ONCE = 1 << 20


class BytesSerializer(Serializer):
    """Bytes as they are."""

    name = "bytes"

    def accepts(self, value: object) -> bool:
        """Whether this is bytes."""
        return type(value) is bytes

    def encode(self, value: bytes, file: BinaryIO) -> None:
        """Write the bytes."""
        file.write(value)

    def decode(self, file: BinaryIO, _version: int) -> bytes:
        """Return the bytes."""
        return file.read()


class TextSerializer(Serializer):
    """Text as UTF-8 with the line ends it has; text with lone surrogates is refused."""

    name = "text"

    def accepts(self, value: object) -> bool:
        """Whether this is a str."""
        return type(value) is str

    def encode(self, value: str, file: BinaryIO) -> None:
        """Write the text in pieces, so that no second copy of it is needed."""
        for start in range(0, len(value), _CHARACTERS_AT_ONCE):
            file.write(value[start : start + _CHARACTERS_AT_ONCE].encode())

    def decode(self, file: BinaryIO, _version: int) -> str:
        """Return the text."""
        return file.read().decode()


class JsonSerializer(Serializer):
    """None, booleans, numbers, text, and lists and string-keyed dicts of them, whose order is kept."""

    name = "json"

    def accepts(self, value: object) -> bool:
        """Whether every part of the value has one of those types exactly."""
        return canonical_json.can_encode(value)

    def encode(self, value: object, file: BinaryIO) -> None:
        """Write strict JSON."""
        file.write(canonical_json.encode(value, sort_keys=False))

    def decode(self, file: BinaryIO, _version: int) -> Any:
        """Return the value."""
        return canonical_json.decode(file.read())
