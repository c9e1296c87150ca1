"""The parts that ``feature`` wrote, as a model takes them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tenure.contract import Contract
from tenure.contract.schema import LABEL_COLUMN, SNAPSHOT_COLUMN
from tenure.contract.values import Value
from tenure.errors import DataError, StorageError
from tenure.stats.strata import stratify
from tenure.training.families import Folds, divide
from tenure.transform import Transform

ROWS_OF_FOLD = 2
"""Least rows of a stratum of the label in every fold."""


@dataclass(frozen=True)
class Part:
    """Rows of one part, encoded."""

    matrix: NDArray[np.float32]
    """Shape (n, f)."""
    label: NDArray[Any]
    """Shape (n,): int8, 0 or 1; for regression the number, float64."""
    key: NDArray[Any]
    """Shape (n,)."""
    time: NDArray[Any] | None
    """Shape (n,); none where the contract has no time."""
    segment_columns: dict[str, Value]
    """The columns by which the contract tells segments, shape (n,) each."""


def read_transform(features: Path) -> Transform:
    """The transform that ``feature`` fitted.

    Raises:
        StorageError: if it cannot be read.
    """
    try:
        return Transform.from_json((features / "transform.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise StorageError(f"cannot read {features / 'transform.json'}: {error.strerror}") from error


def read_part(features: Path, name: Literal["train", "validation"], contract: Contract, transform: Transform) -> Part:
    """Read and encode a part.

    Raises:
        StorageError: if it cannot be read.
        DataError: if a label is missing, neither 0 nor 1, or no finite number; or there is no row.
    """
    path = features / f"{name}.parquet"
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise StorageError(f"cannot read {path}: {str(error).splitlines()[0]}") from error
    time = contract.time if contract.events is None else SNAPSHOT_COLUMN
    encoded = transform.encode({column: table.column(column) for column in transform.inputs})
    return Part(
        matrix=encoded.matrix,
        label=_labels(table.column(LABEL_COLUMN), contract, path.name),
        key=table.column(contract.key).to_numpy(),
        time=None if time is None else table.column(time).to_numpy(),
        segment_columns={
            segment.column: encoded.values[segment.column] for segment in contract.decision.segments.values()
        },
    )


def _labels(column: pa.ChunkedArray, contract: Contract, file: str) -> NDArray[np.int8] | NDArray[np.float64]:
    if not len(column) or column.null_count:
        raise DataError(f"{file}: {column.null_count} of {len(column)} rows have no label")
    if contract.task == "regression":
        numbers: NDArray[np.float64] = column.to_numpy().astype(np.float64)
        if not np.isfinite(numbers).all():
            raise DataError(f"{file}: a label is no finite number")
        return numbers
    classes: NDArray[np.int8] = column.to_numpy().astype(np.int8)
    if not np.isin(classes, (0, 1)).all():
        raise DataError(f"{file}: a label is neither 0 nor 1")
    return classes


def folds_of(part: Part, contract: Contract) -> Folds:
    """The part's folds for cross-validation: the same wherever they are made.

    Raises:
        DataError: if it has too few rows, or too few of a class.
    """
    days, count = contract.label.horizon_days, contract.training.folds
    strata = _strata(part.label, count) if contract.task == "regression" else part.label
    return divide(
        strata,
        count,
        contract.training.seed,
        classes=int(strata.max()) + 1 if contract.task == "regression" else 2,
        key=part.key,
        time=part.time if contract.split_strategy == "time" else None,
        horizon=None if days is None else np.timedelta64(days, "D"),
    )


def _strata(label: NDArray[Any], folds: int) -> NDArray[np.int64]:
    """What folds keep the shares of, of a number."""
    if len(label) < 2 * ROWS_OF_FOLD * folds:
        needed = 2 * ROWS_OF_FOLD * folds
        raise DataError(f"the training part has {len(label)} rows, {folds} folds need at least {needed}")
    return stratify(label, ROWS_OF_FOLD * folds)
