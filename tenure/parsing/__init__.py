"""From a source's columns, text or typed, to the contract's Arrow types; rows that do not parse, with the reason."""

from tenure.parsing.faults import Kind, RowFaults
from tenure.parsing.parse import ROW, arrow_type, parse_batch, parse_value, table_columns, table_schema

__all__ = [
    "ROW",
    "Kind",
    "RowFaults",
    "arrow_type",
    "parse_batch",
    "parse_value",
    "table_columns",
    "table_schema",
]
