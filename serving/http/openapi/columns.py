"""Descriptions of columns."""

from __future__ import annotations

from tenure.contract import Column
from tenure.contract.columns import EPOCH_NAMES
from tenure.contract.written_numbers import example


def allowed(column: Column) -> str:
    """The values, range or format that a column allows; empty without a limit."""
    if column.values is not None:
        return ", ".join(column.values)
    parts = []
    if column.range is not None:
        low, high = ("…" if bound is None else f"{bound:g}" for bound in column.range)
        parts.append(f"{low} to {high}")
    if column.number_format is not None:
        parts.append(f"a number, or a text such as {example(column.number_format)}")
    elif column.is_epoch:
        parts.append(f"{EPOCH_NAMES[str(column.moment_format)]} since 1970-01-01 in UTC")
    elif column.moment_format is not None:
        parts.append(f"as {column.moment_format}")
    return "; ".join(parts)
