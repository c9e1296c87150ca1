"""ingest: the contract's tables, in the contract's types."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from tenure.contract import parse
from tenure.contract.sources import sources_of
from tenure.errors import InputError
from tenure.intake.ingest import ingest
from tenure.sources import sniff_other


def run(contract: str, data: str | None, raw: Path, base_folder: Path | str = ".") -> dict[str, Any]:
    """Ingest the contract's tables into the folder ``raw``; see ``tenure.intake.ingest.ingest``.

    Args:
        contract: the contract, YAML text.
        data: address to read instead of the source of the contract's one table; how it is written is detected.
        raw: written: ``ingest.json``, and ``data.parquet`` and ``rejected.parquet`` of each table.
        base_folder: folder that a relative address starts from.

    Returns:
        The content of ``ingest.json``.

    Raises:
        ContractError: the contract is invalid.
        InputError: ``data`` is given for several tables.
        ContractError, DataError, SourceError, StorageError: as ``ingest``.
    """
    described = parse(contract)
    sources = sources_of(described)
    if data is not None and len(sources) > 1:
        raise InputError(f"'{described.name}' has several tables: {', '.join(map(str, sources))}")
    instead = {name: sniff_other(source, data, base_folder) for name, source in sources.items()} if data else {}
    return asdict(ingest(described, raw, base_folder, instead))
