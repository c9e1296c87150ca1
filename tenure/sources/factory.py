"""Opens the source of a table."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pyarrow as pa

from tenure.contract import settings
from tenure.contract.source_formats import BUILT_IN, installed
from tenure.errors import ContractError
from tenure.sources.address import Address, resolve
from tenure.sources.format import Format, Match
from tenure.sources.protocol import Source


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
    return format_of(address, source).open(address, source)


def format_of(address: Address, source: settings.Source) -> Format:
    """The format that the contract names, or else that of the address.

    Raises:
        ContractError: a package that adds a format cannot be imported.
    """
    return _get(source.format or detect_format(address))


def detect_format(address: Address) -> str:
    """Name of the format that matches ``address`` best.

    Raises:
        ContractError: a package that adds a format cannot be imported.
    """
    names = BUILT_IN
    if all(_get(name).match(address) < Match.SURE for name in names):
        # Looked for only now: reading the metadata of all installed packages takes time.
        names += tuple(sorted(installed()))
    return max(names, key=lambda name: _get(name).match(address))


def move_uri(source: settings.Source, uri: str, base_folder: Path | str = ".") -> settings.Source:
    """``source`` with the address of a copy of its table; the format is named where the new address hides it.

    Raises:
        ContractError: as ``open_source``.
    """
    moved = source.model_copy(update={"uri": uri})
    if source.format is None:
        before, after = (detect_format(resolve(each, Path(base_folder))) for each in (source, moved))
        moved = moved.model_copy(update={"format": None if before == after else before})
    return moved


def _get(name: str) -> Format:
    found: Format
    if name in BUILT_IN:
        found = import_module(f"tenure.sources.formats.{name}").FORMAT
        return found
    entry = installed()[name]
    try:
        found = entry.load()
    except (ImportError, AttributeError) as error:
        raise ContractError(f"the table format '{name}' cannot be imported from {entry.value}: {error}") from error
    return found
