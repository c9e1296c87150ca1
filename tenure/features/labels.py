"""Labels from the feature tables."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from numpy.typing import NDArray

from tenure.contract import Contract
from tenure.contract.schema import LABEL_COLUMN
from tenure.errors import DataError
from tenure.tasks import get


def read_labels(table: pa.Table, contract: Contract, file: str) -> NDArray[Any]:
    """The labels of the rows of ``table``, shape (rows,), of the task's ``Label.dtype``.

    Args:
        file: for the error.

    Raises:
        DataError: there is no row, or a label is missing or invalid.
    """
    column, label = table.column(LABEL_COLUMN), get(contract.task).label
    if not len(column) or column.null_count:
        raise DataError(f"{file}: {column.null_count} of {len(column)} rows have no label")
    labels = column.to_numpy()
    wanted = label.invalid(labels)
    if wanted is not None:
        raise DataError(f"{file}: column '{LABEL_COLUMN}' must be {wanted} in every row")
    return labels.astype(label.dtype)
