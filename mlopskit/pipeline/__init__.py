"""Plain functions wired by their argument names, run once, and remembered by content."""

from mlopskit.pipeline.pipeline import Pipeline
from mlopskit.pipeline.result import Result
from mlopskit.pipeline.step import Step

__all__ = ["Pipeline", "Result", "Step"]
