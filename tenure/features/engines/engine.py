"""What an engine does: it deals whole customers, as many at a time as memory holds, to ``compute``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import pyarrow as pa

from tenure.contract import Contract
from tenure.features.tables import Tables


class Engine(Protocol):
    """Computes features for tables of any size."""

    name: str

    def panel(
        self, contract: Contract, tables: Tables, instants: Sequence[int], customers: pa.Array | None = None
    ) -> Iterator[pa.RecordBatch]:
        """The features of customers as of instants, as ``compute`` returns them.

        Batches come in any order; all have the same schema.

        Args:
            contract: one with an assembly.
            tables: its parsed tables.
            instants: microseconds since 1970-01-01 in UTC.
            customers: their keys; all customers without it. Keys that are in no table have no row.

        Raises:
            DataError: as ``compute``.
        """
        ...
