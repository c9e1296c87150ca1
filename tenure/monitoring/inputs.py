"""The distribution of each input, reference and current, as ``monitoring.json`` and the drift report hold it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenure.contract import Column
from tenure.monitoring.statistic import ComparedInput
from tenure.stats import NumberProfile, Profile, Sketch, TextProfile, compare_columns
from tenure.stats.profile import ColumnProfile

NEW_VALUES = 5
"""Most frequent new values that are named."""
NAME_CHARACTERS = 60
"""Of a new value's text."""


def compared_inputs(reference: Profile, current: Sketch, columns: Mapping[str, Column]) -> dict[str, ComparedInput]:
    """The inputs that the reference and the current customers both have, by name.

    Args:
        reference: of the model.
        current: of the current customers.
        columns: the inputs as the contract describes them.
    """
    found = compare_columns(reference, current)
    return {name: ComparedInput(name, columns[name], shares, current) for name, shares in found.items()}


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


def describe(found: ComparedInput) -> dict[str, Any]:
    """Both distributions of an input as JSON values."""
    shares = found.shares
    described = {"unit": found.column.unit, "description": found.column.description}
    both = {"reference": _shares(shares.reference), "current": _shares(shares.current)}
    if isinstance(shares.reference, NumberProfile):
        return {"kind": "number", **described, "edges": list(shares.reference.edges), **both}
    new = _new_values(found.name, shares.reference, found.current)
    return {"kind": "text", **described, "values": list(shares.reference.values), **both, "new_values": new}


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
