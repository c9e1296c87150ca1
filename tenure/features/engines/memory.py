"""The engine that reads all tables into memory, and computes for some customers at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from tenure.contract import Contract
from tenure.contract.aggregates.rows import Codes
from tenure.contract.assembly import Assembly
from tenure.features.customers import number_customers
from tenure.features.engines.engine import Engine, OfCustomers
from tenure.features.tables import Tables, assembly_of

CHUNK_ROWS = 100_000
"""Rows of all tables whose customers are computed together. What is computed besides the tables is a multiple of it."""


class Memory(Engine):
    """Tables as Arrow tables in memory.

    Args:
        chunk_rows: rows computed together; a customer with more is computed alone.
    """

    name = "memory"

    def __init__(self, chunk_rows: int = CHUNK_ROWS) -> None:
        self._chunk_rows = chunk_rows

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
        read = {name: tables.table(name, columns[name]) for name in assembly.tables}
        if customers is not None:
            read = {name: _rows_of(table, assembly.tables[name].key_column, customers) for name, table in read.items()}
        for dealt in _dealt(assembly, read, self._chunk_rows):
            found = function(assembly, dealt)
            yield from found.to_batches() or [pa.RecordBatch.from_pylist([], schema=found.schema)]


def _rows_of(table: pa.Table, key: str, customers: pa.Array) -> pa.Table:
    # Imported on demand: a model server that computes no windows saves 7 MB.
    import pyarrow.compute as pc

    column = table.column(key)
    return table.filter(pc.is_in(column, value_set=customers.cast(column.type)))


def _dealt(assembly: Assembly, tables: Mapping[str, pa.Table], chunk_rows: int) -> Iterator[Mapping[str, pa.Table]]:
    """The tables, divided by customers; rows of customers whom the entity lacks are left out."""
    if sum(table.num_rows for table in tables.values()) <= chunk_rows:
        yield tables
        return
    keys, codes = number_customers(assembly, tables)
    starts = _starts(codes, len(keys), chunk_rows)
    orders, bounds = {}, {}
    for name, own in codes.items():
        chunks = (np.searchsorted(starts, own, side="right") - 1).astype(np.int16 if len(starts) < 2**15 else np.int64)
        orders[name] = np.argsort(chunks, kind="stable")
        bounds[name] = np.searchsorted(chunks[orders[name]], np.arange(len(starts) + 1))
    for chunk, (start, stop) in enumerate(zip(starts, [*starts[1:], len(keys)], strict=True)):
        own_keys, dealt = keys.slice(start, stop - start), {}
        for name, table in tables.items():
            rows = orders[name][bounds[name][chunk] : bounds[name][chunk + 1]]
            key = assembly.tables[name].key_column
            # Codes of the keys are at hand: the texts need not be compared once more.
            places = pa.array(codes[name][rows] - start, pa.int32())
            taken = table.drop_columns([key]).take(pa.array(rows))
            dealt[name] = taken.append_column(key, pa.DictionaryArray.from_arrays(places, own_keys))
        yield dealt


def _starts(codes: Mapping[str, Codes], customers: int, chunk_rows: int) -> Codes:
    """The first customer of each chunk: one whose rows begin in the next ``chunk_rows`` of all rows."""
    rows = np.zeros(customers, dtype=np.int64)
    for own in codes.values():
        rows += np.bincount(own[own >= 0], minlength=customers)
    _, starts = np.unique((np.cumsum(rows) - rows) // chunk_rows, return_index=True)
    return starts if customers else np.zeros(1, dtype=np.int64)
