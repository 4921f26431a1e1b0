"""What HDDM_A and HDDM_W have in common: the parameters, and values in a bounded range, which Hoeffding asks for."""

from __future__ import annotations

from operator import ge
from typing import Any, ClassVar

import attrs

from mlopskit.drift.parameters import PROBABILITY, beside, one_of
from mlopskit.drift.streams.error_detector import ErrorDetector


@attrs.frozen
class HDDM(ErrorDetector):
    """Compares means of values between 0 and 1 by bounds that hold whatever their distribution is."""

    drift_confidence: float = attrs.field(default=0.001, validator=PROBABILITY)
    warning_confidence: float = attrs.field(
        default=0.005, validator=[PROBABILITY, beside("drift_confidence", ge, "at least")]
    )
    two_sided_test: bool = attrs.field(default=False, validator=one_of(False, True), kw_only=True)
    _takes: ClassVar[str] = "numbers from 0 to 1, such as 1 for an error and 0 for a right answer"

    def _allows(self, values: Any) -> Any:
        return (values >= 0) & (values <= 1)
