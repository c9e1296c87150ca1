"""Which rows are those of customers who left."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from tenure.checks.parse import parse_value
from tenure.contract import Contract


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
