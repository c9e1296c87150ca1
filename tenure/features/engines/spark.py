"""The door for Spark: rows of all tables in one schema, and the function that ``DataFrame.mapInArrow`` calls.

Spark deals customers to partitions; in each the same ``compute`` runs on whole customers. Spark is not imported here.
With one data frame a table, of ``packed_schema`` as ``pack`` makes it, in a session whose time zone is UTC::

    rows = functools.reduce(DataFrame.unionByName, packed)
    dealt = rows.repartition(partitions, KEY).sortWithinPartitions(KEY)
    schema = from_arrow_schema(features_schema, prefer_timestamp_ntz=True)
    dealt.mapInArrow(map_in_arrow(contract, instants), schema=schema)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tenure.contract import dump, parse
from tenure.contract.schema import Contract
from tenure.contract.sources import assembly_of
from tenure.features.compute import compute
from tenure.parsing.parse import arrow_type

KEY = "_key"
"""Column of the customer in packed rows, for repartitioning and sorting."""
TABLE = "_table"
"""Column with the name of the table that a packed row is of."""
SEPARATOR = ":"
"""Between table and column: Spark takes what is before a dot for the name of a structure."""
GROUP_ROWS = 500_000
"""Rows that are computed together; a customer with more is computed alone."""

Function = Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]


def packed_schema(contract: Contract) -> pa.Schema:
    """Schema of rows of all tables: key, table, and columns as ``table:column``, null in rows of other tables."""
    assembly = assembly_of(contract)
    fields = [pa.field(KEY, _key_type(contract)), pa.field(TABLE, pa.string())]
    for name, described in assembly.tables.items():
        for column in assembly.columns_of(name, label=False):
            if column != described.key_column:
                fields.append(pa.field(f"{name}{SEPARATOR}{column}", arrow_type(described.columns[column])))
    return pa.schema(fields)


def pack(contract: Contract, name: str, rows: pa.RecordBatch) -> pa.RecordBatch:
    """Rows of one table in ``packed_schema``."""
    described = assembly_of(contract).tables[name]
    own = {f"{name}{SEPARATOR}{column}": rows.column(column) for column in rows.schema.names}
    own[KEY] = rows.column(described.key_column)
    own[TABLE] = pa.repeat(pa.scalar(name), rows.num_rows)
    schema = packed_schema(contract)
    columns = [
        own[field.name].cast(field.type) if field.name in own else pa.nulls(rows.num_rows, field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def map_in_arrow(contract: Contract, instants: Sequence[int]) -> Function:
    """The function for ``mapInArrow``: from packed rows, sorted by ``KEY``, to features as ``compute`` returns them.

    It holds the contract as text, so that Spark can send it to its workers.
    """
    text, wanted = dump(contract), list(instants)

    def features(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        described = parse(text)
        for group in _whole_customers(batches):
            found = compute(assembly_of(described), _unpacked(described, group), wanted)
            yield from found.to_batches()

    return features


def _key_type(contract: Contract) -> pa.DataType:
    assembly = assembly_of(contract)
    table = assembly.tables[assembly.entity or next(iter(assembly.tables))]
    return arrow_type(table.columns[table.key_column])


def _whole_customers(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The rows in groups of about ``GROUP_ROWS``, no customer divided between two."""
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        if not batch.num_rows:
            continue
        if rows >= GROUP_ROWS:
            ends = _ends_of_customers(held[-1], batch)
            if ends is not None:
                yield pa.Table.from_batches([*held, batch.slice(0, ends)])
                held, rows = [batch.slice(ends)], batch.num_rows - ends
                continue
        held.append(batch)
        rows += batch.num_rows
    if held:
        yield pa.Table.from_batches(held)


def _ends_of_customers(before: pa.RecordBatch, batch: pa.RecordBatch) -> int | None:
    """Rows at the beginning of ``batch`` that are of the last customer of ``before``; None if all are."""
    last = before.column(KEY)[before.num_rows - 1]
    others = pc.not_equal(batch.column(KEY), last).to_numpy(zero_copy_only=False)
    return int(np.argmax(others)) if others.any() else None


def _unpacked(contract: Contract, rows: pa.Table) -> Mapping[str, pa.Table]:
    assembly = assembly_of(contract)
    found = {}
    for name, described in assembly.tables.items():
        own = rows.filter(pc.equal(rows.column(TABLE), name))
        columns = {}
        for column in assembly.columns_of(name, label=False):
            is_key = column == described.key_column
            values = own.column(KEY if is_key else f"{name}{SEPARATOR}{column}")
            columns[column] = values.cast(arrow_type(described.columns[column])) if is_key else values
        found[name] = pa.table(columns)
    return found
