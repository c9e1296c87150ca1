"""Rows of customers in a contract's tables, as a client of the model server sends them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from tenure.contract import Column, Contract
from tenure.contract.assembly import Assembly
from tenure.contract.sources import assembly_of
from tenure.contract.zones import time_zone
from tenure.features.tables import Tables

Columns = dict[str, list[Any]]


@dataclass(frozen=True)
class SentRows:
    """Customers, and the rows of their tables."""

    key: str
    """Name of the customers' key."""
    customers: Columns
    """The key, and the entity's columns that are inputs."""
    tables: Mapping[str, Columns]
    """By table: the columns that inputs are computed from, the table's own key among them."""
    key_columns: Mapping[str, str]
    """Name of the key by table."""

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def keys(self) -> list[Any]:
        """The customers' keys."""
        return self.customers[self.key]

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(len(columns[self.key_columns[name]]) for name, columns in self.tables.items())

    def part(self, start: int, stop: int) -> SentRows:
        """The customers from ``start`` up to, not including, ``stop``, and their rows."""
        customers = {name: values[start:stop] for name, values in self.customers.items()}
        keys = set(customers[self.key])
        tables = {}
        for name, columns in self.tables.items():
            kept = [row for row, key in enumerate(columns[self.key_columns[name]]) if key in keys]
            tables[name] = {column: [values[row] for row in kept] for column, values in columns.items()}
        return SentRows(self.key, customers, tables, self.key_columns)

    def instances(self) -> list[dict[str, Any]]:
        """V1's customers, each with the rows of its tables."""
        found = [
            dict(zip(self.customers, values, strict=True)) for values in zip(*self.customers.values(), strict=True)
        ]
        places = {instance[self.key]: instance for instance in found}
        for name, columns in self.tables.items():
            for instance in found:
                instance[name] = []
            own = self.key_columns[name]
            for values in zip(*columns.values(), strict=True):
                row = dict(zip(columns, values, strict=True))
                places[row.pop(own)][name].append(row)
        return found


def sent_rows(contract: Contract, tables: Tables, keys: Sequence[Any], max_rows: int) -> SentRows:
    """The rows of some customers.

    Args:
        contract: one whose inputs are computed from tables.
        tables: its parsed tables.
        keys: of customers who exist; those whose rows exceed ``max_rows`` together are left out, the last ones first.
        max_rows: largest number of rows of all tables.

    Raises:
        StorageError: a file cannot be read.
    """
    assembly = assembly_of(contract)
    used = {
        assembly.windows[name].table if name in assembly.windows else assembly.as_of_columns[name].table
        for name in contract.inputs
    }
    names = [name for name in assembly.tables if name in used and name != assembly.entity]
    found = {name: pa.concat_tables(_of_customers(assembly, tables, name, keys)) for name in names}
    kept = _within(assembly, found, keys, max_rows)
    written = {}
    for name, table in found.items():
        own = assembly.tables[name].key_column
        places = [row for row, key in enumerate(table.column(own).to_pylist()) if key in kept]
        written[name] = _written(assembly, name, table.take(pa.array(places, pa.int64())))
    return SentRows(
        assembly.key,
        _customers(assembly, contract, tables, kept),
        written,
        {name: assembly.tables[name].key_column for name in names},
    )


def _of_customers(assembly: Assembly, tables: Tables, name: str, keys: Sequence[Any]) -> Iterator[pa.Table]:
    """The rows of a table that are of the customers."""
    import pyarrow.compute as pc

    key = assembly.tables[name].key_column
    columns = assembly.columns_of(name, label=False)
    schema: pa.Schema | None = None
    for batch in tables.batches(name, columns):
        schema = batch.schema
        wanted = pa.array(keys, batch.schema.field(key).type)
        yield pa.Table.from_batches([batch.filter(pc.is_in(batch.column(key), value_set=wanted))])
    if schema is None:
        raise ValueError(f"table '{name}' has no batches")


def _within(assembly: Assembly, found: Mapping[str, pa.Table], keys: Sequence[Any], max_rows: int) -> dict[Any, None]:
    """The first of the customers whose rows are not too many."""
    counts = dict.fromkeys(keys, 0)
    for name, table in found.items():
        for key in table.column(assembly.tables[name].key_column).to_pylist():
            counts[key] += 1
    kept: dict[Any, None] = {}
    total = 0
    for key, count in counts.items():
        if total + count <= max_rows:
            total += count
            kept[key] = None
    return kept


def _customers(assembly: Assembly, contract: Contract, tables: Tables, keys: Mapping[Any, None]) -> Columns:
    """The key and the entity's inputs, in the order of ``keys``."""
    if assembly.entity is None:
        return {assembly.key: list(keys)}
    own = [
        name
        for name in contract.inputs
        if name in assembly.as_of_columns and assembly.as_of_columns[name].table == assembly.entity
    ]
    table = pa.concat_tables(_of_customers(assembly, tables, assembly.entity, list(keys)))
    places = {key: row for row, key in enumerate(table.column(assembly.key).to_pylist())}
    ordered = table.take(pa.array([places[key] for key in keys], pa.int64()))
    return _written(assembly, assembly.entity, ordered.select([assembly.key, *own]))


def _written(assembly: Assembly, name: str, table: pa.Table) -> Columns:
    described, zone = assembly.tables[name].columns, assembly.zone_of(name)
    return {
        column: [written(value, described[column], zone) for value in table.column(column).to_pylist()]
        for column in table.column_names
    }


def written(value: Any, column: Column, zone: str) -> Any:
    """A parsed value as a client writes it: a timestamp with its offset, or as the clock in ``zone`` shows it."""
    if not isinstance(value, datetime) or column.is_epoch:
        return column.as_written(value)
    moment = value.replace(tzinfo=UTC)
    if column.moment_format is None:
        return moment.isoformat()
    return column.as_written(moment if "%z" in column.moment_format else moment.astimezone(time_zone(zone)))
