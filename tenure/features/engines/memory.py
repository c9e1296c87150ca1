"""The engine that reads all tables into memory, and computes for some customers at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from tenure.contract import Contract
from tenure.contract.assembly import Assembly
from tenure.contract.sources import assembly_of
from tenure.errors import DataError
from tenure.features.dealing import PART_ROWS, deal
from tenure.features.engines.engine import Engine, OfCustomers
from tenure.features.tables import Tables


class Memory(Engine):
    """Tables as Arrow tables in memory.

    Args:
        part_rows: rows computed together; a customer with more is computed alone.
    """

    name = "memory"

    def __init__(self, part_rows: int = PART_ROWS) -> None:
        self._part_rows = part_rows

    def map(
        self,
        contract: Contract,
        tables: Tables,
        columns: Mapping[str, Sequence[str]],
        function: OfCustomers,
        customers: pa.Array | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """See ``Engine.map``. Customers come in the order of their keys."""
        assembly = assembly_of(contract)
        # The tables are read in the call, so that they are freed as they are dealt.
        for dealt in deal(assembly, _read(assembly, tables, columns, customers), self._part_rows):
            found = function(assembly, dealt)
            yield from found.to_batches() or [pa.RecordBatch.from_pylist([], schema=found.schema)]


def _read(
    assembly: Assembly, tables: Tables, columns: Mapping[str, Sequence[str]], customers: pa.Array | None
) -> dict[str, pa.Table]:
    read = {name: tables.table(name, columns[name]) for name in assembly.tables}
    if customers is None:
        return read
    return {name: _rows_of(name, table, assembly.tables[name].key_column, customers) for name, table in read.items()}


def _rows_of(name: str, table: pa.Table, key: str, customers: pa.Array) -> pa.Table:
    # Imported on demand: a model server that computes no windows saves 7 MB.
    import pyarrow.compute as pc

    column = table.column(key)
    try:
        wanted = customers.cast(column.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(
            f"'customers' are of type {customers.type}, '{key}' of table '{name}' is not: {reason}"
        ) from None
    return table.filter(pc.is_in(column, value_set=wanted))
