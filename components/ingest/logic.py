"""ingest: the contract's table, in the contract's types."""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tenure.contract import parse
from tenure.intake.ingest import ingest
from tenure.sources import open_source, sniff_other


def run(contract: str, data: str | None, raw: Path, base_folder: Path | str = ".") -> dict[str, Any]:
    """Ingest the contract's table into the folder ``raw``; see ``tenure.intake.ingest.ingest``.

    Args:
        contract: the contract, YAML text.
        data: address to read instead of the contract's ``source.uri``; how it is written is detected.
        raw: written: ``data.parquet``, ``rejected.parquet``, ``ingest.json``.
        base_folder: folder that a relative address starts from.

    Returns:
        The content of ``ingest.json``.

    Raises:
        ContractError: the contract is invalid.
        ContractError, DataError, SourceError, StorageError: as ``ingest``.
    """
    described = parse(contract)
    settings = sniff_other(described.source, data, base_folder) if data else described.source
    with contextlib.closing(open_source(settings, base_folder)) as source:
        return asdict(ingest(described, source, raw))
