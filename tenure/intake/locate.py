"""Where a table is: named by its dataset's folder, or by its own address."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tenure.contract import Contract, load
from tenure.contract.load import find_file
from tenure.contract.settings import Source
from tenure.generators.dataset import ensure_tables
from tenure.sources import absolute_uri, sniff


@dataclass(frozen=True)
class Located:
    """A table's address, and how the table is written."""

    source: Source
    """With an absolute address."""
    contract: Contract | None = None
    """The dataset's, where the table was named by its dataset."""


def locate(table: str | Path) -> Located:
    """Find a table.

    Args:
        table: a folder with a ``contract.yaml``, which says where the table is; or the path or address of the table
            itself, whose format is detected.

    Raises:
        ContractError: the contract or the address is invalid.
        DataError, SourceError: the table cannot be read.
    """
    folder = Path(table)
    file = find_file(folder)
    if file != folder and file.is_file():
        contract = load(file)
        ensure_tables(folder)
        return Located(_absolute(contract.source, folder.absolute()), contract)
    return Located(_absolute(sniff(str(table)), Path.cwd()))


def _absolute(source: Source, folder: Path) -> Source:
    return source if source.uri is None else source.model_copy(update={"uri": absolute_uri(source.uri, folder)})
