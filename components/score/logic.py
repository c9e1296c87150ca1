"""score: the champion's predictions for a table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tenure.bundle import read
from tenure.contract.settings import Source
from tenure.scoring.score import score


def run(*, bundle: Path, source: Source | Mapping[str, Source], out: Path, as_of: str = "") -> dict[str, Any]:
    """Score the table or tables at ``source`` with the model in the folder ``bundle``.

    Args:
        bundle, source, out: as ``tenure.scoring.score.score``.
        as_of: when tables are looked at from which inputs are computed; empty for now.

    Returns:
        The content of ``summary.json``.

    Raises:
        BundleError: the bundle is not valid.
        DataError, ContractError, SourceError, StorageError: as ``score``.
    """
    # Of a failed step's files none is kept.
    return score(read(bundle), source, out, as_of=as_of, keep_rejected=False).summary
