"""Reads the rows to replay."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tenure.contract import Contract
from tenure.errors import DataError, StorageError
from tenure.protocol.request import Value

Columns = dict[str, list[Value]]


def read_rows(path: Path, contract: Contract, at_least: int, at_most: int) -> Columns:
    """The contract's inputs, and the day if a feature depends on it, in the first rows of a Parquet file.

    Args:
        path: the file.
        contract: names the columns.
        at_least: smallest number of rows; fewer rows are repeated.
        at_most: largest number of rows read.

    Raises:
        DataError: the file has no rows, or a required column is missing.
        StorageError: the file cannot be read.
    """
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise StorageError(f"cannot read {path}: {str(error).splitlines()[0]}") from error
    absent = [name for name, column in contract.accepted.items() if column.required and name not in table.column_names]
    if absent:
        raise DataError(f"{path} has no column '{absent[0]}'")
    if not table.num_rows:
        raise DataError(f"{path} has no rows to replay")
    table = table.select([name for name in contract.accepted if name in table.column_names]).slice(0, at_most)
    columns: Columns = {
        name: [contract.accepted[name].as_written(value) for value in table[name].to_pylist()]
        for name in table.column_names
    }
    repeats = -(-at_least // table.num_rows)
    return {name: values * repeats for name, values in columns.items()}


def part(columns: Columns, start: int, stop: int) -> Columns:
    """Rows ``start`` to ``stop``."""
    return {name: values[start:stop] for name, values in columns.items()}
