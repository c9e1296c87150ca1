"""Reads parsed tables from the files of a step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

BATCH_ROWS = 65_536


def batches(data: Path, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    """A parsed table, batch by batch."""
    # Without a buffer size, Parquet holds whole columns of a row group in memory.
    with pq.ParquetFile(data, pre_buffer=False, buffer_size=1 << 20) as file:
        yield from file.iter_batches(batch_size=BATCH_ROWS, columns=columns, use_threads=False)
