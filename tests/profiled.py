"""A small bundle with another profile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tenure import bundle as bundles
from tenure.parsing import parse_batch
from tenure.stats import ScoreProfile, build
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


def with_profile(small: Any, folder: Path) -> Path:
    """The bundle with the profile of its rows, and of its answers about them."""
    given = bundles.read(small.folder)
    names = list(given.contract.inputs)
    parsed, _ = parse_batch(small.rows.select(names).combine_chunks().to_batches()[0], given.contract.inputs)
    said = given.predict({name: parsed.column(name) for name in names}).score
    profile = build([parsed], given.contract.inputs).to_dict() | {"scores": ScoreProfile.of(said).to_dict()}
    return write_bundle(small, folder, profile)
