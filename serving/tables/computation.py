"""Inputs of a model computed from the rows of tables in a request, by the function that training and scoring call."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from serving.tables.arrow import parsed
from serving.tables.described import SEPARATOR, RequestTables
from serving.tables.rows import TableRows
from serving.v2.errors import RequestError
from tenure.bundle import Flags
from tenure.contract import Column
from tenure.contract.assembly import Assembly
from tenure.contract.tables import Table
from tenure.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

KEY = "customer of the request"
"""Key of all tables of a request: the number of the customer, from 1. Messages of errors hold it."""
CUSTOMERS = "_customers"
"""Entity of a request without rows of the contract's entity: its customers, who have always existed."""

_KEPT = 64
"""Sets of tables whose assembly is kept."""


class Computed(NamedTuple):
    """Inputs, and the columns of tables in which rows were left out."""

    inputs: dict[str, Any]
    """By name, a value for each customer."""
    unknown: Flags
    """Customers with a row whose text is not one of the contract's, by ``table.column``."""
    out_of_range: Flags
    """Customers with a row whose number is out of range."""


class Computation:
    """Computes inputs of one contract.

    Args:
        described: what requests may hold.
    """

    def __init__(self, described: RequestTables) -> None:
        self._described = described
        self._assembly_of = lru_cache(_KEPT)(self._restricted)

    def compute(self, sent: Mapping[str, TableRows], customers: int, instant: int) -> Computed:
        """The inputs that the rows of tables determine.

        Args:
            sent: the rows by table.
            customers: number of the request's customers.
            instant: rows that are later, or known later, do not count.

        Raises:
            RequestError: a row is invalid, or a customer does not exist at the instant; the message is one line for
                the client.
        """
        # Imported on demand: a server that gets no rows of tables saves their memory.
        from tenure.features.compute import compute

        used = {name: rows for name, rows in sent.items() if name in self._described.columns}
        assembly = self._assembly_of(frozenset(used))
        tables: dict[str, pa.Table] = {}
        flags: dict[str, Flags] = {}
        for name, rows in used.items():
            columns, zone = _without_key(assembly.tables[name]), self._described.assembly.zone_of(name)
            # Of the entity any value counts: the model itself flags those that it does not know.
            tables[name], left_out = parsed(rows, columns, zone, KEY, is_checked=name != assembly.entity)
            for (check, column), owners in left_out.items():
                mask = np.zeros(customers, dtype=bool)
                mask[owners] = True
                flags.setdefault(check, {})[f"{name}{SEPARATOR}{column}"] = mask
        if assembly.entity == CUSTOMERS:
            import pyarrow as pa

            tables[CUSTOMERS] = pa.table({KEY: pa.array(range(1, customers + 1), pa.int64())})
        elif assembly.entity is not None:
            _check_entity(used[assembly.entity], assembly.entity, customers)
        try:
            found = compute(assembly, tables, [instant])
        except DataError as error:
            raise RequestError(str(error)) from error
        self._check_existence(found, customers)
        as_of = self._described.assembly.as_of_columns
        inputs = {
            name: _values(found.column(name), as_of[name].column if name in as_of else None)
            for name in self._described.inputs_of(used)
        }
        return Computed(inputs, flags.get("values", {}), flags.get("range", {}))

    def _restricted(self, tables: frozenset[str]) -> Assembly:
        """The assembly of what is computed from these tables alone, in which the key is the index of the customer."""
        whole = self._described.assembly
        wanted = self._described.inputs_of(tables)
        key = Column(type="integer", role="key")
        kept = {name: self._with_key(name, key) for name in tables}
        entity = whole.entity if whole.entity in tables else CUSTOMERS
        if entity == CUSTOMERS:
            kept[CUSTOMERS] = Table(kind="entity", columns={KEY: key})
        return dataclasses.replace(
            whole,
            tables=kept,
            entity=entity,
            key=KEY,
            as_of_columns={name: column for name, column in whole.as_of_columns.items() if name in wanted},
            windows={name: window for name, window in whole.windows.items() if name in wanted},
            eligible=None,
        )

    def _with_key(self, name: str, key: Column) -> Table:
        table = self._described.assembly.tables[name]
        columns = {
            column: described
            for column, described in self._described.columns[name].items()
            if column != table.key_column
        }
        return table.model_copy(update={"columns": {**columns, KEY: key}})

    def _check_existence(self, found: pa.Table, customers: int) -> None:
        if found.num_rows == customers:
            return
        missing = np.setdiff1d(np.arange(1, customers + 1), found.column(KEY).to_numpy())
        entity = self._described.assembly.entity
        time = None if entity is None else self._described.assembly.tables[entity].time
        raise RequestError(
            f"customer {int(missing[0])} of the request does not exist yet at 'as_of': '{time}' of '{entity}' is "
            "not before it"
        )


def _check_entity(rows: TableRows, entity: str, customers: int) -> None:
    """Check that each customer has one row of the entity.

    Raises:
        RequestError: one has not.
    """
    counts = np.bincount(np.asarray(rows.owners, dtype=np.int64), minlength=customers)
    if (counts != 1).any():
        customer = int(np.argmax(counts != 1))
        raise RequestError(
            f"customer {customer + 1} of the request has {counts[customer]} rows of '{entity}', which has one row a "
            "customer"
        )


def _without_key(table: Table) -> Mapping[str, Column]:
    return {name: column for name, column in table.columns.items() if column.role != "key"}


def _values(column: pa.ChunkedArray, described: Column | None) -> Any:
    """A computed column as a client sends it: numbers as float64 with NaN for null, others as a list."""
    import pyarrow as pa

    if pa.types.is_floating(column.type):
        return column.to_numpy()
    found: Iterable[Any] = column.to_pylist()
    return list(found) if described is None else [described.as_written(value) for value in found]
