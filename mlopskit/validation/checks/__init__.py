"""Every check: conditions that rows, frames and models should meet."""

from mlopskit.validation.checks.approval import Approvals, CardComplete, ReportPassed
from mlopskit.validation.checks.calibration import Calibrated
from mlopskit.validation.checks.champion import BetterThanChampion
from mlopskit.validation.checks.check import Check, EachRow, FrameCheck, RowCheck
from mlopskit.validation.checks.columns import Between, Compare, Matches, NotNull, OneOf
from mlopskit.validation.checks.frames import HasColumns, RowCount, Unique
from mlopskit.validation.checks.latency import MaxLatency
from mlopskit.validation.checks.models import MinScore, ModelCheck
from mlopskit.validation.checks.slices import NoWorseSlice

__all__ = [
    "Approvals",
    "BetterThanChampion",
    "Between",
    "Calibrated",
    "CardComplete",
    "Check",
    "Compare",
    "EachRow",
    "FrameCheck",
    "HasColumns",
    "Matches",
    "MaxLatency",
    "MinScore",
    "ModelCheck",
    "NoWorseSlice",
    "NotNull",
    "OneOf",
    "ReportPassed",
    "RowCheck",
    "RowCount",
    "Unique",
]
