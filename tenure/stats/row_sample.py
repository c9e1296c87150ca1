"""A uniform sample of rows from a table of any length."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

SEED = 7


class Sample:
    """At most ``size`` rows, each row as likely as any other: those with the smallest of random ranks."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._random = np.random.default_rng(SEED)
        self._ranks = np.zeros(0)
        self._rows: pa.Table | None = None

    def add(self, batch: pa.RecordBatch) -> None:
        ranks = np.concatenate([self._ranks, self._random.random(batch.num_rows)])
        table = pa.Table.from_batches([batch])
        whole = table if self._rows is None else pa.concat_tables([self._rows, table])
        kept = np.sort(np.argsort(ranks, kind="stable")[: self._size])
        self._ranks, self._rows = ranks[kept], whole.take(kept)

    @property
    def rows(self) -> pa.Table:
        """The sample, in the table's order; empty without a column if no row was added."""
        return pa.table({}) if self._rows is None else self._rows
