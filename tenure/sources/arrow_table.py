"""A table in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from tenure.sources.names import unique_names
from tenure.sources.protocol import Batch

BATCH_ROWS = 65_536
SHOWN = "the table in memory"


class ArrowTable:
    """An Arrow table as a source."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table.rename_columns(unique_names(table.column_names))

    @property
    def shown(self) -> str:
        return SHOWN

    def columns(self) -> list[str]:
        return list(self._table.column_names)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Batch]:
        table = self._table if columns is None else self._table.select(list(columns))
        done = 0
        for batch in table.to_batches(BATCH_ROWS):
            rows = pa.array(np.arange(done + 1, done + 1 + batch.num_rows, dtype=np.int64))
            done += batch.num_rows
            yield Batch(batch, rows, (), done / table.num_rows)

    def close(self) -> None:
        """Does nothing: a table in memory holds no connection."""
