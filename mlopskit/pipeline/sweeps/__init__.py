"""A pipeline run again and again with other parameters: the searches, and what they find."""

from mlopskit.pipeline.sweeps.result import SweepResult
from mlopskit.pipeline.sweeps.searches import Grid, Halving, Random, Search, Trial

__all__ = ["Grid", "Halving", "Random", "Search", "SweepResult", "Trial"]
