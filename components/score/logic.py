"""score: the champion's predictions for a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tenure.bundle import read
from tenure.contract.settings import Source
from tenure.scoring.score import score


def run(*, bundle: Path, source: Source, out: Path) -> dict[str, Any]:
    """Score the table at ``source`` with the model in the folder ``bundle``; see ``tenure.scoring.score.score``.

    Returns:
        The content of ``summary.json``.

    Raises:
        BundleError: the bundle is not valid.
        DataError, ContractError, SourceError, StorageError: as ``score``.
    """
    # Of a failed step's files none is kept.
    return score(read(bundle), source, out, keep_rejected=False).summary
