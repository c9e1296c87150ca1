"""Scoring the test part with a bundle, batch by batch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tenure.bundle import Bundle
from tenure.errors import DataError
from tenure.evaluation import Scored

LABEL = "_label"
BATCH_ROWS = 50_000


@dataclass(frozen=True)
class TestPart:
    """The rows that nothing before the evaluation has looked at."""

    __test__ = False  # not a test case, whatever its name

    table: pa.Table
    label: NDArray[np.int8]

    @property
    def rows(self) -> int:
        return int(self.label.size)

    @property
    def churners(self) -> int:
        return int(self.label.sum())

    def part(self, rows: NDArray[np.bool_]) -> TestPart:
        """Some of the rows, (rows,), without their columns: they are scored already."""
        return TestPart(self.table.select([LABEL]).filter(pa.array(rows)), self.label[rows])


def read_test_part(path: Path) -> TestPart:
    """The test part at ``path``.

    Raises:
        DataError: if it has no row, or a label other than 0 and 1.
    """
    table = pq.read_table(path)
    if table.num_rows == 0:
        raise DataError(f"the test part is empty: {path.name} has no row")
    column = table.column(LABEL)
    label = np.asarray(column.to_numpy())
    if column.null_count or not np.isin(label, (0, 1)).all():
        raise DataError(f"{path.name}: column '{LABEL}' must be 0 or 1 in every row")
    return TestPart(table, label.astype(np.int8))


def score(bundle: Bundle, table: pa.Table) -> Scored:
    """What ``bundle`` says about the rows of ``table``, by the one implementation of prediction.

    Raises:
        DataError: if it gives something that is no probability, or lacks a column.
    """
    probabilities, decisions = [], []
    for start in range(0, table.num_rows, BATCH_ROWS):
        batch = table.slice(start, BATCH_ROWS)
        answer = bundle.predict({name: batch.column(name) for name in batch.column_names})
        probabilities.append(answer.probability)
        decisions.append(answer.decision)
    return Scored(np.concatenate(probabilities), np.concatenate(decisions))
