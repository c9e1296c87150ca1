"""Opens the source of a table."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pyarrow as pa

from tenure.contract import settings
from tenure.sources.address import Address, resolve
from tenure.sources.protocol import Source

Format = Literal["csv", "parquet", "sql"]


def open_source(source: settings.Source | pa.Table, base_folder: Path | str = ".") -> Source:
    """Open a table; nothing is read before its columns or batches are asked for.

    Args:
        source: the section ``source`` of a contract, in whose address ``${NAME}`` is replaced from the environment; or
            a table in memory.
        base_folder: folder that a relative path starts from: the contract's folder.

    Raises:
        ContractError: the address is missing, an environment variable is not set, or a database has no query.
        DataError: a table in memory has two columns of the same name.
    """
    if isinstance(source, pa.Table):
        from tenure.sources.arrow_table import ArrowTable

        return ArrowTable(source)
    return open_address(resolve(source, Path(base_folder)), source)


def open_address(address: Address, source: settings.Source) -> Source:
    """As ``open_source``, for an address that is resolved already."""
    # Imported on demand: a CSV needs no SQLAlchemy, a database no fsspec.
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
    """Format of an address whose contract gives none, by its scheme and suffix."""
    if address.scheme is not None:
        from fsspec import available_protocols

        if address.scheme not in available_protocols():
            return "sql"
    path = address.uri.split("?")[0].rstrip("/")
    if path.endswith((".parquet", ".pq", ".parq")) or (address.scheme is None and Path(path).is_dir()):
        return "parquet"
    return "csv"
