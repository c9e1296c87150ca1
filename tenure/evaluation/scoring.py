"""The test part, and the predictions of a bundle for it, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tenure.bundle import Bundle, Decision, Prediction
from tenure.contract import Contract
from tenure.contract.schema import LABEL_COLUMN
from tenure.errors import BundleError, DataError
from tenure.features.labels import read_labels
from tenure.stats.clusters import Ints, count_customers, customers_of, customers_within

BATCH_ROWS = 50_000

D = TypeVar("D", bound=Decision)


@dataclass(frozen=True)
class TestPart:
    """The rows that no step before the evaluation has used."""

    __test__ = False  # not a test case, whatever its name

    table: pa.Table
    label: NDArray[Any]
    """(rows,) of the task's ``Label.dtype``."""
    customer: Ints | None = None
    """(rows,) code of each row's customer (``tenure.stats.clusters``); None where no two rows are of one."""
    whole: bool = False
    """Whether these are the rows of all parts, predicted by cross-fitting (``tenure.evaluation.repeats``)."""

    @property
    def rows(self) -> int:
        return int(self.label.size)

    @property
    def name(self) -> str:
        """In sentences."""
        return "table" if self.whole else "test part"

    @property
    def customers(self) -> int:
        """Customers of the rows."""
        return count_customers(self.customer, np.ones(self.rows, dtype=bool))

    def part(self, rows: NDArray[np.bool_]) -> TestPart:
        """Some of the rows, (rows,), without their columns: they are scored already."""
        table = self.table.select([LABEL_COLUMN]).filter(pa.array(rows))
        return TestPart(table, self.label[rows], customers_within(self.customer, rows), self.whole)


def read_test_part(path: Path, contract: Contract) -> TestPart:
    """The test part at ``path``.

    Raises:
        DataError: it has no row, or an invalid label.
    """
    table = pq.read_table(path)
    if table.num_rows == 0:
        raise DataError(f"the test part is empty: {path.name} has no row")
    return TestPart(table, read_labels(table, contract, path.name), customers_of(table.column(contract.key_column)))


def predict(bundle: Bundle, table: pa.Table, *, additions: bool = False) -> Iterator[Prediction]:
    """The predictions of ``bundle`` for the rows of ``table``, batch by batch.

    Args:
        additions: whether the predictions have the outputs of the bundle's additions.

    Raises:
        DataError: the table lacks a column.
    """
    for start in range(0, table.num_rows, BATCH_ROWS):
        batch = table.slice(start, BATCH_ROWS)
        yield bundle.predict({name: batch.column(name) for name in batch.column_names}, additions=additions)


def decision_of(bundle: Bundle, kind: type[D], task: str) -> D:
    """The bundle's decision, which must be of the evaluated task.

    Raises:
        BundleError: it is of another task.
    """
    decision = bundle.decision
    if not isinstance(decision, kind):
        trained = bundle.contract.task
        raise BundleError(
            f"the model '{bundle.manifest.family}' was trained for {trained}, the contract's task is {task}"
        )
    return decision
