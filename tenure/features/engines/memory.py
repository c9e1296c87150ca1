"""The engine that holds all tables in memory, and computes for some customers at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from tenure.contract import Contract
from tenure.features.compute import compute
from tenure.features.tables import Tables, assembly_of


class Memory:
    """Tables as Arrow tables in memory."""

    name = "memory"

    def panel(
        self, contract: Contract, tables: Tables, instants: Sequence[int], customers: pa.Array | None = None
    ) -> Iterator[pa.RecordBatch]:
        """See ``Engine.panel``."""
        assembly = assembly_of(contract)
        whole = {}
        for name, described in assembly.tables.items():
            table = tables.table(name, assembly.columns_of(name, label=False))
            if customers is not None:
                import pyarrow.compute as pc

                key = table.column(described.key_column)
                table = table.filter(pc.is_in(key, value_set=customers.cast(key.type)))
            whole[name] = table
        found = compute(assembly, whole, instants)
        yield from found.to_batches() or [pa.RecordBatch.from_pylist([], schema=found.schema)]
