"""The distribution of each input, reference and current, as ``monitoring.json`` and the drift report hold it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenure.contract import Column
from tenure.stats import ColumnComparison, NumberProfile, Profile, Sketch, TextProfile
from tenure.stats.profile import ColumnProfile

NEW_VALUES = 5
"""Most frequent new values that are named."""
NAME_CHARACTERS = 60
"""Of a new value's text."""


def describe(
    compared: Mapping[str, ColumnComparison], columns: Mapping[str, Column], current: Sketch
) -> dict[str, dict[str, Any]]:
    """The compared inputs as JSON values, in the order given.

    Args:
        compared: by name of the input.
        columns: the inputs as the contract describes them.
        current: of the current customers.
    """
    return {name: _describe(name, found, columns[name], current) for name, found in compared.items()}


def not_compared(reference: Profile, current: Sketch, columns: Mapping[str, Column]) -> dict[str, str]:
    """Why an input has no distance, by name of the input.

    Args:
        reference: of the model.
        current: of the current customers.
        columns: the inputs as the contract describes them.
    """
    found = {}
    for name, column in columns.items():
        if column.is_temporal:
            found[name] = "dates change from day to day"
        elif name not in current.columns:
            found[name] = "the current customers have no such column"
        elif name not in reference.columns:
            found[name] = "the bundle holds no reference distribution of it"
    return found


def _describe(name: str, found: ColumnComparison, column: Column, current: Sketch) -> dict[str, Any]:
    described = {"unit": column.unit, "description": column.description}
    both = {"reference": _shares(found.reference), "current": _shares(found.current)}
    if isinstance(found.reference, NumberProfile):
        return {"kind": "number", **described, "edges": list(found.reference.edges), **both}
    new = _new_values(name, found.reference, current)
    return {"kind": "text", **described, "values": list(found.reference.values), **both, "new_values": new}


def _shares(column: ColumnProfile) -> dict[str, Any]:
    if isinstance(column, NumberProfile):
        return {"shares": list(column.shares), "missing": column.missing}
    return {"shares": list(column.values.values()), "other": column.other, "missing": column.missing}


def _new_values(name: str, reference: TextProfile, current: Sketch) -> dict[str, Any] | None:
    """Values that the reference does not have; None where it keeps only its most frequent ones."""
    # The share of other values is computed by subtraction, so it is 0 up to rounding.
    if reference.other > 1e-9:
        return None
    counts = current.texts(name).items()
    new = sorted(((v, n) for v, n in counts if v not in reference.values), key=lambda entry: (-entry[1], entry[0]))
    rows = max(current.rows, 1)
    return {
        "distinct": len(new),
        "share": sum(count for _, count in new) / rows,
        "most_frequent": [{"value": _cut(value), "share": count / rows} for value, count in new[:NEW_VALUES]],
    }


def _cut(value: str) -> str:
    return value if len(value) <= NAME_CHARACTERS else f"{value[: NAME_CHARACTERS - 1]}…"
