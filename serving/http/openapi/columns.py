"""Descriptions of columns."""

from __future__ import annotations

from tenure.contract import Column


def allowed(column: Column) -> str:
    """The values, range or format that a column allows; empty without a limit."""
    if column.values is not None:
        return ", ".join(column.values)
    if column.range is not None:
        low, high = ("…" if bound is None else f"{bound:g}" for bound in column.range)
        return f"{low} to {high}"
    return f"as {column.moment_format}" if column.moment_format else ""
