"""tune: one worker's share of the parameter search."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tenure.contract import parse
from tenure.training.search.run import FILE_NAME, search

__all__ = ["FILE_NAME", "run"]


def run(
    *, contract: str, features: Path, storage: str, trials: Path, worker: int = 0, workers: int = 1
) -> dict[str, Any]:
    """See ``tenure.training.search.run.search``; ``contract`` is its YAML text.

    Raises:
        ContractError: the contract is invalid.
        DataError, StorageError, SourceError, BusyError: as ``search``.
    """
    return search(
        contract=parse(contract),
        features=features,
        storage=storage,
        trials=trials,
        worker=worker,
        workers=workers,
    )
