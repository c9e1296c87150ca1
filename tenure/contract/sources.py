"""Where the tables of a contract are: their sources, and their folders in what a step writes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from tenure.contract.assembly import Assembly
from tenure.contract.schema import Contract
from tenure.contract.settings import Source
from tenure.contract.tables import Table

TABLES_FOLDER = "tables"
"""Folder of the tables in the folder of a step; each has a folder of its name."""


def assembly_of(contract: Contract) -> Assembly:
    """The assembly of a contract that has one."""
    if contract.assembly is None:
        raise ValueError(f"'{contract.name}' is one table with a label column")
    return contract.assembly


def described(contract: Contract, table: str | None) -> Contract | Table:
    """What describes a table: the contract, for ``None``, where it is one table with a label column."""
    return contract if table is None else assembly_of(contract).tables[table]


def sources_of(contract: Contract) -> dict[str | None, Source]:
    """The sources by the names of their tables; that of one table with a label column under ``None``."""
    if contract.assembly is None:
        return {None: contract.source}
    if not contract.tables:
        return dict.fromkeys(contract.assembly.tables, contract.source)
    return {name: table.source for name, table in contract.tables.items()}


def with_sources(contract: Contract, sources: Mapping[str | None, Source]) -> Contract:
    """``contract`` with other sources.

    Args:
        contract: the contract.
        sources: by name of the table, as ``sources_of`` returns them.
    """
    if contract.tables:
        tables = {name: table.model_copy(update={"source": sources[name]}) for name, table in contract.tables.items()}
        return with_tables(contract, tables)
    return contract.model_copy(update={"source": next(iter(sources.values()))})


def without_sources(contract: Contract) -> Contract:
    """``contract`` without the addresses of its tables."""
    return with_sources(contract, dict.fromkeys(sources_of(contract), Source()))


def with_tables(contract: Contract, tables: Mapping[str, Table]) -> Contract:
    """``contract`` with other descriptions of its tables, whose columns have the same names and types."""
    return contract.model_copy(update={"tables": dict(tables)})


def table_folder(folder: Path, table: str | None) -> Path:
    """Folder of a table in the folder of a step, which one table with a label column has for itself."""
    return folder if table is None else folder / TABLES_FOLDER / table


def table_zone(contract: Contract, table: str | None) -> str | None:
    """Zone of a table's times that are written without an offset; None for UTC."""
    return None if table is None or contract.assembly is None else contract.assembly.zone_of(table)


def table_names(tables: Collection[str | None]) -> str:
    """Several tables, for messages: ``3 tables: subscribers, plans, sessions``."""
    return f"{len(tables)} tables: {', '.join(map(str, tables))}"


def message_prefix(contract: Contract, table: str | None) -> str:
    """What messages about a table begin with: nothing where there is only one."""
    return "" if table is None or len(sources_of(contract)) == 1 else f"table '{table}': "
