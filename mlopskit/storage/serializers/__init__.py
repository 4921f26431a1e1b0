"""How values become bytes and come back, exactly: one serializer per family of types, found by value or by name.

Nothing heavy is imported until a value or a name asks for it.
"""

from mlopskit.storage.serializers.family import serializer_named, serializers_for
from mlopskit.storage.serializers.serializer import Serializer

__all__ = ["Serializer", "serializer_named", "serializers_for"]
