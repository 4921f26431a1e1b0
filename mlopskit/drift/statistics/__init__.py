"""Statistics: how two samples of one column are compared."""

from mlopskit.drift.statistics.anderson_darling import AndersonDarling
from mlopskit.drift.statistics.chi_square import ChiSquare
from mlopskit.drift.statistics.cramer_von_mises import CramerVonMises
from mlopskit.drift.statistics.distances import Energy, Wasserstein
from mlopskit.drift.statistics.divergences import (
    GTest,
    Hellinger,
    JensenShannon,
    LInfinity,
    PopulationStabilityIndex,
    TotalVariation,
)
from mlopskit.drift.statistics.kolmogorov_smirnov import KolmogorovSmirnov
from mlopskit.drift.statistics.statistic import Comparison, Sample, Statistic

__all__ = [
    "AndersonDarling",
    "ChiSquare",
    "Comparison",
    "CramerVonMises",
    "Energy",
    "GTest",
    "Hellinger",
    "JensenShannon",
    "KolmogorovSmirnov",
    "LInfinity",
    "PopulationStabilityIndex",
    "Sample",
    "Statistic",
    "TotalVariation",
    "Wasserstein",
]
