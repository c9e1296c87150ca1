"""A column in words."""

from __future__ import annotations

from tenure.contract import Column


def allowed(column: Column) -> str:
    """Its values, range or format; empty if it has none."""
    if column.values is not None:
        return ", ".join(column.values)
    if column.range is not None:
        low, high = ("…" if bound is None else f"{bound:g}" for bound in column.range)
        return f"{low} to {high}"
    return f"as {column.format}" if column.format else ""
