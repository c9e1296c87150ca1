"""Tables that are read repeatedly by batches, never as a whole."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tenure.errors import StorageError

BATCH_ROWS = 65_536
BUFFER_BYTES = 1 << 20
"""Read-ahead of a column."""


@dataclass(frozen=True)
class Rows:
    """A table in a file or in memory, to be read any number of times."""

    count: int
    batches: Callable[[Sequence[str] | None], Iterator[pa.RecordBatch]]
    """Yields batches of the named columns, or of all columns for None; always in the same order, at least one."""


def of_file(path: Path) -> Rows:
    """A Parquet file.

    Raises:
        StorageError: ``path`` is not a Parquet file or cannot be read; also raised while batches are read.
    """

    def batches(columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        names = None if columns is None else list(columns)
        with _open(path) as file:
            if not file.metadata.num_rows:
                empty = file.schema_arrow.empty_table()
                yield _empty_batch(empty if names is None else empty.select(names))
            yield from file.iter_batches(batch_size=BATCH_ROWS, columns=names, use_threads=False)

    with _open(path) as file:
        return Rows(file.metadata.num_rows, batches)


def of_table(table: pa.Table) -> Rows:
    """A table in memory."""

    def batches(columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        chosen = table if columns is None else table.select(list(columns))
        yield from chosen.to_batches(BATCH_ROWS) or [_empty_batch(chosen)]

    return Rows(table.num_rows, batches)


def _empty_batch(table: pa.Table) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema=table.schema)


@contextlib.contextmanager
def _open(path: Path) -> Iterator[pq.ParquetFile]:
    try:
        # Without a buffer size, Parquet holds whole columns of a row group in memory; with `pre_buffer`, the file.
        with pq.ParquetFile(path, pre_buffer=False, buffer_size=BUFFER_BYTES) as file:
            yield file
    except (OSError, pa.ArrowInvalid) as error:
        raise StorageError(f"cannot read {path}: {str(error).splitlines()[0]}") from error
