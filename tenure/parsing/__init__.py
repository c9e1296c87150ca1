"""Parses a source's columns, text or typed, into the contract's Arrow types; finds the rows that do not parse."""

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
