"""Rows that are set aside: those without a label, or with one that the contract ignores.

They are not held against the contract, and no model is trained on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.checks.label import equal_any, named_values, shown
from tenure.contract import Contract
from tenure.parsing import ROW, rejects
from tenure.parsing.faults import row_text
from tenure.parsing.lenient import flags, valid
from tenure.sources.protocol import RejectedRow


@dataclass(frozen=True, eq=False)
class SetAside:
    """The rows of a batch that are set aside."""

    missing: NDArray[np.bool_]
    """Which rows have no label; shape (rows,)."""
    ignored: NDArray[np.bool_]
    """Which rows have a label of ``label.ignore``; shape (rows,)."""

    @property
    def rows(self) -> NDArray[np.bool_]:
        """Which rows are set aside; shape (rows,)."""
        return self.missing | self.ignored


def find_set_aside(contract: Contract, batch: pa.RecordBatch) -> SetAside:
    """Find the rows of a parsed batch that are set aside; none of an event log, whose label is computed.

    Raises:
        ContractError: a value of ``label.ignore`` is not one of the label column's type.
    """
    nothing = np.zeros(batch.num_rows, dtype=bool)
    if contract.label_column is None:
        return SetAside(nothing, nothing)
    labels = batch.column(contract.label_column)
    missing = ~valid(labels) if labels.null_count else nothing
    ignored = nothing
    if contract.label.ignore:
        ignored = flags(equal_any(labels, list(named_values(contract).ignore.values())))
    return SetAside(missing, ignored)


def reason_of(contract: Contract, label: Any) -> str:
    """Why a row with this label, None where it is missing, is set aside."""
    name = str(contract.label_column)
    if label is None:
        return f"'{name}' is missing"
    return f"'{name}' is {shown(label, contract.columns[name])}, a value of label.ignore"


def to_batch(contract: Contract, batch: pa.RecordBatch, rows: NDArray[np.bool_]) -> pa.RecordBatch:
    """The rows of ``batch`` that are set aside, as they are written: ``row``, ``reason`` and ``text``.

    Args:
        rows: which rows; shape (rows,).
    """
    name = str(contract.label_column)
    found = []
    for row in batch.filter(pa.array(rows)).to_pylist():
        number, reason = row.pop(ROW), reason_of(contract, row[name])
        found.append(RejectedRow(number, reason, reason, row_text(row)))
    return rejects.to_batch(found)
