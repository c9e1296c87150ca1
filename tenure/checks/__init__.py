"""What a contract asks of data: types, rows, keys, the table as a whole."""

from tenure.checks.evolution import Evolution, reconcile
from tenure.checks.faults import Kind, RowFaults
from tenure.checks.label import labels_of, positives
from tenure.checks.parse import ROW, arrow_type, parse_batch, parse_value, table_columns, table_schema
from tenure.checks.result import Check, Counts, Validation

__all__ = [
    "ROW",
    "Check",
    "Counts",
    "Evolution",
    "Kind",
    "RowFaults",
    "Validation",
    "arrow_type",
    "labels_of",
    "parse_batch",
    "parse_value",
    "positives",
    "reconcile",
    "table_columns",
    "table_schema",
]
