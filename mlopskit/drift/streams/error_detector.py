"""What the detectors that watch a model's errors have in common: what they take, and a warning before the alarm."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs

from mlopskit.drift.streams.stream_detector import StreamDetector, StreamState


@attrs.define
class ErrorState(StreamState):
    """What a detector of errors has seen."""

    warning: bool = False


@attrs.frozen
class ErrorDetector(StreamDetector):
    """Raises an alarm when a model begins to err more often: a value is 1 for an error and 0 for a right answer."""

    _state: ErrorState = attrs.field(init=False, factory=ErrorState, repr=False)
    _takes: ClassVar[str] = "1 for an error and 0 for a right answer"
    _remedy: ClassVar[str] = "drop answers without a label, and give other values to ADWIN, PageHinkley or KSWIN"

    @property
    def warning_detected(self) -> bool:
        """Whether the errors come close to an alarm; never together with one."""
        return self._state.warning

    def _allows(self, values: Any) -> Any:
        return (values == 0) | (values == 1)
