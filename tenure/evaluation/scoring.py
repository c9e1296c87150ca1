"""Scoring the test part with a bundle, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tenure.bundle import Bundle, Prediction, ValuePrediction
from tenure.contract.settings import Task
from tenure.errors import DataError

LABEL = "_label"
BATCH_ROWS = 50_000


@dataclass(frozen=True)
class TestPart:
    """The rows that nothing before the evaluation has looked at."""

    __test__ = False  # not a test case, whatever its name

    table: pa.Table
    label: NDArray[Any]
    """(rows,) int8, 1 for a customer who left and 0 for one who stayed; for regression the number, float64."""

    @property
    def rows(self) -> int:
        return int(self.label.size)

    def part(self, rows: NDArray[np.bool_]) -> TestPart:
        """Some of the rows, (rows,), without their columns: they are scored already."""
        return TestPart(self.table.select([LABEL]).filter(pa.array(rows)), self.label[rows])


def read_test_part(path: Path, task: Task) -> TestPart:
    """The test part at ``path``.

    Raises:
        DataError: if it has no row, or a label that the task cannot have.
    """
    table = pq.read_table(path)
    if table.num_rows == 0:
        raise DataError(f"the test part is empty: {path.name} has no row")
    column = table.column(LABEL)
    label = np.asarray(column.to_numpy())
    if task == "regression":
        label = label.astype(np.float64)
        if column.null_count or not np.isfinite(label).all():
            raise DataError(f"{path.name}: column '{LABEL}' must be a finite number in every row")
        return TestPart(table, label)
    if column.null_count or not np.isin(label, (0, 1)).all():
        raise DataError(f"{path.name}: column '{LABEL}' must be 0 or 1 in every row")
    return TestPart(table, label.astype(np.int8))


def answers(bundle: Bundle, table: pa.Table) -> Iterator[Prediction | ValuePrediction]:
    """What ``bundle`` says about the rows of ``table``, by the one implementation of prediction, batch by batch.

    Raises:
        DataError: if the table lacks a column.
    """
    for start in range(0, table.num_rows, BATCH_ROWS):
        batch = table.slice(start, BATCH_ROWS)
        yield bundle.predict({name: batch.column(name) for name in batch.column_names})
