"""Evaluations as the evaluate step leaves them, small and with a verdict of choice."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tenure import bundle as bundles
from tenure.training.export import ExportedModel


@pytest.fixture
def make_evaluation(small_bundle: Any, tmp_path: Path) -> Callable[..., Path]:
    """Writes the folder of an evaluation, of a bundle with that threshold."""

    def make(state: str = "bless", threshold: float = 0.3, champion: dict | None = None, override: str = "") -> Path:
        folder = tmp_path / f"evaluation-{state}-{threshold}-{override}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        given = bundles.read(small_bundle.folder)
        manifest = bundles.write(
            folder / "bundle",
            contract=given.contract,
            transform=given.transform,
            model=ExportedModel((small_bundle.folder / "model.onnx").read_bytes(), given.terms),
            decision=replace(given.decision, threshold=threshold),
            profile=given.profile,
            family="xgboost",
            data_hash="d" * 64,
            created_at="2026-01-01T00:00:00Z",
        )
        metrics = {"roc_auc": {"value": 0.85, "low": 0.83, "high": 0.87}}
        document = {
            "name": given.contract.name,
            "verdict": {"state": state, "summary": "The ROC-AUC is 0.851."},
            "override": override,
            "champion": champion,
            "chosen": {"family": "xgboost", "threshold": threshold},
            "metrics": metrics,
            "families": [{"family": "xgboost", "metrics": metrics}],
            "rows": {"train": 700, "test": 150},
            "business": {"period": "campaign", "defaults": ["offer_cost"]},
            "versions": {
                "bundle_version": manifest.version,
                "data_hash": "d" * 64,
                "contract_hash": manifest.contract_hash,
            },
        }
        (folder / "evaluation.json").write_text(json.dumps(document))
        (folder / "report.html").write_text("<p>report</p>")
        (folder / "example.json").write_text("{}")
        return folder

    return make
