"""train: a candidate of each family, and the one that goes to evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tenure.contract import parse
from tenure.training.train import FILE_NAME, train

__all__ = ["FILE_NAME", "run"]


def run(
    *,
    contract: str,
    raw: Path,
    valid: Path,
    features: Path,
    trials: Sequence[Path],
    candidates: Path,
    created_at: str,
) -> dict[str, Any]:
    """See ``tenure.training.train.train``; ``contract`` is its YAML text.

    Raises:
        ContractError: the contract is invalid.
        DataError, TenureError, BundleError, StorageError: as ``train``.
    """
    return train(
        contract=parse(contract),
        raw=raw,
        valid=valid,
        features=features,
        trials=trials,
        candidates=candidates,
        created_at=created_at,
    )
