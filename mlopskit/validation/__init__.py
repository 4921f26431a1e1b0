"""Whether rows, or a model, are what they should be."""

from mlopskit.records.validation import ValidationReport
from mlopskit.validation import checks
from mlopskit.validation.validator import Validator

__all__ = ["ValidationReport", "Validator", "checks"]
