"""Who stands at a cut, and is scored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.checks.label import equal_any
from tenure.contract import Column, Contract
from tenure.contract.schema import SNAPSHOT_COLUMN
from tenure.contract.sources import assembly_of
from tenure.contract.values import TODAY_COLUMN, Text
from tenure.transform import Transform
from tenure.transform.state import Input, State

_RESULT = "_eligible"

Rows: TypeAlias = pa.RecordBatch | pa.Table


def eligible(contract: Contract, rows: Rows) -> NDArray[np.bool_]:
    """For which customers the contract's ``eligible`` is true; shape (rows,). Null counts as no; without it, all.

    Where the label is a status, a customer who has one of its values already is not eligible.

    Args:
        contract: one whose features are computed from tables.
        rows: as ``tenure.features.at`` returns them, with the hidden windows.
    """
    assembly = assembly_of(contract)
    found = np.ones(rows.num_rows, dtype=np.bool_)
    if assembly.eligible is not None:
        found = _holds(contract, assembly.eligible.text, assembly.eligible.columns, rows)
    if assembly.label.kind == "status":
        column = rows.column(str(assembly.label.column))
        texts = column if pa.types.is_string(column.type) else column.cast(pa.string())
        has_left = equal_any(texts, assembly.label.to).fill_null(False)
        found &= ~has_left.to_numpy(zero_copy_only=False).astype(np.bool_)
    return found


def _holds(contract: Contract, condition: str, columns: tuple[str, ...], rows: Rows) -> NDArray[np.bool_]:
    derived = _derived(contract, columns)
    used = {name for expression in derived.values() for name in expression} | set(columns)
    inputs = tuple(Input(name, column) for name, column in _columns(contract).items() if name in used)
    expressions = [(name, contract.derived[name].expression) for name in derived]
    transform = Transform(State(inputs, (*expressions, (_RESULT, condition)), ()))
    values = {name: rows.column(name) for name in transform.inputs if name != TODAY_COLUMN}
    if TODAY_COLUMN in transform.inputs:
        values[TODAY_COLUMN] = rows.column(SNAPSHOT_COLUMN).cast(pa.date32(), safe=False)
    result = transform.values(values)[_RESULT]
    if isinstance(result, Text):
        raise TypeError(f"'{condition}' is not a condition")
    return result == 1.0


def _derived(contract: Contract, columns: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """The derived features that a condition needs, with the columns that each reads, in the contract's order."""
    wanted = set(columns)
    found = {}
    for name in reversed(contract.expressions):
        if name in wanted:
            found[name] = contract.expressions[name].columns
            wanted.update(found[name])
    return dict(reversed(found.items()))


def _columns(contract: Contract) -> dict[str, Column]:
    """The columns that a condition may read, derived features left out."""
    assembly = assembly_of(contract)
    found = {name: as_of.column for name, as_of in assembly.as_of_columns.items()}
    found |= {name: window.result for name, window in assembly.windows.items()}
    return found | {TODAY_COLUMN: Column(type="date")}
