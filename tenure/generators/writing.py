"""Files of a table, written a block at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from tenure.atomic import replacing, storage_errors

ROW_GROUP = 65_536
"""Rows of a Parquet file's row group, about: rows are kept back until there are so many."""


class Writer(Protocol):
    """Appends rows to a file."""

    def write(self, rows: pa.Table) -> None:
        """Append ``rows``."""


@contextlib.contextmanager
def writing(path: Path, schema: pa.Schema) -> Iterator[Writer]:
    """A writer of the file ``path``, which appears once the ``with`` block has succeeded. Its suffix is its format.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    with replacing(path) as temporary, storage_errors(path):
        if path.suffix == ".csv":
            with pyarrow.csv.CSVWriter(temporary, schema) as csv:
                yield csv
        else:
            with pyarrow.parquet.ParquetWriter(temporary, schema, compression="zstd") as parquet:
                buffer = _Buffer(parquet)
                yield buffer
                buffer.flush()


class _Buffer:
    """Collects rows for row groups of a sensible size."""

    def __init__(self, writer: pyarrow.parquet.ParquetWriter) -> None:
        self._writer = writer
        self._waiting: list[pa.Table] = []
        self._rows = 0

    def write(self, rows: pa.Table) -> None:
        self._waiting.append(rows)
        self._rows += rows.num_rows
        if self._rows >= ROW_GROUP:
            self.flush()

    def flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.concat_tables(self._waiting), row_group_size=2 * ROW_GROUP)
        self._waiting, self._rows = [], 0
