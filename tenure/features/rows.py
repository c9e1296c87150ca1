"""The rows that features are made of, read by batches as often as it takes: never the whole table at once."""

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
    """A table in a file or in memory."""

    count: int
    batches: Callable[[Sequence[str] | None], Iterator[pa.RecordBatch]]
    """The rows with the named columns, or all; always in the same order."""


def of_file(path: Path) -> Rows:
    """
    Raises:
        StorageError: ``path`` is no Parquet file, or cannot be read; also while its batches are.
    """

    def batches(columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        names = None if columns is None else list(columns)
        with _open(path) as file:
            yield from file.iter_batches(batch_size=BATCH_ROWS, columns=names, use_threads=False)

    with _open(path) as file:
        return Rows(file.metadata.num_rows, batches)


def of_table(table: pa.Table) -> Rows:
    """A table in memory."""

    def batches(columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        chosen = table if columns is None else table.select(list(columns))
        yield from chosen.to_batches(BATCH_ROWS)

    return Rows(table.num_rows, batches)


@contextlib.contextmanager
def _open(path: Path) -> Iterator[pq.ParquetFile]:
    try:
        # Without a buffer of its own, Parquet would hold whole columns of a row group; with `pre_buffer`, the file.
        with pq.ParquetFile(path, pre_buffer=False, buffer_size=BUFFER_BYTES) as file:
            yield file
    except (OSError, pa.ArrowInvalid) as error:
        raise StorageError(f"cannot read {path}: {str(error).splitlines()[0]}") from error
