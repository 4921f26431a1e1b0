"""The deployment room: a registered model that answers requests, and the log of what it was asked and said."""

from mlopskit.deployment.deployment import Deployment
from mlopskit.deployment.prediction_log import PredictionLog

__all__ = ["Deployment", "PredictionLog"]
