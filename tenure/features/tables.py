"""The parsed tables of a contract, by name: in memory, or in the Parquet files of a step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from tenure.contract import Contract
from tenure.contract.sources import assembly_of, table_folder
from tenure.errors import DataError
from tenure.features.rows import Rows, of_file, of_table


@dataclass(frozen=True)
class Tables:
    """Tables with the columns and types of the contract; times are UTC, dates are days in the table's zone."""

    rows: Mapping[str, Rows]
    paths: Mapping[str, Path]
    """Parquet files of those that are files."""

    @classmethod
    def of_arrow(cls, contract: Contract, tables: Mapping[str, pa.Table]) -> Tables:
        """Tables in memory.

        Raises:
            DataError: a table or a column that the contract reads is missing.
        """
        for name in _names(contract):
            if name not in tables:
                raise DataError(f"table '{name}' is missing")
        return cls({name: of_table(table) for name, table in tables.items()}, {})

    @classmethod
    def of_folder(cls, contract: Contract, folder: Path) -> Tables:
        """The tables that a step wrote to ``folder``.

        Raises:
            StorageError: a file cannot be read.
        """
        paths = {name: table_folder(folder, name) / "data.parquet" for name in _names(contract)}
        return cls({name: of_file(path) for name, path in paths.items()}, paths)

    def batches(self, name: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Batches of a table."""
        return self.rows[name].batches(columns)

    def table(self, name: str, columns: Sequence[str]) -> pa.Table:
        """Columns of a table, whole."""
        return pa.Table.from_batches(list(self.batches(name, columns)))


def _names(contract: Contract) -> list[str]:
    return list(assembly_of(contract).tables)
