"""The validation gate: checks of rows, keys, labels and the table as a whole."""

from tenure.checks.label import labels_of, positives
from tenure.checks.result import Check, Counts, Validation

__all__ = [
    "Check",
    "Counts",
    "Validation",
    "labels_of",
    "positives",
]
