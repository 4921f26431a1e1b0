"""Every check: conditions that rows, frames and models should meet."""

from mlopskit.validation.checks.approval import Approvals, CardComplete, ReportPassed
from mlopskit.validation.checks.behaviour import Directional, Invariant
from mlopskit.validation.checks.calibration import Calibrated
from mlopskit.validation.checks.champion import BetterThanChampion
from mlopskit.validation.checks.check import Check, EachRow, FrameCheck, RowCheck
from mlopskit.validation.checks.columns import Between, Finite, NotNull, NotOneOf, OneOf
from mlopskit.validation.checks.consistency import Deterministic, RowByRow
from mlopskit.validation.checks.dummy import BetterThanDummy
from mlopskit.validation.checks.fairness import DemographicParity, EqualOpportunity
from mlopskit.validation.checks.feature_power import SingleFeaturePower
from mlopskit.validation.checks.frames import HasColumns, RowCount
from mlopskit.validation.checks.groups import PerGroup
from mlopskit.validation.checks.keys import Determines, NoDuplicateRows, References, Unique
from mlopskit.validation.checks.kinds import HasDtype, InTimeZone, IsKind
from mlopskit.validation.checks.latency import MaxLatency
from mlopskit.validation.checks.leakage import NoLeakage
from mlopskit.validation.checks.models import ModelCheck
from mlopskit.validation.checks.order import Fresh, Monotonic, NoGaps
from mlopskit.validation.checks.overfit import MaxOverfit
from mlopskit.validation.checks.prediction_drift import StablePredictions
from mlopskit.validation.checks.robustness import RobustTo
from mlopskit.validation.checks.round_trip import SurvivesRoundTrip
from mlopskit.validation.checks.rows import Compare, Expression, Satisfies, SumsTo, When
from mlopskit.validation.checks.score import MinScore
from mlopskit.validation.checks.size import MaxSize
from mlopskit.validation.checks.slices import NoWorseSlice
from mlopskit.validation.checks.split_overlap import NoDuplicatesAcross, NoGroupLeakage, NoTimeLeakage
from mlopskit.validation.checks.statistics import Cardinality, Correlation, Mean, Quantile, Share, StandardDeviation
from mlopskit.validation.checks.texts import Length, Matches, NotBlank
from mlopskit.validation.checks.weak_slice import NoWeakSlice

__all__ = [
    "Approvals",
    "BetterThanChampion",
    "BetterThanDummy",
    "Between",
    "Calibrated",
    "CardComplete",
    "Cardinality",
    "Check",
    "Compare",
    "Correlation",
    "DemographicParity",
    "Determines",
    "Deterministic",
    "Directional",
    "EachRow",
    "EqualOpportunity",
    "Expression",
    "Finite",
    "FrameCheck",
    "Fresh",
    "HasColumns",
    "HasDtype",
    "InTimeZone",
    "Invariant",
    "IsKind",
    "Length",
    "Matches",
    "MaxLatency",
    "MaxOverfit",
    "MaxSize",
    "Mean",
    "MinScore",
    "ModelCheck",
    "Monotonic",
    "NoDuplicateRows",
    "NoDuplicatesAcross",
    "NoGaps",
    "NoGroupLeakage",
    "NoLeakage",
    "NoTimeLeakage",
    "NoWeakSlice",
    "NoWorseSlice",
    "NotBlank",
    "NotNull",
    "NotOneOf",
    "OneOf",
    "PerGroup",
    "Quantile",
    "References",
    "ReportPassed",
    "RobustTo",
    "RowByRow",
    "RowCheck",
    "RowCount",
    "Satisfies",
    "Share",
    "SingleFeaturePower",
    "StablePredictions",
    "StandardDeviation",
    "SumsTo",
    "SurvivesRoundTrip",
    "Unique",
    "When",
]
