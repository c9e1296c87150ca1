"""Labels as numbers, from the source's column."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tenure.contract import Contract
from tenure.parsing.parse import parse_value
from tenure.tasks import get


def positives(contract: Contract, labels: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Whether each label has a value of ``label.positive``; boolean, null where the label is.

    Args:
        labels: the label column in its parsed type.

    Raises:
        ContractError: ``label.positive`` is not a value of the label column's type.
    """
    name = contract.label_column
    if name is None or not contract.label.positives:
        raise ValueError("an event log has no label column")
    column = contract.columns[name]
    values = [parse_value(text, name, column, "label.positive") for text in contract.label.positives]
    left = pc.is_in(labels, value_set=pa.array(values, labels.type))
    return pc.if_else(labels.is_valid(), left, None)


def labels_of(contract: Contract, column: pa.Array | pa.ChunkedArray) -> NDArray[Any]:
    """Labels of the contract's task, shape (rows,): 1 for customers who left and 0 for others, or the number.

    Args:
        column: the label column in its parsed type, without nulls; of an event log the computed one.

    Raises:
        ContractError: as for ``positives``.
    """
    return get(contract.task).label.read(contract, column)
