"""Opening the source that a contract names."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from tenure.contract import settings
from tenure.sources.address import Address, resolve
from tenure.sources.protocol import Source

Format = Literal["csv", "parquet", "sql"]


def open_source(source: settings.Source, base_folder: Path | str = ".") -> Source:
    """The table that ``source`` names; nothing is read before it is asked for.

    Args:
        source: the contract's section; ``${NAME}`` in its address is replaced from the environment.
        base_folder: what a relative path starts from: the contract's folder.

    Raises:
        ContractError: no address, a variable that is not set, a database without a query.
    """
    # Imported when needed: a CSV asks for no SQLAlchemy, a database for no fsspec.
    address = resolve(source, Path(base_folder))
    kind = source.format or format_of(address)
    if kind == "sql":
        from tenure.sources.sql_table import SqlTable

        return SqlTable(address, source)
    if kind == "parquet":
        from tenure.sources.parquet_table import ParquetTable

        return ParquetTable(address, source)
    from tenure.sources.csv_table import CsvTable

    return CsvTable(address, source)


def format_of(address: Address) -> Format:
    """What an address without a ``format`` is taken for."""
    if address.scheme is not None:
        from fsspec import available_protocols

        if address.scheme not in available_protocols():
            return "sql"
    path = address.uri.split("?")[0].rstrip("/")
    if path.endswith((".parquet", ".pq", ".parq")) or (address.scheme is None and Path(path).is_dir()):
        return "parquet"
    return "csv"
