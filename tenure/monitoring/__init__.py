"""Monitoring: current customers compared with those that the model was trained on."""

from tenure.monitoring.comparison import compare
from tenure.monitoring.result import Monitoring
from tenure.monitoring.verdict import Limits, Verdict, decide

__all__ = ["Limits", "Monitoring", "Verdict", "compare", "decide"]
