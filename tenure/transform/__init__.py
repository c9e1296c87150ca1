"""From raw columns to the matrix that models see: one code path for training and serving."""

from tenure.transform.containers import Values
from tenure.transform.fitting import Tables, fit, of_table
from tenure.transform.split import PARTS, Assignment, assign, hash_keys
from tenure.transform.state import Feature
from tenure.transform.strata import stratify
from tenure.transform.transform import Columns, Encoded, Transform
from tenure.transform.windows import event_columns, snapshots

__all__ = [
    "PARTS",
    "Assignment",
    "Columns",
    "Encoded",
    "Feature",
    "Tables",
    "Transform",
    "Values",
    "assign",
    "event_columns",
    "fit",
    "hash_keys",
    "of_table",
    "snapshots",
    "stratify",
]
