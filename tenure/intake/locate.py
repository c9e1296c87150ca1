"""Where tables are: named by their dataset's folder, or by a table's own address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tenure.contract import Contract, load
from tenure.contract.load import find_file
from tenure.contract.settings import Source
from tenure.contract.sources import sources_of
from tenure.generators.dataset import ensure_tables
from tenure.sources import absolute_uri, sniff


@dataclass(frozen=True)
class Located:
    """Addresses of tables, and how they are written."""

    data: Source | Mapping[str, Source]
    """With absolute addresses; by name where the dataset's inputs are computed from tables."""
    contract: Contract | None = None
    """The dataset's, where the tables were named by it."""


def locate(table: str | Path) -> Located:
    """Find a table, or the tables of a dataset. Those that are generated are made if they are missing.

    Args:
        table: a folder with a ``contract.yaml``, which says where the tables are; or the path or address of a table
            itself, whose format is detected.

    Raises:
        ContractError: the contract or an address is invalid.
        DataError, SourceError: the table cannot be read.
    """
    folder = Path(table)
    file = find_file(folder)
    if file != folder and file.is_file():
        contract = load(file)
        ensure_tables(folder)
        return Located(located(contract, folder.absolute()), contract)
    return Located(_absolute(sniff(str(table)), Path.cwd()))


def located(contract: Contract, folder: Path) -> Source | Mapping[str, Source]:
    """Where a contract says that its tables are; by name where inputs are computed from them.

    Args:
        folder: what relative addresses start from.
    """
    if contract.assembly is None:
        return _absolute(contract.source, folder)
    return {str(name): _absolute(source, folder) for name, source in sources_of(contract).items()}


def _absolute(source: Source, folder: Path) -> Source:
    return source if source.uri is None else source.model_copy(update={"uri": absolute_uri(source.uri, folder)})
