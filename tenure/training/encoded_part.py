"""The parts of the split, encoded as a model reads them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tenure.contract import Contract
from tenure.contract.monotone import directions
from tenure.contract.values import Value
from tenure.errors import StorageError
from tenure.features.labels import read_labels
from tenure.stats.clusters import customers_of
from tenure.tasks import get
from tenure.training.families import Folds, divide
from tenure.training.families.monotone import signs_of
from tenure.transform import Transform, encode_training_rows

PartName = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class EncodedPart:
    """Rows of one part, encoded."""

    matrix: NDArray[np.float32]
    """Shape (n, f)."""
    label: NDArray[Any]
    """Shape (n,), of the task's ``Label.dtype``."""
    key: NDArray[Any]
    """Shape (n,)."""
    time: NDArray[Any] | None
    """Shape (n,); None where the contract has no time."""
    segment_columns: dict[str, Value]
    """The columns by which the contract tells segments, shape (n,) each."""
    monotone: NDArray[np.int8] | None = None
    """As of ``Rows``."""

    @cached_property
    def customer(self) -> NDArray[np.int64] | None:
        """Code of each row's customer, shape (n,); None where every row is another customer's."""
        return customers_of(self.key)


def read_transform(features: Path) -> Transform:
    """The transform that ``feature`` fitted.

    Raises:
        StorageError: if it cannot be read.
    """
    try:
        return Transform.from_json((features / "transform.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise StorageError(f"cannot read {features / 'transform.json'}: {error.strerror}") from error


def read_part(features: Path, name: PartName, contract: Contract, transform: Transform) -> EncodedPart:
    """Read and encode a part; the training part's target statistics are cross-fitted (``encode_training_rows``).

    Raises:
        StorageError: if it cannot be read.
        DataError: a label is missing or invalid, or there is no row.
    """
    path = features / f"{name}.parquet"
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise StorageError(f"cannot read {path}: {str(error).splitlines()[0]}") from error
    return encode_part(table, contract, transform, fitted=name == "train", file=path.name)


def encode_part(
    table: pa.Table, contract: Contract, transform: Transform, *, fitted: bool = False, file: str = "the table"
) -> EncodedPart:
    """Encode rows as the feature step writes them.

    Args:
        fitted: whether the transform was fitted to these very rows.
        file: for errors.

    Raises:
        DataError: a label is missing or invalid, or there is no row.
    """
    time = contract.row_time
    columns = {column: table.column(column) for column in transform.inputs}
    label, key = read_labels(table, contract, file), table.column(contract.key_column).to_numpy()
    if fitted:
        encoded = encode_training_rows(transform, columns, label, key, contract.training.seed)
    else:
        encoded = transform.encode(columns)
    return EncodedPart(
        matrix=encoded.matrix,
        label=label,
        key=key,
        time=None if time is None else table.column(time).to_numpy(),
        segment_columns={column: encoded.values[column] for column in contract.decision.segment_columns},
        monotone=signs_of(directions(contract), transform.features),
    )


def folds_of(part: EncodedPart, contract: Contract, count: int | None = None) -> Folds:
    """The folds of the part for cross-validation; the same at every call.

    Args:
        count: how many; without it those of the contract.

    Raises:
        DataError: if it has too few rows, or too few of a class.
    """
    made, count = contract.assembly, contract.training.folds if count is None else count
    label = get(contract.task).label
    return divide(
        label.fold_strata(part.label, count),
        count,
        contract.training.seed,
        classes=label.min_classes,
        key=part.key,
        time=part.time if contract.split_strategy == "time" else None,
        horizon=None if made is None else made.label.reach,
    )
