"""feature: the parts of the split, and the transform."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from components.step import publish
from tenure.contract import parse
from tenure.features.build import build_features


def run(contract: str, valid: Path, features: Path) -> dict[str, Any]:
    """Build the features of the valid rows; see ``tenure.features.build.build_features``. Publishes ``leakage.json``.

    Args:
        contract: the contract, YAML text.
        valid: folder of ``validate``.
        features: written.

    Returns:
        For the step's summary: rows and churn rate, or mean of the label, of each part; strategy of the split; numbers
        of features; what the model does not read, by name; warnings of the split and of the leakage check.

    Raises:
        ContractError: the contract is invalid.
        DataError, StorageError: as ``build_features``.
    """
    described = parse(contract)
    leakage = features / "leakage.json"
    try:
        built = build_features(described, valid, features)
    finally:
        if leakage.exists():
            publish(leakage)
    split = built.split
    return {
        "rows": split["rows"],
        **{name: split[name] for name in ("churn_rates", "label_means") if name in split},
        "strategy": split["strategy"],
        "inputs": len(described.inputs),
        "derived": len(described.derived),
        "encoded": len(built.transform.features),
        "not_used": {each.column: each.message for each in built.reduction.dropped},
        "warnings": built.warnings,
    }
