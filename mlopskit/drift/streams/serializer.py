"""A stream detector as JSON, mid-stream: class, parameters and state, and never any code.

Format 1 is ``{"detector": class, "params": {...}, "state": {...}}``. The state is that of the class's ``*State``. When
one of them changes, raise `version` and translate the old state in `decode`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, BinaryIO

from mlopskit.drift.streams import DETECTORS
from mlopskit.storage import canonical_json
from mlopskit.storage.serializers import Serializer

if TYPE_CHECKING:
    from mlopskit.drift.streams.stream_detector import StreamDetector


class StreamDetectorSerializer(Serializer):
    """Stream detectors as canonical JSON; one that is read raises the alarms that the kept one would have raised.

    Examples
    --------
    >>> import io
    >>> from mlopskit.drift import DDM
    >>> detector, file = DDM(), io.BytesIO()
    >>> detector.update_many([0, 1, 0])
    array([], dtype=int64)
    >>> StreamDetectorSerializer().write(detector, file)
    >>> StreamDetectorSerializer().read(io.BytesIO(file.getvalue()), version=1) == detector
    True
    """

    name = "stream-detector"

    def accepts(self, value: object) -> bool:
        """Whether this is one of mlopskit's detectors, and not of a subclass."""
        kind = type(value)
        return DETECTORS.get(kind.__qualname__) == kind.__module__

    def encode(self, value: StreamDetector, file: BinaryIO) -> None:
        """Write parameters and state."""
        from mlopskit.records.json import to_json

        params = {name: _plain(param) for name, param in value.get_params().items()}
        kept = {"detector": type(value).__qualname__, "params": params, "state": to_json(value._state)}
        file.write(canonical_json.encode(kept))

    def decode(self, file: BinaryIO, version: int) -> StreamDetector:  # noqa: ARG002 - the first version has no older ones
        """Return the detector, ready for the next value."""
        from mlopskit.records.json import from_json

        kept = canonical_json.decode(file.read())
        module = importlib.import_module(DETECTORS[kept["detector"]])
        detector: StreamDetector = getattr(module, kept["detector"])(**kept["params"])
        object.__setattr__(detector, "_state", from_json(type(detector._state), kept["state"]))
        return detector


def _plain(param: Any) -> Any:
    """Turn one of NumPy's scalars into Python's, which are all that JSON has."""
    return param.item() if hasattr(param, "item") else param
