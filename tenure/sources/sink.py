"""A Parquet file written batch by batch."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from tenure.atomic import replacing, storage_errors

ROW_GROUP_ROWS = 131_072
"""Smallest number of rows in a row group; the last one may have fewer."""


class TableSink:
    """Context manager that writes a Parquet file batch by batch; the file appears once the ``with`` block succeeds.

    Raises:
        StorageError: the disk is full or cannot be written.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path = path
        self._schema = schema
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_rows = 0
        self.rows = 0
        with contextlib.ExitStack() as stack:
            temporary = stack.enter_context(replacing(path))
            with storage_errors(path):
                self._writer = pq.ParquetWriter(temporary, schema, compression="zstd", compression_level=1)
            self._replacement = stack.pop_all()

    def write(self, batch: pa.RecordBatch) -> None:
        self.rows += batch.num_rows
        self._waiting.append(batch)
        self._waiting_rows += batch.num_rows
        if self._waiting_rows >= ROW_GROUP_ROWS:
            self._flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            with self._replacement:
                self._flush()
                with storage_errors(self._path):
                    self._writer.close()
        else:
            with contextlib.suppress(OSError, pa.ArrowException):
                self._writer.close()
            self._replacement.__exit__(kind, error, trace)

    def _flush(self) -> None:
        if self._waiting:
            table = pa.Table.from_batches(self._waiting, self._schema)
            self._waiting, self._waiting_rows = [], 0
            with storage_errors(self._path):
                self._writer.write_table(table, row_group_size=table.num_rows)
