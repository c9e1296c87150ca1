"""The small bundle, with a profile of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tenure import bundle as bundles
from tenure.training.export import ExportedModel

CREATED_AT = "2026-01-01T00:00:00Z"


def write_bundle(small: Any, folder: Path, profile: dict[str, Any]) -> Path:
    given = bundles.read(small.folder)
    bundles.write(
        folder,
        contract=given.contract,
        transform=given.transform,
        model=ExportedModel((small.folder / "model.onnx").read_bytes(), given.terms),
        decision=given.decision,
        profile=profile,
        family=given.manifest.family,
        data_hash="0" * 64,
        created_at=CREATED_AT,
    )
    return folder
