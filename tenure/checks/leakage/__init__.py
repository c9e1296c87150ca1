"""Leakage: features of the training part that reveal the label and are unknown on the day of a prediction."""

from tenure.checks.leakage.check import ADVICE, allowed, check_leakage
from tenure.checks.leakage.table import KINDS, Table

__all__ = ["ADVICE", "KINDS", "Table", "allowed", "check_leakage"]
