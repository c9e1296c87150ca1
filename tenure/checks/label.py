"""What the rows' labels say: who left, or how much of what is predicted there was."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tenure.contract import Contract
from tenure.parsing.parse import parse_value


def positives(contract: Contract, labels: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Whether each label is the contract's positive one; boolean, null where the label is.

    Args:
        labels: the label column in its parsed type.

    Raises:
        ContractError: ``label.positive`` is no value of the label column's type.
    """
    name = contract.label_column
    positive = contract.label.positive
    if name is None or positive is None:
        raise ValueError("an event log has no label column")
    value = parse_value(positive, name, contract.columns[name], "label.positive")
    return pc.equal(labels, pa.scalar(value, labels.type))


def labels_of(contract: Contract, column: pa.Array | pa.ChunkedArray) -> NDArray[np.int8] | NDArray[np.float64]:
    """What a model learns, shape (rows,): 1 for customers who left and 0 for others; for regression the number.

    Args:
        column: the label column in its parsed type, without nulls; of an event log the computed one.

    Raises:
        ContractError: as for ``positives``.
    """
    if contract.task == "regression":
        number: NDArray[np.float64] = pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        return number
    left = column if contract.label_column is None else positives(contract, column)
    return np.asarray(left.to_numpy(zero_copy_only=False)).astype(np.int8)
