"""Customers to predict for: rows with the model's inputs, or tables from which they are computed as of an instant."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa

from tenure.contract import Contract
from tenure.contract.settings import Source as SourceSettings
from tenure.errors import DataError, InputError
from tenure.features.customers_at import CustomersAt
from tenure.features.instant_given import read_as_of
from tenure.intake.customers import Customers
from tenure.sources import open_source

Table: TypeAlias = SourceSettings | pa.Table
Data: TypeAlias = Table | Mapping[str, Table]
"""A table, or tables by name: each an address, or a table in memory."""
AsOf: TypeAlias = str | date | None
"""An instant as a user names it; the current one for None and an empty text."""


def current_customers(
    contract: Contract, data: Data, base_folder: Path, *, as_of: AsOf = None, day: str | date | None = None
) -> Customers | CustomersAt:
    """What reads the customers in ``data``.

    Args:
        contract: the model's.
        data: where they are. Of a contract whose inputs are computed from tables, one table with the inputs is read as
            it is.
        base_folder: folder that relative addresses start from.
        as_of: when the tables are looked at.
        day: as users give it for rows with inputs.

    Raises:
        DataError: a table is missing, or cannot be read.
        InputError: ``as_of`` is not an instant, or ``data`` is rows with inputs, which belong to no instant; ``day`` is
            given with tables.
        ContractError, SourceError: as ``tenure.sources.open_source``.
    """
    tables = _tables(contract, data, base_folder)
    if tables is not None and contract.assembly is not None:
        if day:
            raise InputError(
                "'day' is for rows with the model's inputs: with tables, 'as_of' says when they are looked at"
            )
        return CustomersAt(contract, tables, base_folder, read_as_of(as_of, contract.assembly.zone))
    if as_of:
        raise InputError("'as_of' is for tables from which inputs are computed: rows with inputs have a 'day'")
    if isinstance(data, Mapping):
        raise InputError(f"the model '{contract.name}' takes one table, not {len(data)} tables by name")
    return Customers(contract, data, base_folder)


def _tables(contract: Contract, data: Data, base_folder: Path) -> Mapping[str, Table] | None:
    """The tables that the inputs are computed from; None for rows with the inputs."""
    if contract.assembly is None:
        return None
    names = list(contract.assembly.tables)
    if isinstance(data, Mapping):
        missing = [name for name in names if name not in data]
        if missing:
            raise DataError(
                f"table '{missing[0]}' is missing: the inputs of '{contract.name}' are computed from {', '.join(names)}"
            )
        return {name: data[name] for name in names}
    with closing(open_source(data, base_folder)) as source:
        found = set(source.columns())
    if all(name in found for name, column in contract.inputs.items() if column.required):
        return None
    only = contract.assembly.tables[names[0]]
    needed = [name for name in (only.key_column, only.time) if name is not None]
    return {names[0]: data} if len(names) == 1 and found.issuperset(needed) else None
