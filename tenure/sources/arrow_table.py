"""A table in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from tenure.errors import DataError
from tenure.sources.protocol import Batch

BATCH_ROWS = 65_536
SHOWN = "the table in memory"


class ArrowTable:
    """An Arrow table as a source.

    Raises:
        DataError: the table has two columns of the same name.
    """

    def __init__(self, table: pa.Table) -> None:
        repeated = [name for name, times in Counter(table.column_names).items() if times > 1]
        if repeated:
            raise DataError(f"{SHOWN} has more than one column named '{repeated[0]}'")
        self._table = table

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
