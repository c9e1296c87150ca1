"""Values of columns under the names that the contract gives them."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tenure.contract import Contract
from tenure.contract.schema import BOOLEAN_TEXTS


def described(contract: Contract, column: str) -> str | None:
    """What the contract says of a column, with its unit; None where it says nothing."""
    found = contract.row_columns.get(column) or contract.inputs.get(column)
    if found is None:
        return None
    unit = f"in {found.unit}" if found.unit else ""
    return ", ".join(text for text in (found.description, unit) if text) or None


def boolean_names(contract: Contract, column: str) -> tuple[str, ...]:
    """How the contract writes the false and the true value of a boolean column."""
    described = contract.row_columns.get(column) or contract.inputs.get(column)
    return (described.values if described is not None else None) or BOOLEAN_TEXTS


def name_value(contract: Contract, column: str, value: Any) -> Any:
    """A value as the contract writes it: ``Yes`` for true where the column's values are No and Yes."""
    return boolean_names(contract, column)[int(value)] if isinstance(value, bool) else value


def name_values(contract: Contract, column: str, values: pa.ChunkedArray) -> pa.ChunkedArray:
    """A boolean column as the contract's texts, (rows,); any other column as it is."""
    if not pa.types.is_boolean(values.type):
        return values
    false, true = (pa.scalar(text) for text in boolean_names(contract, column))
    return pc.if_else(values, true, false)
