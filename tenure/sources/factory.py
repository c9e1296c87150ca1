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
from tenure.sources.recognition import format_by_content


def open_source(source: settings.Source | pa.Table, base_folder: Path | str = ".") -> Source:
    """Open a table; no more than a local file's first bytes is read before its columns or batches are asked for.

    Args:
        source: the section ``source`` of a contract, in whose address ``${NAME}`` is replaced from the environment; or
            a table in memory.
        base_folder: folder that a relative path starts from: the contract's folder.

    Raises:
        ContractError: the address is missing, an environment variable is not set, or a database has no query.
        DataError: a local file cannot be read.
    """
    if isinstance(source, pa.Table):
        from tenure.sources.arrow_table import ArrowTable

        return ArrowTable(source)
    return open_address(resolve(source, Path(base_folder)), source)


def open_address(address: Address, source: settings.Source) -> Source:
    """As ``open_source``, for an address that is resolved already."""
    return format_of(address, source).open(address, source)


def format_of(address: Address, source: settings.Source) -> Format:
    """The format that the contract names, or else that of the file, or else that of the address.

    Raises:
        ContractError: a package that adds a format cannot be imported.
    """
    return _get(_format_name(address, source))


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


def content_format(address: Address, source: settings.Source) -> str:
    """Name of the format that the file's first bytes show, whatever its suffix; else as ``detect_format``.

    Raises:
        ContractError: a package that adds a format cannot be imported.
        DataError, SourceError: the file cannot be read.
    """
    name = detect_format(address)
    absent = address.scheme is None and not Path(address.uri).is_file()
    if absent or name not in BUILT_IN or not _get(name).is_files:
        return name
    return format_by_content(address, source, name)


def is_table_folder(folder: Path) -> bool:
    """Whether a local folder holds the files of a table."""
    address = Address(str(folder), str(folder))
    return folder.is_dir() and any(_get(name).match(address) >= Match.LIKELY for name in BUILT_IN)


def move_uri(source: settings.Source, uri: str, base_folder: Path | str = ".") -> settings.Source:
    """``source`` with the address of a copy of its table; the format is named where the new address hides it.

    Raises:
        ContractError: as ``open_source``.
    """
    moved = source.model_copy(update={"uri": uri})
    if source.format is None:
        folder = Path(base_folder)
        before, after = _format_name(resolve(source, folder), source), detect_format(resolve(moved, folder))
        moved = moved.model_copy(update={"format": None if before == after else before})
    return moved


def _format_name(address: Address, source: settings.Source) -> str:
    if source.format is not None:
        return source.format
    # The first bytes of a local file cost nothing. One in a store is looked at when it is sniffed.
    return content_format(address, source) if address.scheme is None else detect_format(address)


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
